//! What is read of the two JSON files of the OCI runtime specification, and how one member of them is replaced.

pub mod configuration;
pub mod object;
pub mod process;
