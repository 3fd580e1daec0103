//! A compiled seccomp filter as its file holds it: instructions, and jumps that depend on capabilities.
//!
//! ```text
//! "kubefbpf"  u32 version  u32 AUDIT_ARCH_* of the machine  u32 switches  u32 instructions
//! each switch:       u64 any  u64 none  u32 instruction  u32 if_held  u32 otherwise
//! each instruction:  u16 code  u8 jt  u8 jf  u32 k         (struct sock_filter)
//! ```
//!
//! All numbers are little-endian. A switch names an unconditional jump and its two distances. Once the switches are set
//! no trace of them is left, so the kernel can tell the calls that are always allowed and skip the filter for them.

/// First bytes of every filter file.
const MAGIC: &[u8; 8] = b"kubefbpf";
const VERSION: u32 = 1;
const HEADER_BYTES: usize = 24;
const SWITCH_BYTES: usize = 28;
const INSTRUCTION_BYTES: usize = 8;

/// `BPF_MAXINSNS`: longer programs the kernel refuses.
pub const MAX_INSTRUCTIONS: usize = 4096;
/// Largest filter file that makes sense: as many switches as instructions.
pub const MAX_FILTER_BYTES: usize = HEADER_BYTES + MAX_INSTRUCTIONS * (SWITCH_BYTES + INSTRUCTION_BYTES);

/// What every filter of ours answers to `execve` without path, arguments and environment (else EFAULT): so the launcher
/// sees that the filter is in force. ENOANO, which `execve` never gives.
pub const PROOF_ERRNO: u16 = 55;

/// `BPF_JMP|BPF_JA`.
const JUMP: u16 = 0x05;

/// One instruction of classic BPF; `struct sock_filter`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Instruction {
    /// Operation.
    pub code: u16,
    /// Instructions to skip where a comparison holds.
    pub jt: u8,
    /// Instructions to skip where it does not.
    pub jf: u8,
    /// Operand.
    pub k: u32,
}

/// Capabilities, capability N as bit N.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Capabilities(pub u64);

impl Capabilities {
    /// True for capability number `number`.
    #[must_use]
    pub fn contains(self, number: u32) -> bool {
        number < u64::BITS && self.0 >> number & 1 == 1
    }
}

/// When something depends on capabilities.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct CapabilityCondition {
    /// One of these must be held, unless there are none.
    pub any: Capabilities,
    /// None of these may be held.
    pub none: Capabilities,
}

impl CapabilityCondition {
    /// True for a process that holds `held`.
    #[must_use]
    pub fn holds(self, held: Capabilities) -> bool {
        (self.any.0 == 0 || self.any.0 & held.0 != 0) && self.none.0 & held.0 == 0
    }
}

/// A jump whose distance depends on capabilities.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Switch {
    /// The condition.
    pub condition: CapabilityCondition,
    /// Index of the jump.
    pub instruction: u32,
    /// Its distance where the condition holds.
    pub if_held: u32,
    /// Its distance elsewhere.
    pub otherwise: u32,
}

/// A compiled filter for one machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filter {
    /// `AUDIT_ARCH_*` of the machine's native interface.
    pub machine: u32,
    /// What depends on capabilities.
    pub switches: Vec<Switch>,
    /// The program.
    pub instructions: Vec<Instruction>,
}

impl Filter {
    /// The file's bytes.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let count = |length: usize| u32::try_from(length).unwrap_or(u32::MAX).to_le_bytes();
        let mut bytes = MAGIC.to_vec();
        bytes.extend(VERSION.to_le_bytes());
        bytes.extend(self.machine.to_le_bytes());
        bytes.extend(count(self.switches.len()));
        bytes.extend(count(self.instructions.len()));
        for switch in &self.switches {
            bytes.extend(switch.condition.any.0.to_le_bytes());
            bytes.extend(switch.condition.none.0.to_le_bytes());
            for number in [switch.instruction, switch.if_held, switch.otherwise] {
                bytes.extend(number.to_le_bytes());
            }
        }
        for instruction in &self.instructions {
            bytes.extend(instruction.code.to_le_bytes());
            bytes.extend([instruction.jt, instruction.jf]);
            bytes.extend(instruction.k.to_le_bytes());
        }
        bytes
    }

    /// Reads a file. Whether the program is sound is for the kernel to judge, which it does.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(bytes: &[u8]) -> Result<Self, &'static str> {
        let mut rest = bytes.strip_prefix(MAGIC).ok_or("it does not begin as a filter file")?;
        let mut number = || take(&mut rest).map(u32::from_le_bytes).ok_or("it is cut short");
        if number()? != VERSION {
            return Err("its version is not 1");
        }
        let machine = number()?;
        let (switches, instructions) = (length(number()?)?, length(number()?)?);
        if rest.len() != switches * SWITCH_BYTES + instructions * INSTRUCTION_BYTES {
            return Err("its size is not what its header says");
        }
        let (switch_bytes, instruction_bytes) = rest.split_at(switches * SWITCH_BYTES);
        let parsed = Self {
            machine,
            switches: switch_bytes.chunks_exact(SWITCH_BYTES).filter_map(read_switch).collect(),
            instructions: instruction_bytes
                .chunks_exact(INSTRUCTION_BYTES)
                .filter_map(read_instruction)
                .collect(),
        };
        let is_jump = |switch: &Switch| {
            parsed.instructions.get(switch.instruction as usize).is_some_and(|found| found.code == JUMP)
        };
        if parsed.switches.iter().all(is_jump) { Ok(parsed) } else { Err("a switch is no jump") }
    }

    /// The program for a process that holds `held`.
    #[must_use]
    pub fn program(mut self, held: Capabilities) -> Vec<Instruction> {
        for switch in &self.switches {
            let distance = if switch.condition.holds(held) { switch.if_held } else { switch.otherwise };
            if let Some(jump) = self.instructions.get_mut(switch.instruction as usize) {
                jump.k = distance;
            }
        }
        self.instructions
    }

    /// Every capability that a switch asks for.
    #[must_use]
    pub fn capabilities(&self) -> Capabilities {
        let asked = |switch: &Switch| switch.condition.any.0 | switch.condition.none.0;
        Capabilities(self.switches.iter().map(asked).fold(0, |all, some| all | some))
    }
}

fn length(number: u32) -> Result<usize, &'static str> {
    let length = number as usize;
    if length <= MAX_INSTRUCTIONS { Ok(length) } else { Err("it has more than 4096 instructions") }
}

fn read_switch(mut bytes: &[u8]) -> Option<Switch> {
    let any = Capabilities(u64::from_le_bytes(take(&mut bytes)?));
    let none = Capabilities(u64::from_le_bytes(take(&mut bytes)?));
    let mut number = || take(&mut bytes).map(u32::from_le_bytes);
    Some(Switch {
        condition: CapabilityCondition { any, none },
        instruction: number()?,
        if_held: number()?,
        otherwise: number()?,
    })
}

fn read_instruction(mut bytes: &[u8]) -> Option<Instruction> {
    let code = u16::from_le_bytes(take(&mut bytes)?);
    let [jt, jf] = take(&mut bytes)?;
    Some(Instruction { code, jt, jf, k: u32::from_le_bytes(take(&mut bytes)?) })
}

fn take<const LENGTH: usize>(bytes: &mut &[u8]) -> Option<[u8; LENGTH]> {
    let (first, rest) = bytes.split_first_chunk()?;
    *bytes = rest;
    Some(*first)
}

#[cfg(test)]
#[path = "filter_tests.rs"]
mod tests;
