//! The instructions that are used, and what stands for one until addresses are known.

use kubefence_policy::filter::{CapabilityCondition, Instruction};

use crate::evaluate::Verdict;

/// A piece of program. Every jump in it is relative and leads ahead, so pieces can be joined.
pub(crate) type Code = Vec<Item>;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Item {
    Plain(Instruction),
    /// Goes to the block of this number.
    ToBlock(usize),
    /// Goes on where the condition holds, else skips so many instructions.
    Switch(CapabilityCondition, usize),
}

// linux/bpf_common.h
const LOAD_WORD: u16 = 0x20;
const AND: u16 = 0x54;
const JUMP: u16 = 0x05;
const RETURN: u16 = 0x06;

/// A comparison of what is loaded with a constant.
#[derive(Clone, Copy)]
pub(crate) enum Compare {
    Equal = 0x15,
    Greater = 0x25,
    GreaterOrEqual = 0x35,
}

// linux/seccomp.h
const RETURN_ALLOW: u32 = 0x7fff_0000;
const RETURN_ERRNO: u32 = 0x0005_0000;
const RETURN_KILL_PROCESS: u32 = 0x8000_0000;

pub(crate) const LOAD_NUMBER: Item = load(0);
pub(crate) const LOAD_ARCHITECTURE: Item = load(4);

const fn load(offset: u32) -> Item {
    Item::Plain(Instruction { code: LOAD_WORD, jt: 0, jf: 0, k: offset })
}

/// All machines here are little-endian.
pub(crate) const fn load_low_half(argument: u32) -> Item {
    load(16 + 8 * argument)
}

pub(crate) const fn load_high_half(argument: u32) -> Item {
    load(20 + 8 * argument)
}

pub(crate) const fn and(mask: u32) -> Item {
    Item::Plain(Instruction { code: AND, jt: 0, jf: 0, k: mask })
}

pub(crate) const fn compare(compare: Compare, value: u32, if_true: u8, if_false: u8) -> Item {
    Item::Plain(Instruction { code: compare as u16, jt: if_true, jf: if_false, k: value })
}

/// Skips `distance` instructions unless `value` is loaded.
pub(crate) const fn jump_unless_equal(value: u32, distance: u8) -> Item {
    compare(Compare::Equal, value, 0, distance)
}

/// Skips `distance` instructions.
pub(crate) fn jump(distance: usize) -> Item {
    Item::Plain(jump_by(u32::try_from(distance).unwrap_or(u32::MAX)))
}

pub(crate) const fn jump_by(distance: u32) -> Instruction {
    Instruction { code: JUMP, jt: 0, jf: 0, k: distance }
}

pub(crate) fn returns(verdict: Verdict) -> Item {
    let value = match verdict {
        Verdict::Allow => RETURN_ALLOW,
        Verdict::Errno(errno) => RETURN_ERRNO | u32::from(errno),
        Verdict::KillProcess => RETURN_KILL_PROCESS,
    };
    Item::Plain(Instruction { code: RETURN, jt: 0, jf: 0, k: value })
}
