//! Seccomp filters: what they have in common. A filter sees numbers, not paths or memory.

pub(crate) mod architecture;
mod assembler;
#[cfg(test)]
pub(crate) mod simulator;

use libc::sock_filter;

use architecture::{Architecture, SyscallNumbers};
pub(crate) use assembler::{Assembler, Field, Label};

/// A filter that looks at every system call interface of a machine. `checks` writes what is done with one
/// of them: it finds the call's number loaded, and falls through or jumps to the label for calls that pass.
/// `answers` writes what follows them all. `None` when the program cannot be assembled.
pub(crate) fn program(
    mut code: Assembler,
    architectures: &[Architecture],
    mut checks: impl FnMut(&mut Assembler, &SyscallNumbers, Label),
    answers: impl FnOnce(&mut Assembler),
) -> Option<Vec<sock_filter>> {
    let allow = code.label();
    let sections: Vec<Label> = architectures.iter().map(|_| code.label()).collect();
    code.load(Field::Architecture);
    for (architecture, section) in architectures.iter().zip(&sections) {
        code.jump_if_equal(architecture.audit_value, *section);
    }
    // An interface that this kernel should not have: nobody knows its numbers.
    code.finish_kill();
    for (architecture, section) in architectures.iter().zip(&sections) {
        code.place(*section);
        code.load(Field::Number);
        code.and(architecture.number_mask);
        checks(&mut code, &architecture.numbers, allow);
        code.jump(allow);
    }
    code.place(allow);
    code.finish_allow();
    answers(&mut code);
    code.assemble()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_jump_to_nowhere_does_not_assemble() {
        let mut code = Assembler::default();
        let nowhere = code.label();
        code.jump(nowhere);
        assert!(code.assemble().is_none());

        let mut code = Assembler::default();
        let behind = code.label();
        code.place(behind);
        code.finish_allow();
        code.jump(behind);
        assert!(code.assemble().is_none());

        let mut code = Assembler::default();
        let far = code.label();
        code.jump_if_equal(0, far);
        for _ in 0..256 {
            code.and(0);
        }
        code.place(far);
        code.finish_allow();
        assert!(code.assemble().is_none());
    }
}
