//! Entry point.

use std::process::ExitCode;

use kubefence_arena::Arena;

// The C library's allocator took a third of the time until the real runtime goes on.
#[global_allocator]
static ALLOCATOR: Arena = Arena::new();

fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args_os().skip(1).collect();
    ExitCode::from(kubefence_runtime::run(&arguments))
}
