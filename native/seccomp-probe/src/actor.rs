//! `seccomp-actor`: what an attacker inside a container would try, and whether it is let. Nothing that succeeds outlives
//! the child that tried it.

use crate::call::{self, Answer};
use crate::errno;
use crate::paint::{Colour, heading, paint};

struct Section {
    title: &'static str,
    attempts: &'static [Attempt],
}

struct Attempt {
    label: &'static str,
    /// What an attacker gets from it.
    gain: &'static str,
    /// The error, or 0.
    run: fn() -> i32,
    /// Without a capability the kernel answers EPERM, too.
    needs_capability: bool,
}

const SECTIONS: &[Section] = &[
    Section {
        title: "filter evasion",
        attempts: &[Attempt {
            label: "seccomp: install a filter of its own",
            gain: "a filter can only tighten, but one with a listener hands calls to another process",
            run: install_filter,
            needs_capability: false,
        }],
    },
    Section {
        title: "cross-process",
        attempts: &[
            Attempt {
                label: "ptrace: seize process 1",
                gain: "reads and changes another process (Yama and Landlock answer EPERM, too)",
                run: || call::make(libc::SYS_ptrace, &[libc::PTRACE_SEIZE.into(), 1, 0, 0]),
                needs_capability: false,
            },
            Attempt {
                label: "process_vm_readv: memory of process 1",
                gain: "reads secrets of another process (Yama and Landlock answer EPERM, too)",
                run: read_memory,
                needs_capability: false,
            },
            Attempt {
                label: "pidfd_getfd: a descriptor of process 1",
                gain: "takes open files and sockets of another process",
                run: take_descriptor,
                needs_capability: false,
            },
        ],
    },
    Section {
        title: "privilege",
        attempts: &[
            Attempt {
                label: "unshare: a new user namespace",
                gain: "every capability inside it, and the kernel code that they open",
                run: || call::make(libc::SYS_unshare, &[libc::CLONE_NEWUSER.into()]),
                needs_capability: false,
            },
            Attempt {
                label: "setns: another namespace",
                gain: "enters namespaces of the node",
                run: || call::make(libc::SYS_setns, &[-1, 0]),
                needs_capability: false,
            },
            Attempt {
                label: "mount",
                gain: "changes what paths mean",
                run: || call::make(libc::SYS_mount, &[0, 0, 0, 0, 0]),
                needs_capability: false,
            },
            Attempt {
                label: "kexec_load: another kernel",
                gain: "replaces the node's kernel",
                run: || call::make(libc::SYS_kexec_load, &[0, 0, 0, 0]),
                needs_capability: true,
            },
            Attempt {
                label: "init_module: a kernel module",
                gain: "runs code in the node's kernel",
                run: || call::make(libc::SYS_init_module, &[0, 0, 0]),
                needs_capability: true,
            },
        ],
    },
    Section {
        title: "kernel exploit aids",
        attempts: &[
            Attempt {
                label: "io_uring_setup: a ring",
                gain: "does file and network calls that no filter sees",
                run: make_ring,
                needs_capability: false,
            },
            Attempt {
                label: "userfaultfd",
                gain: "stops the kernel in the middle of a copy",
                // UFFD_USER_MODE_ONLY, which needs no privilege.
                run: || call::make(libc::SYS_userfaultfd, &[1]),
                needs_capability: false,
            },
            Attempt {
                label: "bpf: load a program",
                gain: "runs code of its own in the kernel",
                run: || call::make(libc::SYS_bpf, &[5, 0, 0]),
                needs_capability: true,
            },
        ],
    },
];

/// The table.
pub fn table() -> String {
    let profile = std::env::var("SECCOMP_PROFILE").unwrap_or_else(|_| "unknown".to_owned());
    let mut lines = vec![heading(&format!("seccomp-actor: escape simulation, profile {profile}"))];
    for Section { title, attempts } in SECTIONS {
        lines.extend([String::new(), heading(&format!("== {title}"))]);
        for attempt in *attempts {
            let answer = call::in_child(attempt.run);
            let (colour, word) = judge(answer, attempt.needs_capability);
            let seen = match answer {
                Answer::Errno(errno) => errno::name(errno),
                Answer::Killed => "the process was ended".to_owned(),
                Answer::Untried => "no process could be started for it".to_owned(),
            };
            let word = paint(colour, word, 8);
            lines.push(format!("  {word} {:40} {seen}: {}", attempt.label, attempt.gain));
        }
    }
    lines.join("\n") + "\n"
}

fn judge(answer: Answer, needs_capability: bool) -> (Colour, &'static str) {
    match answer {
        Answer::Errno(libc::EPERM) if needs_capability => (Colour::Yellow, "CAPGATED"),
        Answer::Errno(libc::EPERM | libc::ENOSYS) | Answer::Killed => (Colour::Green, "BLOCKED"),
        Answer::Errno(_) => (Colour::Red, "ALLOWED"),
        Answer::Untried => (Colour::Yellow, "UNTRIED"),
    }
}

fn install_filter() -> i32 {
    let allow_all = [libc::sock_filter { code: 0x06, jt: 0, jf: 0, k: libc::SECCOMP_RET_ALLOW }];
    let program = libc::sock_fprog { len: 1, filter: allow_all.as_ptr().cast_mut() };
    // Without it only root may.
    call::make(libc::SYS_prctl, &[libc::PR_SET_NO_NEW_PRIVS.into(), 1, 0, 0, 0]);
    call::make(libc::SYS_seccomp, &[libc::SECCOMP_SET_MODE_FILTER.into(), 0, (&raw const program) as i64])
}

/// One byte at an address that nothing is at: EFAULT where it is let.
fn read_memory() -> i32 {
    let mut byte = 0_u8;
    let here = libc::iovec { iov_base: (&raw mut byte).cast(), iov_len: 1 };
    let there = libc::iovec { iov_base: std::ptr::null_mut(), iov_len: 1 };
    let pointers = [(&raw const here) as i64, (&raw const there) as i64];
    call::make(libc::SYS_process_vm_readv, &[1, pointers[0], 1, pointers[1], 1, 0])
}

fn take_descriptor() -> i32 {
    match call::value_of(libc::SYS_pidfd_open, &[1, 0]) {
        Ok(descriptor) => call::make(libc::SYS_pidfd_getfd, &[descriptor, 0, 0]),
        Err(errno) => errno,
    }
}

fn make_ring() -> i32 {
    // struct io_uring_params, which the kernel fills in.
    let mut params = [0_u64; 15];
    call::make(libc::SYS_io_uring_setup, &[1, (&raw mut params) as i64])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_for_what_was_seen() {
        assert_eq!(judge(Answer::Errno(libc::EPERM), false).1, "BLOCKED");
        assert_eq!(judge(Answer::Errno(libc::EPERM), true).1, "CAPGATED");
        assert_eq!(judge(Answer::Errno(libc::ENOSYS), false).1, "BLOCKED");
        assert_eq!(judge(Answer::Killed, true).1, "BLOCKED");
        assert_eq!(judge(Answer::Errno(libc::EFAULT), false).1, "ALLOWED");
        assert_eq!(judge(Answer::Errno(0), false).1, "ALLOWED");
    }
}
