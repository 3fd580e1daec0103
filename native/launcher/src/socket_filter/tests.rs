use super::*;
use crate::filter::simulator::{Call, run};

const ALLOW: u32 = 0x7fff_0000;
const EPERM: u32 = 0x0005_0000 + 1;
const EACCES: u32 = 0x0005_0000 + 13;
const ENOSYS: u32 = 0x0005_0000 + 38;
const EPROTONOSUPPORT: u32 = 0x0005_0000 + 93;

const MSG_FASTOPEN: u64 = 0x2000_0000;
const X32: u32 = 0x4000_0000;

/// An interface by its `AUDIT_ARCH_*` and how its numbers are marked, with what its calls are numbered.
struct Interface {
    name: &'static str,
    architectures: &'static [Architecture],
    audit_value: u32,
    mark: u32,
    socket: u32,
    socketpair: u32,
    setsockopt: u32,
    /// Number and position of the flags.
    sends: &'static [(u32, usize)],
    hidden: &'static [u32],
}

const INTERFACES: [Interface; 5] = [
    Interface {
        name: "x86-64",
        architectures: architecture::X86_64,
        audit_value: 0xc000_003e,
        mark: 0,
        socket: 41,
        socketpair: 53,
        setsockopt: 54,
        sends: &[(44, 3), (46, 2), (307, 3)],
        hidden: &[425],
    },
    Interface {
        name: "x32",
        architectures: architecture::X86_64,
        audit_value: 0xc000_003e,
        mark: X32,
        socket: 41,
        socketpair: 53,
        setsockopt: 541,
        sends: &[(44, 3), (518, 2), (538, 3)],
        hidden: &[425],
    },
    Interface {
        name: "i386",
        architectures: architecture::X86_64,
        audit_value: 0x4000_0003,
        mark: 0,
        socket: 359,
        socketpair: 360,
        setsockopt: 366,
        sends: &[(369, 3), (370, 2), (345, 3)],
        hidden: &[425, 102],
    },
    Interface {
        name: "arm64",
        architectures: architecture::AARCH64,
        audit_value: 0xc000_00b7,
        mark: 0,
        socket: 198,
        socketpair: 199,
        setsockopt: 208,
        sends: &[(206, 3), (211, 2), (269, 3)],
        hidden: &[425],
    },
    Interface {
        name: "arm",
        architectures: architecture::AARCH64,
        audit_value: 0x4000_0028,
        mark: 0,
        socket: 281,
        socketpair: 288,
        setsockopt: 294,
        sends: &[(289, 3), (290, 3), (296, 2), (374, 3)],
        hidden: &[425],
    },
];

fn blocked() -> TcpRules {
    TcpRules { connect: Some(vec![]), bind: Some(vec![]), blocked: true }
}

fn connect_list() -> TcpRules {
    TcpRules { connect: Some(vec![443]), bind: None, blocked: false }
}

fn bind_list() -> TcpRules {
    TcpRules { connect: None, bind: Some(vec![80]), blocked: false }
}

impl Interface {
    /// The filter's answer; arguments that are not given are all ones.
    fn answer(&self, rules: &TcpRules, number: u32, given: &[(usize, u64)]) -> u32 {
        let mut arguments = [u64::MAX; 6];
        for (position, value) in given {
            arguments[*position] = *value;
        }
        let call = Call { architecture: self.audit_value, number: number | self.mark, arguments };
        run(&program(self.architectures, rules).unwrap(), &call)
    }

    fn socket(&self, rules: &TcpRules, family: u64, kind: u64, protocol: u64) -> u32 {
        // What is above 32 bits of an int does not count for the kernel either.
        let noise = 0xffff_ffff_0000_0000;
        let given = [(0, family | noise), (1, kind | noise), (2, protocol | noise)];
        self.answer(rules, self.socket, &given)
    }
}

#[test]
fn a_send_that_connects_is_refused_where_connecting_is_restricted() {
    for interface in &INTERFACES {
        for (number, position) in interface.sends {
            for more in [0, 0x40, 0x4000, 0xffff_ffff_0000_0000] {
                let answer =
                    |rules: &TcpRules, flags| interface.answer(rules, *number, &[(*position, flags)]);
                for rules in [blocked(), connect_list()] {
                    let name = interface.name;
                    assert_eq!(answer(&rules, MSG_FASTOPEN | more), EACCES, "{name} {number} {rules:?}");
                    assert_eq!(answer(&rules, more), ALLOW, "{name} {number} {rules:?}");
                }
                assert_eq!(answer(&bind_list(), MSG_FASTOPEN | more), ALLOW, "{}", interface.name);
            }
        }
    }
}

#[test]
fn only_the_option_of_fast_open_is_refused() {
    const TCP_LEVEL: u64 = 6;
    const CONNECT_BY_SENDING: u64 = 30;
    for interface in &INTERFACES {
        let answer = |rules: &TcpRules, level, option| {
            interface.answer(rules, interface.setsockopt, &[(1, level), (2, option)])
        };
        assert_eq!(answer(&connect_list(), TCP_LEVEL, CONNECT_BY_SENDING), EACCES, "{}", interface.name);
        assert_eq!(answer(&bind_list(), TCP_LEVEL, CONNECT_BY_SENDING), ALLOW);
        // SO_SNDTIMEO's level, TCP_NODELAY, and the listener's own option.
        for (level, option) in [(1, CONNECT_BY_SENDING), (TCP_LEVEL, 1), (TCP_LEVEL, 23)] {
            assert_eq!(answer(&connect_list(), level, option), ALLOW, "{}", interface.name);
        }
    }
}

#[test]
fn lists_of_ports_leave_the_sockets_that_cannot_carry_tcp_past_them() {
    const FLAGS: u64 = 0o2_004_000;
    for interface in &INTERFACES {
        for rules in [connect_list(), bind_list()] {
            let socket = |family, kind, protocol| interface.socket(&rules, family, kind | FLAGS, protocol);
            for family in [2, 10] {
                for (kind, protocol, expected) in [
                    (1, 0, ALLOW),
                    (1, 6, ALLOW),
                    (2, 0, ALLOW),
                    (2, 17, ALLOW),
                    (2, 1, ALLOW),
                    // MPTCP, SMC, SCTP.
                    (1, 262, EPROTONOSUPPORT),
                    (1, 256, EPROTONOSUPPORT),
                    (1, 132, EPROTONOSUPPORT),
                    // Raw, SCTP's other kind, DCCP, packet.
                    (3, 6, EPERM),
                    (5, 132, EPERM),
                    (6, 33, EPERM),
                    (10, 0, EPERM),
                ] {
                    let found = socket(family, kind, protocol);
                    assert_eq!(found, expected, "{} {family} {kind} {protocol}", interface.name);
                }
            }
            for (family, expected) in
                [(1, ALLOW), (16, ALLOW), (0, EPERM), (17, EPERM), (40, EPERM), (43, EPERM)]
            {
                assert_eq!(socket(family, 1, 0), expected, "{} family {family}", interface.name);
            }
        }
    }
}

#[test]
fn blocked_leaves_unix_sockets_only() {
    for interface in &INTERFACES {
        for family in 0..64 {
            let expected = if family == 1 { ALLOW } else { EPERM };
            for kind in 1..6 {
                assert_eq!(interface.socket(&blocked(), family, kind, 0), expected, "{}", interface.name);
            }
            let pair = interface.answer(&blocked(), interface.socketpair, &[(0, family)]);
            assert_eq!(pair, expected, "{} pair of family {family}", interface.name);
        }
    }
}

#[test]
fn calls_that_hide_what_they_do_do_not_exist() {
    for interface in &INTERFACES {
        for number in interface.hidden {
            for rules in [blocked(), connect_list(), bind_list()] {
                assert_eq!(interface.answer(&rules, *number, &[]), ENOSYS, "{} {number}", interface.name);
            }
        }
    }
}

#[test]
fn every_other_call_passes() {
    for interface in &INTERFACES {
        let mut known: Vec<u32> = interface.sends.iter().map(|(number, _)| *number).collect();
        known.extend([interface.socket, interface.socketpair, interface.setsockopt]);
        known.extend(interface.hidden);
        // x86-64 and x32 are told apart by a mark that does not count here.
        let other = INTERFACES.iter().filter(|other| other.audit_value == interface.audit_value);
        known.extend(other.flat_map(|other| other.sends.iter().map(|(number, _)| *number)));
        known.extend([54, 541].iter().filter(|_| interface.audit_value == 0xc000_003e));
        for number in (0..600).filter(|number| !known.contains(number)) {
            assert_eq!(interface.answer(&blocked(), number, &[]), ALLOW, "{} {number}", interface.name);
        }
    }
}

#[test]
fn an_unknown_interface_is_the_end() {
    let program = program(architecture::X86_64, &blocked()).unwrap();
    let call = Call { architecture: 0x4000_0028, number: 4, arguments: [0; 6] };
    assert_eq!(run(&program, &call), 0x8000_0000);
}
