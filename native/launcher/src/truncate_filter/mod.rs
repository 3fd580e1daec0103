//! Stands in for Landlock's truncation right below ABI 3 (Linux 6.2), where even
//! `open(O_RDONLY|O_TRUNC)` of a file that may only be read empties it.
//!
//! A seccomp filter sees neither paths nor memory. So it refuses `truncate` everywhere, lets the opens
//! pass whose flags are honest about writing (Landlock judges those), and hides the calls whose flags it
//! cannot see, so that programs fall back to the ones it can.

use rustix::io::Errno;

use crate::error::{Code, LaunchError};
use crate::filter::architecture::{self, Architecture, SyscallNumbers};
use crate::filter::{self, Assembler, Field, Label};
use crate::kernel;

/// The first Landlock ABI that knows truncation.
pub const FIRST_ABI_WITH_TRUNCATE: i32 = 3;

/// Installs the filter and shows that it works. The process must have `no_new_privs`.
///
/// # Errors
/// `TRUNCATE_FILTER`
pub fn install() -> Result<(), LaunchError> {
    let program = program(architecture::OF_THIS_MACHINE).ok_or(Errno::TOOBIG);
    let installed = program.and_then(|program| kernel::install_filter(&program));
    installed.map_err(|error| failed(error.to_string()))?;
    match kernel::error_of_truncating_open() {
        Errno::ACCESS => Ok(()),
        other => Err(failed(format!("it was taken, and a truncating open still answers \"{other}\""))),
    }
}

fn failed(why: String) -> LaunchError {
    LaunchError::new(
        Code::TruncateFilter,
        "the filter against truncation, which this kernel's Landlock lacks, is not in force",
        why,
        "allow prctl(PR_SET_SECCOMP) in the container's seccomp profile, or upgrade the kernel to 6.2",
    )
}

/// The filter for a machine with these system call interfaces.
fn program(architectures: &[Architecture]) -> Option<Vec<libc::sock_filter>> {
    let mut code = Assembler::default();
    let denied = code.label();
    let hidden = code.label();
    let checks = |code: &mut Assembler, numbers: &SyscallNumbers, allow| {
        check_calls(code, numbers, allow, denied, hidden);
    };
    filter::program(code, architectures, checks, |code| {
        code.place(denied);
        code.finish_error(Errno::ACCESS);
        code.place(hidden);
        code.finish_error(Errno::NOSYS);
    })
}

fn check_calls(code: &mut Assembler, numbers: &SyscallNumbers, allow: Label, denied: Label, hidden: Label) {
    for truncate in numbers.truncate {
        code.jump_if_equal(*truncate, denied);
    }
    for hides_flags in [numbers.openat2, numbers.io_uring_setup] {
        code.jump_if_equal(hides_flags, hidden);
    }
    let opens: Vec<_> = numbers.opens.iter().map(|open| (open, code.label())).collect();
    for (open, section) in &opens {
        code.jump_if_equal(open.number, *section);
    }
    code.jump(allow);
    for (open, section) in opens {
        code.place(section);
        code.load(Field::Argument(open.flags_argument));
        code.and(TRUNCATE | ACCESS_MODE);
        // Neither of these asks for write access, and the kernel truncates all the same. Access mode 3
        // asks for no access at all.
        code.jump_if_equal(TRUNCATE, denied);
        code.jump_if_equal(TRUNCATE | ACCESS_MODE, denied);
        code.jump(allow);
    }
}

const TRUNCATE: u32 = libc::O_TRUNC.cast_unsigned();
const ACCESS_MODE: u32 = libc::O_ACCMODE.cast_unsigned() & 3;

#[cfg(test)]
mod tests;
