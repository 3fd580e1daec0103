//! Runs a filter as the kernel would, after the checks that the kernel makes before it takes one.

use kubefence_policy::filter::{Instruction, MAX_INSTRUCTIONS};
use kubefence_seccomp::evaluate::{Call, Verdict};

/// The filter's answer.
///
/// # Panics
/// Where the kernel would not have taken the program, and for answers that no filter of ours gives.
pub fn run(program: &[Instruction], call: &Call) -> Verdict {
    let mut data = [0; 64];
    data[0..4].copy_from_slice(&call.number.to_le_bytes());
    data[4..8].copy_from_slice(&call.architecture.to_le_bytes());
    for (index, argument) in call.arguments.iter().enumerate() {
        data[16 + 8 * index..24 + 8 * index].copy_from_slice(&argument.to_le_bytes());
    }
    let (mut accumulator, mut at) = (0_u32, 0);
    loop {
        let Instruction { code, jt, jf, k } = program[at];
        let jump = |holds: bool| usize::from(if holds { jt } else { jf });
        at += 1 + match code {
            0x20 => {
                let offset = k as usize;
                accumulator = u32::from_le_bytes(data[offset..offset + 4].try_into().unwrap());
                0
            }
            0x54 => {
                accumulator &= k;
                0
            }
            0x05 => k as usize,
            0x15 => jump(accumulator == k),
            0x25 => jump(accumulator > k),
            0x35 => jump(accumulator >= k),
            0x06 => return verdict(k),
            other => panic!("unknown instruction {other:#x}"),
        };
    }
}

fn verdict(value: u32) -> Verdict {
    match (value & 0xffff_0000, value & 0xffff) {
        (0x7fff_0000, 0) => Verdict::Allow,
        (0x0005_0000, errno) => Verdict::Errno(errno.try_into().unwrap()),
        (0x8000_0000, 0) => Verdict::KillProcess,
        _ => panic!("unknown answer {value:#x}"),
    }
}

/// `bpf_check_classic` and `seccomp_check_filter` of the kernel, as far as our instructions go.
///
/// # Panics
/// Where the kernel would not take the program.
pub fn check(program: &[Instruction]) {
    assert!((1..=MAX_INSTRUCTIONS).contains(&program.len()));
    assert_eq!(program.last().unwrap().code, 0x06, "the last instruction is no return");
    for (at, instruction) in program.iter().enumerate() {
        let rest = program.len() - at - 1;
        match instruction.code {
            0x20 => assert!(instruction.k < 64 && instruction.k % 4 == 0),
            0x05 => assert!((instruction.k as usize) < rest, "{at}: a jump past the end"),
            0x15 | 0x25 | 0x35 => {
                assert!(usize::from(instruction.jt.max(instruction.jf)) < rest, "{at}: a jump past the end");
            }
            0x54 | 0x06 => {}
            other => panic!("unknown instruction {other:#x}"),
        }
    }
}
