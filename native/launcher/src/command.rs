//! From the command's name to the file that is executed, as the runtime would have found it.
//!
//! The container's own command may run under every profile, wherever its image keeps it: images made from
//! `scratch` have it in `/`, which no profile grants. So that one file is granted, and nothing around it.

use std::ffi::{CStr, CString};

use kubefence_policy::forbidden;
use kubefence_policy::path::AbsolutePath;
use rustix::fs::{Access, AtFlags, CWD, FileType, Mode, OFlags};
use rustix::io::Errno;

use crate::error::{Code, LaunchError};
use crate::exclusions::Exclusions;
use crate::kernel::{self, StringVector};
use crate::place::Place;
use crate::walk::{WalkError, Walker, skip_absent};

/// Replaces the process by the program at `path`; returns only with the reason why not.
#[must_use]
pub fn become_command(path: &CStr, arguments: StringVector, environment: StringVector) -> LaunchError {
    let error = kernel::execute(path, arguments, environment);
    let why = match error {
        Errno::NOENT => "the interpreter that it names (its #! line or ELF loader) does not exist".to_owned(),
        Errno::NOEXEC => {
            "it is neither an ELF program of this machine nor a script with a #! line".to_owned()
        }
        Errno::ACCESS => {
            "an exception of the profile closes it, the profile does not grant its interpreter, or its mount is noexec".to_owned()
        }
        other => other.to_string(),
    };
    not_executable(path, &why)
}

/// The path that `name` stands for, as it will be executed.
///
/// # Errors
/// `COMMAND_NOT_FOUND`, `COMMAND_NOT_EXECUTABLE`
pub fn find(name: &CStr, environment: StringVector) -> Result<CString, LaunchError> {
    find_in(name, &search_path(environment))
}

/// The file at `path`, held open, where it is to be granted: a regular file with an execute bit, neither
/// closed by an exception nor in the kernel's own trees. Which file that is, the kernel says; where it
/// is, the walk, and both must mean the same.
///
/// # Errors
/// [`WalkError::TooManyEntries`] and [`WalkError::Failed`]
pub fn to_grant(walker: &Walker, exclusions: &Exclusions, path: &CStr) -> Result<Option<Place>, WalkError> {
    let Ok(fd) = rustix::fs::open(path, OFlags::PATH | OFlags::CLOEXEC, Mode::empty()) else {
        return Ok(None);
    };
    let Ok(directory) = rustix::process::getcwd(Vec::new()) else { return Ok(None) };
    let Some(place) = skip_absent(walker.resolve_spelled(directory.as_bytes(), path.to_bytes()))? else {
        return Ok(None);
    };
    let is_open = !exclusions.cover(&place.path) && !forbidden::is_kernel_or_ours(&place.path);
    let is_wanted =
        is_open && is_program(&place)? && place.is_same(&Place::describe(fd, AbsolutePath::root(), None)?)?;
    Ok(is_wanted.then_some(place))
}

/// Any execute bit will do: whether it is for this process, the kernel judges at `execve` as ever.
fn is_program(place: &Place) -> Result<bool, WalkError> {
    let stat = rustix::fs::fstat(&place.fd).map_err(|error| WalkError::Failed(place.path.clone(), error))?;
    Ok(FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile && stat.st_mode & 0o111 != 0)
}

/// The first `PATH` of the environment, as the C library would take it.
fn search_path(environment: StringVector) -> Vec<u8> {
    let strings = environment.strings();
    let value = strings.iter().find_map(|string| string.to_bytes().strip_prefix(b"PATH="));
    value.unwrap_or_default().to_vec()
}

/// A name with a slash is taken as it is. Any other is looked up in `PATH`, where elements that are empty,
/// relative, or the launcher's own directory do not count.
fn find_in(name: &CStr, path: &[u8]) -> Result<CString, LaunchError> {
    let bytes = name.to_bytes();
    if bytes.contains(&b'/') {
        return match executable(name) {
            Ok(()) => Ok(name.to_owned()),
            Err(Errno::NOENT | Errno::NOTDIR | Errno::LOOP | Errno::NAMETOOLONG) => {
                Err(not_found(name, "no such file"))
            }
            Err(error) => Err(not_executable(name, &error.to_string())),
        };
    }
    let mut refused = None;
    for element in path.split(|byte| *byte == b':').filter(|element| is_searched(element)) {
        let Ok(candidate) = CString::new([element, b"/", bytes].concat()) else { continue };
        match executable(&candidate) {
            Ok(()) => return Ok(candidate),
            Err(error @ (Errno::ACCESS | Errno::ISDIR)) if !bytes.is_empty() => {
                refused.get_or_insert((candidate, error));
            }
            Err(_) => {}
        }
    }
    match refused {
        Some((candidate, error)) => Err(not_executable(&candidate, &error.to_string())),
        None if path.is_empty() => Err(not_found(name, "PATH is not set")),
        None => Err(not_found(name, "it is in no directory of PATH")),
    }
}

fn is_searched(element: &[u8]) -> bool {
    let mut components = element.split(|byte| *byte == b'/').filter(|name| !matches!(*name, b"" | b"."));
    element.starts_with(b"/") && components.next() != Some(b"nono")
}

fn executable(path: &CStr) -> Result<(), Errno> {
    let stat = rustix::fs::stat(path)?;
    if FileType::from_raw_mode(stat.st_mode) == FileType::Directory {
        return Err(Errno::ISDIR);
    }
    match rustix::fs::accessat(CWD, path, Access::EXEC_OK, AtFlags::EACCESS) {
        // A seccomp filter older than faccessat2; execve has the last word anyhow.
        Err(Errno::NOSYS | Errno::PERM) => Ok(()),
        answer => answer,
    }
}

fn not_found(name: &CStr, why: &str) -> LaunchError {
    let what = format!("{} is not there", name.to_bytes().escape_ascii());
    LaunchError::new(Code::CommandNotFound, what, why, "check the container's command and its image")
}

fn not_executable(path: &CStr, why: &str) -> LaunchError {
    let what = format!("{} cannot be executed", path.to_bytes().escape_ascii());
    LaunchError::new(Code::CommandNotExecutable, what, why, "check the file's mode and the profile's grants")
}

#[cfg(test)]
#[path = "command_tests.rs"]
mod tests;
