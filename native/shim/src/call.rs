//! Which program was meant, and what it was given.

use std::ffi::{CStr, CString};

/// Programs that the shim stands for.
pub const NAMES: [&CStr; 9] =
    [c"sh", c"bash", c"ash", c"dash", c"python3", c"python", c"node", c"ruby", c"perl"];

/// A call of a program by its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// One of [`NAMES`].
    pub name: &'static CStr,
    /// What the caller put in the name's place, which a program may look at: a login shell's begins with `-`.
    argument_zero: Option<&'static CStr>,
    /// The arguments after the name.
    pub arguments: Vec<&'static CStr>,
}

impl Call {
    /// The path that was executed tells the name, since callers may put anything into the first argument; for a script
    /// whose `#!` line names the shim, that argument does.
    #[must_use]
    pub fn of(executed: &CStr, arguments: &[&'static CStr]) -> Option<Self> {
        let first = arguments.first().copied();
        let name = name_in(executed).or_else(|| name_in(first?))?;
        let arguments = arguments.iter().skip(1).copied().collect();
        Some(Self { name, argument_zero: first.filter(|first| name_in(first) != Some(name)), arguments })
    }

    /// The arguments for the program at `path`. It is told its real path, where it was called by its name: Python, for
    /// one, finds its library from there.
    #[must_use]
    pub fn arguments_at(&self, path: CString) -> Vec<&'static CStr> {
        let zero = self.argument_zero.unwrap_or_else(|| Box::leak(path.into_boxed_c_str()));
        std::iter::once(zero).chain(self.arguments.iter().copied()).collect()
    }
}

fn name_in(path: &CStr) -> Option<&'static CStr> {
    let last = path.to_bytes().rsplit(|byte| *byte == b'/').next()?;
    NAMES.into_iter().find(|name| name.to_bytes() == last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_executed_path_names_the_program() {
        let call = Call::of(c"/nono/python3", &[c"sh", c"-c", c"x"]).unwrap();
        assert_eq!(call.name, c"python3");
        assert_eq!(call.arguments, [c"-c", c"x"]);
        assert_eq!(call.arguments_at(c"/usr/bin/python3".to_owned()), [c"sh", c"-c", c"x"]);
    }

    #[test]
    fn called_by_its_name_a_program_is_told_its_path() {
        for zero in [c"sh", c"/nono/sh"] {
            let call = Call::of(c"/nono/sh", &[zero, c"-c"]).unwrap();
            assert_eq!(call.arguments_at(c"/bin/sh".to_owned()), [c"/bin/sh", c"-c"]);
        }
        let login = Call::of(c"/nono/bash", &[c"-bash"]).unwrap();
        assert_eq!(login.arguments_at(c"/bin/bash".to_owned()), [c"-bash"]);
        let nothing = Call::of(c"/nono/bash", &[]).unwrap();
        assert_eq!(nothing.arguments_at(c"/bin/bash".to_owned()), [c"/bin/bash"]);
    }

    #[test]
    fn a_script_or_a_descriptor_leaves_the_name_to_the_first_argument() {
        let call = Call::of(c"/app/script", &[c"/nono/sh", c"/app/script"]).unwrap();
        assert_eq!((call.name, call.arguments), (c"sh", vec![c"/app/script"]));
        assert!(Call::of(c"/dev/fd/3", &[c"node"]).is_some());
    }

    #[test]
    fn anything_else_is_nobody() {
        for (executed, first) in
            [(c"/nono/shims/shim", c"shim"), (c"/nono/zsh", c"zsh"), (c"", c""), (c"/sh/", c"-sh")]
        {
            assert_eq!(Call::of(executed, &[first]), None);
        }
        assert_eq!(Call::of(c"/nono/shims/shim", &[]), None);
    }
}
