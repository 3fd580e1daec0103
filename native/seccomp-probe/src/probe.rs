//! `seccomp-probe`: calls with arguments that no kernel acts on, so the error tells who refused.

use crate::call::{self, Answer};
use crate::errno;
use crate::paint::{Colour, heading, paint};

struct Group {
    title: &'static str,
    calls: &'static [Probe],
}

struct Probe {
    name: &'static str,
    /// `None` where this machine has no such call.
    number: Option<i64>,
    arguments: &'static [i64],
    /// Without the capability the kernel answers EPERM where no filter does (for bpf it is a sysctl that asks for one).
    needs_capability: bool,
    refused_by: RefusedBy,
}

/// Which of our policies refuse the call, as the notes say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum RefusedBy {
    None,
    Restricted,
    /// And by runtime-default, where none of these capabilities is held.
    RestrictedAndWithout(&'static str),
    Both,
}

const fn probe(name: &'static str, number: i64, arguments: &'static [i64], refused_by: RefusedBy) -> Probe {
    Probe { name, number: Some(number), arguments, needs_capability: false, refused_by }
}

const fn gated(name: &'static str, number: i64, arguments: &'static [i64], refused_by: RefusedBy) -> Probe {
    Probe { name, number: Some(number), arguments, needs_capability: true, refused_by }
}

#[cfg(target_arch = "x86_64")]
const ARCH_PRCTL: Option<i64> = Some(libc::SYS_arch_prctl);
#[cfg(not(target_arch = "x86_64"))]
const ARCH_PRCTL: Option<i64> = None;

const WITHOUT_SYS_ADMIN: RefusedBy = RefusedBy::RestrictedAndWithout("CAP_SYS_ADMIN");

const GROUPS: &[Group] = &[
    Group {
        title: "delta: the original's restricted refused these, its runtime-default did not",
        calls: &[
            probe("seccomp", libc::SYS_seccomp, &[1, 0, 0], RefusedBy::Restricted),
            probe("ptrace", libc::SYS_ptrace, &[2, -1, 0], RefusedBy::Restricted),
            probe("io_uring_setup", libc::SYS_io_uring_setup, &[0, 0, 0], RefusedBy::Both),
            probe("io_uring_enter", libc::SYS_io_uring_enter, &[-1, 0, 0], RefusedBy::Both),
            probe("io_uring_register", libc::SYS_io_uring_register, &[-1, 0, 0], RefusedBy::Both),
            probe(
                "pidfd_getfd",
                libc::SYS_pidfd_getfd,
                &[-1, 0, 0],
                RefusedBy::RestrictedAndWithout("CAP_SYS_PTRACE"),
            ),
        ],
    },
    Group {
        title: "both: the original's policies refused these",
        calls: &[
            gated(
                "bpf",
                libc::SYS_bpf,
                &[5, 0, 0],
                RefusedBy::RestrictedAndWithout("CAP_SYS_ADMIN and CAP_BPF"),
            ),
            probe("process_vm_readv", libc::SYS_process_vm_readv, &[1, 0, 1], RefusedBy::Restricted),
            probe("userfaultfd", libc::SYS_userfaultfd, &[0xffff], RefusedBy::Both),
            probe(
                "perf_event_open",
                libc::SYS_perf_event_open,
                &[0],
                RefusedBy::RestrictedAndWithout("CAP_SYS_ADMIN and CAP_PERFMON"),
            ),
            probe("setns", libc::SYS_setns, &[-1, 0], WITHOUT_SYS_ADMIN),
            probe("unshare", libc::SYS_unshare, &[0x1000_0000], WITHOUT_SYS_ADMIN),
            gated("kexec_load", libc::SYS_kexec_load, &[0], RefusedBy::Both),
            gated(
                "init_module",
                libc::SYS_init_module,
                &[0],
                RefusedBy::RestrictedAndWithout("CAP_SYS_MODULE"),
            ),
            probe("mount", libc::SYS_mount, &[0], WITHOUT_SYS_ADMIN),
        ],
    },
    Group {
        title: "allowed: by the original's policies",
        calls: &[
            probe("read", libc::SYS_read, &[-1, 0, 0], RefusedBy::None),
            Probe {
                name: "arch_prctl",
                number: ARCH_PRCTL,
                arguments: &[0x1003, 0],
                needs_capability: false,
                refused_by: RefusedBy::None,
            },
            probe("futex", libc::SYS_futex, &[0], RefusedBy::None),
            probe("prctl", libc::SYS_prctl, &[16, 0], RefusedBy::None),
            probe("clone3", libc::SYS_clone3, &[0, 0], WITHOUT_SYS_ADMIN),
            probe("mmap", libc::SYS_mmap, &[0], RefusedBy::None),
            probe("landlock_create_ruleset", libc::SYS_landlock_create_ruleset, &[0], RefusedBy::None),
        ],
    },
];

/// The table.
pub fn table() -> String {
    let mut lines = vec![heading("seccomp-probe")];
    for Group { title, calls } in GROUPS {
        lines.extend([String::new(), heading(&format!("== {title}"))]);
        for one in *calls {
            let (colour, result, seen) = match one.number {
                None => (Colour::Yellow, "NO SUCH CALL", "not on this machine".to_owned()),
                Some(number) => {
                    judge(call::in_child(|| call::make(number, one.arguments)), one.needs_capability)
                }
            };
            let note = match one.refused_by {
                RefusedBy::None => String::new(),
                RefusedBy::Restricted => "refused by restricted".to_owned(),
                RefusedBy::RestrictedAndWithout(capabilities) => {
                    format!("refused by restricted; by runtime-default without {capabilities}")
                }
                RefusedBy::Both => "refused by restricted and runtime-default".to_owned(),
            };
            let line = format!("  {:24} {} {seen:8} {note}", one.name, paint(colour, result, 16));
            lines.push(line.trim_end().to_owned());
        }
    }
    lines.join("\n") + "\n"
}

fn judge(answer: Answer, needs_capability: bool) -> (Colour, &'static str, String) {
    match answer {
        Answer::Killed => (Colour::Red, "SECCOMP KILLED", "SIGSYS".to_owned()),
        Answer::Untried => (Colour::Yellow, "NOT TRIED", String::new()),
        Answer::Errno(libc::EPERM) if needs_capability => (Colour::Yellow, "CAP-GATED", "EPERM".to_owned()),
        Answer::Errno(libc::EPERM) => (Colour::Red, "SECCOMP BLOCKED", "EPERM".to_owned()),
        // The kernel lacks it, or a filter says so to make programs fall back.
        Answer::Errno(libc::ENOSYS) => (Colour::Yellow, "NO SUCH CALL", "ENOSYS".to_owned()),
        Answer::Errno(errno) => (Colour::Green, "ALLOWED", errno::name(errno)),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use kubefence_policy::filter::Capabilities;
    use kubefence_seccomp::evaluate::{Call, Verdict, evaluate};
    use kubefence_seccomp::interface::Machine;
    use kubefence_seccomp::policy::Policy;

    use super::*;

    fn result(answer: Answer, needs_capability: bool) -> &'static str {
        judge(answer, needs_capability).1
    }

    #[test]
    fn who_refused_is_told_by_the_error() {
        assert_eq!(result(Answer::Errno(libc::EPERM), false), "SECCOMP BLOCKED");
        assert_eq!(result(Answer::Errno(libc::EPERM), true), "CAP-GATED");
        assert_eq!(result(Answer::Errno(libc::ENOSYS), false), "NO SUCH CALL");
        assert_eq!(result(Answer::Errno(libc::EACCES), false), "ALLOWED");
        assert_eq!(result(Answer::Errno(0), false), "ALLOWED");
        assert_eq!(result(Answer::Killed, false), "SECCOMP KILLED");
    }

    #[test]
    fn the_notes_say_what_the_policies_do() {
        let folder = Path::new("../../seccomp/generated");
        let machine =
            Machine::ALL.into_iter().find(|machine| machine.name() == std::env::consts::ARCH).unwrap();
        let policy = |name: &str| {
            let json = std::fs::read(folder.join(format!("{name}.json"))).unwrap();
            Policy::parse(&json, machine).unwrap()
        };
        let (restricted, runtime_default) = (policy("restricted"), policy("runtime-default"));
        for one in GROUPS.iter().flat_map(|group| group.calls) {
            let Some(number) = one.number else { continue };
            let mut arguments = [0; 6];
            for (argument, value) in arguments.iter_mut().zip(one.arguments) {
                *argument = value.cast_unsigned();
            }
            let architecture = machine.interfaces()[0].audit_value();
            let call = Call { architecture, number: number.try_into().unwrap(), arguments };
            let is_refused = |policy, held| evaluate(policy, &call, Capabilities(held)) != Verdict::Allow;
            // What one capability opens, others together must not: those that the note names.
            let named = |name: &str| matches!(one.refused_by, RefusedBy::RestrictedAndWithout(names) if names.contains(name));
            for (name, bit) in
                [("SYS_ADMIN", 21), ("BPF", 39), ("PERFMON", 38), ("SYS_PTRACE", 19), ("SYS_MODULE", 16)]
            {
                let is_open = !is_refused(&runtime_default, 1 << bit) && is_refused(&runtime_default, 0);
                assert_eq!(is_open, named(name), "{} {name}", one.name);
            }
            let expected = match one.refused_by {
                RefusedBy::None => (false, false, false),
                RefusedBy::Restricted => (true, false, false),
                RefusedBy::RestrictedAndWithout(_) => (true, true, false),
                RefusedBy::Both => (true, true, true),
            };
            let found = (
                is_refused(&restricted, u64::MAX),
                is_refused(&runtime_default, 0),
                is_refused(&runtime_default, u64::MAX),
            );
            assert_eq!(found, expected, "{}", one.name);
        }
    }
}
