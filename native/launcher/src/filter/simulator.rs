//! Runs a filter as the kernel would, for interfaces that this machine does not have.

use libc::sock_filter;

/// What a system call looks like to a filter.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Call {
    pub architecture: u32,
    pub number: u32,
    pub arguments: [u64; 6],
}

/// The filter's answer. Panics where the kernel's checker would have refused the program.
pub(crate) fn run(program: &[sock_filter], call: &Call) -> u32 {
    let mut data = [0; 64];
    data[0..4].copy_from_slice(&call.number.to_le_bytes());
    data[4..8].copy_from_slice(&call.architecture.to_le_bytes());
    for (index, argument) in call.arguments.iter().enumerate() {
        data[16 + 8 * index..24 + 8 * index].copy_from_slice(&argument.to_le_bytes());
    }
    let mut accumulator = 0_u32;
    let mut at = 0;
    loop {
        let instruction = program[at];
        at += 1;
        match u32::from(instruction.code) {
            0x20 => {
                let offset = instruction.k as usize;
                accumulator = u32::from_le_bytes(data[offset..offset + 4].try_into().unwrap());
            }
            0x54 => accumulator &= instruction.k,
            0x05 => at += instruction.k as usize,
            0x15 if accumulator == instruction.k => at += usize::from(instruction.jt),
            0x15 => at += usize::from(instruction.jf),
            0x06 => return instruction.k,
            other => panic!("unknown instruction {other:#x}"),
        }
    }
}
