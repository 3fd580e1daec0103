//! Decisions about a container, from what is already read. Nothing here asks the system.

pub mod create;
pub mod launcher_mount;
pub mod mounts;
pub mod pod;
pub mod profile;
