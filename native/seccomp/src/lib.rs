//! From a policy's rules (`seccomp/generated/NAME.json`) to the filter file that the launcher installs.
//!
//! `document` → `policy` → `compile` → [`kubefence_policy::filter::Filter`]. `evaluate` answers from the rules
//! themselves, without anything of the compiler: tests hold the two against each other.

pub mod capability;
pub mod compile;
mod document;
pub mod evaluate;
pub mod interface;
pub mod policy;
