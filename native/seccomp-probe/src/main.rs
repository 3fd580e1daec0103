//! Two tools in one program, told apart by the name it is started as. `seccomp-probe` makes harmless system calls and
//! says which ones a filter refuses; `seccomp-actor` tries what an attacker would. Both always exit with 0.
#![allow(unsafe_code, reason = "system calls that must be made by number, to see what becomes of them")]

mod actor;
mod call;
mod errno;
mod paint;
mod probe;

use std::io::Write as _;
use std::path::Path;

fn main() {
    let name = std::env::args_os().next().unwrap_or_default();
    let table = match Path::new(&name).file_name().and_then(|name| name.to_str()) {
        Some("seccomp-actor") => actor::table(),
        _ => probe::table(),
    };
    // Nobody may be left to read it.
    let _ = std::io::stdout().write_all(table.as_bytes());
}
