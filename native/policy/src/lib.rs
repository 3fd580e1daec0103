//! What the launcher and the OCI runtime wrapper both must read alike: the capability manifest, the
//! launcher's command line, and the rules about paths. Everything here is pure; nothing asks the system.

pub mod arguments;
pub mod canonical;
pub mod filter;
pub mod forbidden;
pub mod manifest;
pub mod passwd;
pub mod path;
pub mod pattern;
pub mod recorded;
pub mod template;

mod document;
