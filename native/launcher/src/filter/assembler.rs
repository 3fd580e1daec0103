//! Classic BPF with labels. Jumps go forward only, as the kernel demands, so every program ends.

use libc::sock_filter;
use rustix::io::Errno;

/// What a filter can look at: `struct seccomp_data`.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Field {
    Number,
    Architecture,
    /// The low half of an argument, counted from 0; all machines here are little-endian.
    Argument(u32),
}

/// A place in the program, named before it is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Label(usize);

/// Collects instructions; [`Assembler::assemble`] fills in the distances.
#[derive(Debug, Default)]
pub(crate) struct Assembler {
    instructions: Vec<Instruction>,
    /// Where each label stands, by label number.
    positions: Vec<Option<usize>>,
}

#[derive(Debug)]
enum Instruction {
    Plain { code: u32, value: u32 },
    Jump(Label),
    JumpIfEqual(u32, Label),
}

const LOAD_WORD: u32 = libc::BPF_LD | libc::BPF_W | libc::BPF_ABS;
const AND: u32 = libc::BPF_ALU | libc::BPF_AND | libc::BPF_K;
const JUMP: u32 = libc::BPF_JMP | libc::BPF_JA;
const JUMP_IF_EQUAL: u32 = libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K;
const RETURN: u32 = libc::BPF_RET | libc::BPF_K;

impl Assembler {
    pub fn label(&mut self) -> Label {
        self.positions.push(None);
        Label(self.positions.len() - 1)
    }

    /// The next instruction is where `label` leads.
    pub fn place(&mut self, label: Label) {
        self.positions[label.0] = Some(self.instructions.len());
    }

    pub fn load(&mut self, field: Field) {
        let offset = match field {
            Field::Number => 0,
            Field::Architecture => 4,
            Field::Argument(index) => 16 + 8 * index,
        };
        self.plain(LOAD_WORD, offset);
    }

    pub fn and(&mut self, mask: u32) {
        self.plain(AND, mask);
    }

    pub fn jump(&mut self, label: Label) {
        self.instructions.push(Instruction::Jump(label));
    }

    pub fn jump_if_equal(&mut self, value: u32, label: Label) {
        self.instructions.push(Instruction::JumpIfEqual(value, label));
    }

    pub fn finish_allow(&mut self) {
        self.plain(RETURN, libc::SECCOMP_RET_ALLOW);
    }

    pub fn finish_kill(&mut self) {
        self.plain(RETURN, libc::SECCOMP_RET_KILL_PROCESS);
    }

    pub fn finish_error(&mut self, error: Errno) {
        self.plain(RETURN, libc::SECCOMP_RET_ERRNO | error.raw_os_error().cast_unsigned());
    }

    /// The program, or `None` when a label stands nowhere, behind its jump, or out of reach.
    pub fn assemble(&self) -> Option<Vec<sock_filter>> {
        let assembled = self.instructions.iter().enumerate().map(|(index, instruction)| {
            let distance = |label: &Label| self.positions[label.0]?.checked_sub(index + 1);
            Some(match instruction {
                Instruction::Plain { code, value } => filter(*code, 0, *value)?,
                Instruction::Jump(label) => filter(JUMP, 0, u32::try_from(distance(label)?).ok()?)?,
                Instruction::JumpIfEqual(value, label) => {
                    filter(JUMP_IF_EQUAL, u8::try_from(distance(label)?).ok()?, *value)?
                }
            })
        });
        assembled.collect()
    }

    fn plain(&mut self, code: u32, value: u32) {
        self.instructions.push(Instruction::Plain { code, value });
    }
}

fn filter(code: u32, if_true: u8, value: u32) -> Option<sock_filter> {
    Some(sock_filter { code: u16::try_from(code).ok()?, jt: if_true, jf: 0, k: value })
}
