//! Entry point, taken from the C runtime directly as the launcher's is: Rust's own start-up would change what the
//! program inherits.
#![no_main]
#![allow(unsafe_code, reason = "each block says why it is sound")]

use std::ffi::{c_char, c_int};

use kubefence_arena::Arena;
use kubefence_launcher::kernel::StringVector;

#[global_allocator]
static ARENA: Arena = Arena::new();

#[unsafe(no_mangle)]
extern "C" fn main(
    _count: c_int,
    arguments: *const *const c_char,
    environment: *const *const c_char,
) -> c_int {
    // SAFETY: the C runtime passes null-terminated arrays of C strings that live as long as the process.
    let vectors = unsafe { (StringVector::new(arguments), StringVector::new(environment)) };
    kubefence_shim::run(vectors.0, vectors.1).into()
}
