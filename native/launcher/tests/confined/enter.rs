//! Into a root: what a container runtime does between fork and exec, without a process for each step.
#![allow(unsafe_code, reason = "each block says why it is sound")]

use std::ffi::{CStr, CString};
use std::io;
use std::os::unix::process::CommandExt as _;
use std::process::Command;
use std::ptr::null;

use kubefence_launcher::kernel;

/// What is done, in this order; all of it is made before the fork, because nothing may be allocated after it.
pub struct Steps {
    /// Sources and targets.
    pub binds: Vec<(CString, CString)>,
    pub proc: Option<CString>,
    /// Root, working directory and uid; `None` stays outside.
    pub root: Option<(CString, CString, u32)>,
    /// System calls that are not made, and their errors.
    pub answered: Vec<(i64, i32)>,
}

/// Has `command` started in a mount namespace of its own, after these steps.
pub fn before_exec(command: &mut Command, steps: Steps) {
    let filters: Vec<_> = steps.answered.iter().map(|(call, error)| filter(*call, *error)).collect();
    // SAFETY: the closure makes system calls only.
    unsafe { command.pre_exec(move || take(&steps, &filters)) };
}

fn take(steps: &Steps, filters: &[[libc::sock_filter; 4]]) -> io::Result<()> {
    // SAFETY: a number goes in.
    checked(unsafe { libc::unshare(libc::CLONE_NEWNS) })?;
    mount(None, c"/", None, libc::MS_REC | libc::MS_PRIVATE)?;
    for (source, target) in &steps.binds {
        mount(Some(source), target, None, libc::MS_BIND)?;
    }
    if let Some(target) = &steps.proc {
        mount(None, target, Some(c"proc"), 0)?;
    }
    if let Some((root, working_directory, uid)) = &steps.root {
        // SAFETY: C strings that outlive the calls, and numbers; the groups are none.
        unsafe {
            checked(libc::chroot(root.as_ptr()))?;
            checked(libc::chdir(working_directory.as_ptr()))?;
            if *uid != 0 {
                checked(libc::setgroups(0, null()))?;
                checked(libc::setresgid(*uid, *uid, *uid))?;
            }
        }
    }
    // Filters take root here: no_new_privs stays for the launcher to set.
    for filter in filters {
        kernel::install_filter(filter)?;
    }
    match steps.root {
        // SAFETY: numbers go in.
        Some((_, _, uid)) if uid != 0 => checked(unsafe { libc::setresuid(uid, uid, uid) }),
        _ => Ok(()),
    }
}

fn mount(source: Option<&CStr>, target: &CStr, kind: Option<&CStr>, flags: libc::c_ulong) -> io::Result<()> {
    let pointer = |text: Option<&CStr>| text.map_or(null(), CStr::as_ptr);
    // SAFETY: C strings that outlive the call; the last argument is none.
    checked(unsafe { libc::mount(pointer(source), target.as_ptr(), pointer(kind), flags, null()) })
}

fn checked(answer: i32) -> io::Result<()> {
    if answer == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// Answers one system call with an error.
fn filter(call: i64, error: i32) -> [libc::sock_filter; 4] {
    let statement =
        |code: u32, jf: u8, k: u32| libc::sock_filter { code: u16::try_from(code).unwrap(), jt: 0, jf, k };
    [
        statement(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, 0, 0),
        statement(libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K, 1, u32::try_from(call).unwrap()),
        statement(libc::BPF_RET | libc::BPF_K, 0, libc::SECCOMP_RET_ERRNO | error.cast_unsigned()),
        statement(libc::BPF_RET | libc::BPF_K, 0, libc::SECCOMP_RET_ALLOW),
    ]
}
