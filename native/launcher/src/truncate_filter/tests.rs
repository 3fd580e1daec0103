use super::*;
use crate::filter::simulator::{Call, run};

const ALLOW: u32 = 0x7fff_0000;
const KILL: u32 = 0x8000_0000;
const EACCES: u32 = 0x0005_0000 + 13;
const ENOSYS: u32 = 0x0005_0000 + 38;

const AUDIT_X86_64: u32 = 0xc000_003e;
const AUDIT_I386: u32 = 0x4000_0003;
const AUDIT_AARCH64: u32 = 0xc000_00b7;
const AUDIT_ARM: u32 = 0x4000_0028;
const X32: u32 = 0x4000_0000;

const O_TRUNC: u64 = 0o1000;
const O_CREAT: u64 = 0o100;

fn x86() -> Vec<libc::sock_filter> {
    program(architecture::X86_64).unwrap()
}

fn arm() -> Vec<libc::sock_filter> {
    program(architecture::AARCH64).unwrap()
}

fn answer(program: &[libc::sock_filter], architecture: u32, number: u32, arguments: [u64; 6]) -> u32 {
    run(program, &Call { architecture, number, arguments })
}

/// Every call that opens a file with flags as a number: machine, interface, call, position of the flags.
fn opens() -> Vec<(Vec<libc::sock_filter>, u32, u32, usize)> {
    let x86_64 = [(2, 1), (257, 2), (304, 2)];
    let i386 = [(5, 1), (295, 2), (342, 2)];
    let aarch64 = [(56, 2), (265, 2)];
    let arm32 = [(5, 1), (322, 2), (371, 2)];
    let mut calls = Vec::new();
    for (number, position) in x86_64 {
        calls.push((x86(), AUDIT_X86_64, number, position));
        calls.push((x86(), AUDIT_X86_64, number + X32, position));
    }
    calls.extend(i386.map(|(number, position)| (x86(), AUDIT_I386, number, position)));
    calls.extend(aarch64.map(|(number, position)| (arm(), AUDIT_AARCH64, number, position)));
    calls.extend(arm32.map(|(number, position)| (arm(), AUDIT_ARM, number, position)));
    calls
}

#[test]
fn opens_that_truncate_must_ask_for_writing() {
    for (program, architecture, number, position) in opens() {
        let with_flags = |flags: u64| {
            let mut arguments = [u64::MAX; 6];
            arguments[position] = flags;
            answer(&program, architecture, number, arguments)
        };
        for more in [0, O_CREAT, 0o2_000_000, 0xffff_ffff_0000_0000] {
            assert_eq!(with_flags(O_TRUNC | more), EACCES, "{architecture:#x} {number} O_RDONLY");
            assert_eq!(with_flags(O_TRUNC | 3 | more), EACCES, "{architecture:#x} {number} mode 3");
            assert_eq!(with_flags(O_TRUNC | 1 | more), ALLOW, "{architecture:#x} {number} O_WRONLY");
            assert_eq!(with_flags(O_TRUNC | 2 | more), ALLOW, "{architecture:#x} {number} O_RDWR");
            for mode in 0..4 {
                assert_eq!(with_flags(mode | more), ALLOW, "{architecture:#x} {number} mode {mode}");
            }
        }
    }
}

#[test]
fn truncate_is_refused_everywhere() {
    for (program, architecture, number) in [
        (x86(), AUDIT_X86_64, 76),
        (x86(), AUDIT_X86_64, 76 + X32),
        (x86(), AUDIT_I386, 92),
        (x86(), AUDIT_I386, 193),
        (arm(), AUDIT_AARCH64, 45),
        (arm(), AUDIT_ARM, 92),
        (arm(), AUDIT_ARM, 193),
    ] {
        assert_eq!(answer(&program, architecture, number, [0; 6]), EACCES, "{architecture:#x} {number}");
    }
}

#[test]
fn calls_that_hide_their_flags_do_not_exist() {
    for (program, architecture) in
        [(x86(), AUDIT_X86_64), (x86(), AUDIT_I386), (arm(), AUDIT_AARCH64), (arm(), AUDIT_ARM)]
    {
        for number in [437, 425] {
            assert_eq!(answer(&program, architecture, number, [0; 6]), ENOSYS, "{architecture:#x} {number}");
        }
    }
    assert_eq!(answer(&x86(), AUDIT_X86_64, 437 + X32, [0; 6]), ENOSYS);
}

#[test]
fn every_other_call_passes() {
    let known: Vec<u32> = vec![2, 5, 45, 56, 76, 92, 193, 257, 265, 295, 304, 322, 342, 371, 425, 437];
    for (program, architecture) in
        [(x86(), AUDIT_X86_64), (x86(), AUDIT_I386), (arm(), AUDIT_AARCH64), (arm(), AUDIT_ARM)]
    {
        for number in (0..600).filter(|number| !known.contains(number)) {
            assert_eq!(
                answer(&program, architecture, number, [O_TRUNC; 6]),
                ALLOW,
                "{architecture:#x} {number}"
            );
        }
    }
    // creat, ftruncate and execve by name, native.
    for number in [85, 77, 59] {
        assert_eq!(answer(&x86(), AUDIT_X86_64, number, [O_TRUNC; 6]), ALLOW);
    }
}

#[test]
fn an_unknown_interface_is_the_end() {
    assert_eq!(answer(&x86(), AUDIT_ARM, 4, [0; 6]), KILL);
    assert_eq!(answer(&arm(), AUDIT_X86_64, 4, [0; 6]), KILL);
}
