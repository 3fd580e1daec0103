//! Two tools in one program, told apart by the name it is started as. `seccomp-probe` makes harmless system calls and
//! says which ones a filter refuses; `seccomp-actor` tries what an attacker would. Both always exit with 0.
#![allow(unsafe_code, reason = "system calls that must be made by number, to see what becomes of them")]

mod actor;
mod call;
mod errno;
mod paint;
mod probe;

use std::path::Path;

fn main() {
    let name = std::env::args_os().next().unwrap_or_default();
    match Path::new(&name).file_name().and_then(|name| name.to_str()) {
        Some("seccomp-actor") => actor::run(),
        _ => probe::run(),
    }
}
