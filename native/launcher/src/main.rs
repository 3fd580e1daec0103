//! Entry point, taken from the C runtime directly: Rust's own start-up would set SIGPIPE to ignored, and
//! the command would inherit that.
#![no_main]
#![allow(unsafe_code, reason = "each block says why it is sound")]

use std::ffi::{c_char, c_int};

use kubefence_arena::Arena;
use kubefence_launcher::kernel::StringVector;

#[global_allocator]
static ARENA: Arena = Arena::new();

/// What a start under the profile `default` uses.
const USED_BYTES: usize = 128 << 10;

#[unsafe(no_mangle)]
extern "C" fn main(
    _count: c_int,
    arguments: *const *const c_char,
    environment: *const *const c_char,
) -> c_int {
    ARENA.populate(USED_BYTES);
    // SAFETY: the C runtime passes null-terminated arrays of C strings that live as long as the process.
    let vectors = unsafe { (StringVector::new(arguments), StringVector::new(environment)) };
    kubefence_launcher::run(vectors.0, vectors.1).into()
}
