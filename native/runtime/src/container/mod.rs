//! A container that is there: where it runs, and what its paths really lead to, seen from the node.

pub mod kernel;
pub mod launcher;
pub mod lookup;
pub mod places;
pub mod root;
pub mod seccomp_filter;
pub mod state;
