//! Files of the node that are read and written.

pub mod node_log;
pub mod record;
pub mod replace;
pub mod trusted;
