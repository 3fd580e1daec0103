//! For tests, `sample POLICY.json HELD`: calls that do no harm when they are made, and what the policy's rules say to
//! them, a line each: `64|32 NUMBER ARGUMENT...|ERROR|NAME`, error 0 where the call is allowed. The calls are the same for
//! every policy. HELD is the capability bounding set in decimal.

use std::{env, fs};

use kubefence_policy::filter::Capabilities;
use kubefence_seccomp::evaluate::{Call, Verdict, evaluate};
use kubefence_seccomp::interface::{Interface, Machine};
use kubefence_seccomp::policy::Policy;

/// Calls that never come back, come back twice, end the process, wait, stop others, or make what stays.
const NEVER_MADE: [&str; 20] = [
    "clone",
    "exit",
    "exit_group",
    "fork",
    "msgget",
    "pause",
    "restart_syscall",
    "rt_sigreturn",
    "semget",
    "shmget",
    "sigreturn",
    "sigsuspend",
    "sync",
    "uprobe",
    "uretprobe",
    "vfork",
    "vhangup",
    "vm86",
    "vm86old",
    "rt_sigsuspend",
];

const NONE: u64 = u64::MAX;
/// Calls whose arguments matter. What these ask for is nothing, or refused by every kernel for another reason.
const WITH_ARGUMENTS: [(&str, &[u64]); 36] = [
    // CLONE_SIGHAND without CLONE_VM, and a new mount namespace that shares its working directory: EINVAL.
    ("clone", &[0x800]),
    ("clone", &[0x0002_0200]),
    ("clone", &[0x1000_0800]),
    ("clone3", &[0, 0]),
    ("execve", &[0, 0, 0]),
    ("personality", &[0]),
    ("personality", &[0xffff_ffff]),
    ("personality", &[0x0040_0000]),
    ("personality", &[0x1_ffff_ffff]),
    ("prctl", &[16, 0]),
    ("ptrace", &[2, NONE, 0]),
    // unix, internet, netlink route and generic, packet, Bluetooth, AF_ALG, AF_VSOCK, SMC, the first that no kernel has.
    ("socket", &[1, 1, 0]),
    ("socket", &[2, 2, 0]),
    ("socket", &[2, 1, 6]),
    ("socket", &[2, 1, 262]),
    ("socket", &[10, 1, 262]),
    ("socket", &[2, 1, 0x1_0000_0106]),
    ("socket", &[16, 3, 0]),
    ("socket", &[16, 3, 16]),
    ("socket", &[17, 3, 0]),
    ("socket", &[31, 3, 0]),
    ("socket", &[38, 5, 0]),
    ("socket", &[40, 1, 0]),
    ("socket", &[41, 2, 0]),
    ("socket", &[43, 1, 0]),
    ("socket", &[46, 1, 0]),
    ("socket", &[100, 1, 0]),
    // The kernel looks at the low half.
    ("socket", &[0x1_0000_0026, 5, 0]),
    ("socket", &[0x1_0000_0028, 1, 0]),
    ("socketcall", &[1, 0]),
    ("sendto", &[NONE, 0, 0, 0]),
    ("sendto", &[NONE, 0, 0, 0x2000_0000]),
    ("sendmsg", &[NONE, 0, 0x2000_0000]),
    ("sendmmsg", &[NONE, 0, 0, 0x2000_0000]),
    ("unshare", &[0]),
    ("ipc", &[3, 0]),
];

fn main() {
    let arguments: Vec<String> = env::args().collect();
    let machine = Machine::ALL.into_iter().find(|machine| machine.name() == env::consts::ARCH).unwrap();
    let policy = Policy::parse(&fs::read(&arguments[1]).unwrap(), machine).unwrap();
    let held = Capabilities(arguments[2].parse().unwrap());
    print(&policy, held, "64", machine.interfaces()[0]);
    // A 64-bit program of arm has no way to 32-bit calls.
    if machine == Machine::X86_64 && policy.interfaces.contains(&Interface::X86) {
        print(&policy, held, "32", Interface::X86);
    }
}

fn print(policy: &Policy, held: Capabilities, bits: &str, interface: Interface) {
    let without = interface.numbers().keys().filter(|name| !NEVER_MADE.contains(name));
    let without = without.map(|name| (*name, &[NONE; 6][..]));
    for (name, arguments) in without.chain(WITH_ARGUMENTS) {
        let Some(number) = interface.numbers().get(name) else { continue };
        let width = if bits == "32" { u64::from(u32::MAX) } else { u64::MAX };
        let mut call = Call { architecture: interface.audit_value(), number: *number, arguments: [0; 6] };
        for (argument, value) in call.arguments.iter_mut().zip(arguments) {
            *argument = value & width;
        }
        let verdict = match evaluate(policy, &call, held) {
            Verdict::Allow => 0,
            Verdict::Errno(errno) => errno,
            Verdict::KillProcess => continue,
        };
        let words: Vec<String> = call.arguments.iter().map(u64::to_string).collect();
        println!("{bits} {number} {}|{verdict}|{name}", words.join(" "));
    }
    for unknown in [471, 600, 0x3fff_ffff] {
        let call = Call { architecture: interface.audit_value(), number: unknown, arguments: [0; 6] };
        if let Verdict::Errno(errno) = evaluate(policy, &call, held) {
            println!("{bits} {unknown}|{errno}|unknown");
        }
    }
}
