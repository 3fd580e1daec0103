//! Inside the sandbox: the program of that name in the rest of `PATH`, executed as it is.

use std::ffi::{CString, OsStr};
use std::os::unix::ffi::OsStrExt as _;

use kubefence_launcher::error::{Code, LaunchError};
use kubefence_launcher::kernel::{self, StringVector};
use kubefence_launcher::proof::LAUNCHER_DIRECTORY;
use rustix::io::Errno;

use crate::call::Call;

/// As execvp(3) does; elements of `PATH` that are empty or relative do not count, as for the launcher.
#[must_use]
pub fn become_program(call: &Call, environment: StringVector) -> LaunchError {
    let strings = environment.strings();
    let path = strings.iter().find_map(|string| string.to_bytes().strip_prefix(b"PATH=")).unwrap_or_default();
    let mut refused = None;
    for candidate in candidates(path, call.name.to_bytes()) {
        let arguments = StringVector::leak(call.arguments_at(candidate.clone()));
        match kernel::execute(&candidate, arguments, environment) {
            Errno::NOENT | Errno::NOTDIR | Errno::LOOP | Errno::NAMETOOLONG => {}
            error => {
                refused.get_or_insert((candidate, error));
            }
        }
    }
    let name = call.name.to_bytes().escape_ascii();
    match refused {
        None => LaunchError::new(
            Code::CommandNotFound,
            format!("{name} is not there"),
            "it is in no directory of PATH but the launcher's",
            "check the command and the container's image",
        ),
        Some((path, error)) => LaunchError::new(
            Code::CommandNotExecutable,
            format!("{} cannot be executed", path.to_bytes().escape_ascii()),
            error,
            "check the file's mode and the profile's grants",
        ),
    }
}

/// Where the program may be. The launcher's directory is left out under whatever name: there is the shim itself.
fn candidates(path: &[u8], name: &[u8]) -> impl Iterator<Item = CString> {
    let identity =
        |path: &[u8]| rustix::fs::stat(OsStr::from_bytes(path)).map(|stat| (stat.st_dev, stat.st_ino)).ok();
    let own = identity(LAUNCHER_DIRECTORY.as_bytes());
    path.split(|byte| *byte == b':')
        .filter(move |element| element.starts_with(b"/") && (own.is_none() || identity(element) != own))
        .filter_map(move |element| CString::new([element, b"/", name].concat()).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn absolute_elements_in_their_order() {
        let found: Vec<_> = candidates(b"/usr/bin::bin:./x:/bin", b"sh").collect();
        assert_eq!(found, [c"/usr/bin/sh".to_owned(), c"/bin/sh".to_owned()]);
        assert_eq!(candidates(b"", b"sh").count(), 0);
    }
}
