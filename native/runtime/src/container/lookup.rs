//! Finding a command in a container as runc would, so that one that is not there fails as it does under runc: with an
//! error of the runtime, not with an exit code of the launcher's. What is found here only ever decides between
//! failing and starting under the launcher.

use std::fmt::Write as _;
use std::os::fd::AsFd as _;

use rustix::fs::{FileType, Gid, OFlags, Uid};
use rustix::io::Errno;
use rustix::thread::{CapabilitySet, CapabilitySets};

use crate::container::kernel::check_executable;
use crate::container::root::{ContainerRoot, status};
use crate::oci::process::Process;

/// What runc would say of a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lookup {
    /// It is there, or nobody can say from outside: the launcher looks again.
    Start,
    /// Runc's words for why it cannot be started.
    Fail(String),
}

/// Looks the command of `process` up below `root`. Where the container's users are not the node's, permissions are
/// left to the launcher.
#[must_use]
pub fn look_up(root: &ContainerRoot, process: &Process, maps_users: impl FnOnce() -> bool) -> Lookup {
    if process.effective_capabilities.iter().any(|name| name == "CAP_DAC_OVERRIDE") || maps_users() {
        return search(root, process);
    }
    // Who may search which directory is the kernel's to say: asked by a thread that is the process's user. Only this
    // thread changes, and it ends here.
    std::thread::scope(|scope| {
        let asking = scope.spawn(|| match become_user(process) {
            Ok(()) => search(root, process),
            Err(_) => Lookup::Start,
        });
        asking.join().unwrap_or(Lookup::Start)
    })
}

/// User, groups and no capability that passes permissions by.
fn become_user(process: &Process) -> Result<(), Errno> {
    let user = &process.user;
    // The kernel takes this number for "leave it".
    if user.uid == u32::MAX || user.gid == u32::MAX {
        return Err(Errno::INVAL);
    }
    let (uid, gid) = (Uid::from_raw(user.uid), Gid::from_raw(user.gid));
    let groups: Vec<Gid> = user.additional_gids.iter().copied().map(Gid::from_raw).collect();
    rustix::thread::set_thread_groups(&groups)?;
    rustix::thread::set_thread_res_gid(gid, gid, gid)?;
    rustix::thread::set_thread_res_uid(uid, uid, uid)?;
    let none = CapabilitySet::empty();
    rustix::thread::set_capabilities(
        None,
        CapabilitySets { effective: none, permitted: none, inheritable: none },
    )
}

const NOT_FOUND: &str = "executable file not found in $PATH";

/// As Go's os/exec searches, with the variable `PATH` that the process gets; the launcher's own directory is left out.
fn search(root: &ContainerRoot, process: &Process) -> Lookup {
    let name = process.args[0].as_str();
    let fail = |why: &str| Lookup::Fail(format!("exec: {}: {why}", go_quoted(name)));
    if name.contains('/') {
        return match find_executable(root, process, name) {
            Found::Executable | Found::Unknown => Lookup::Start,
            Found::Error(why) => fail(&why),
        };
    }
    if matches!(name, "" | "." | "..") {
        return fail(NOT_FOUND);
    }
    for directory in process.variable("PATH").unwrap_or_default().split(':') {
        let is_relative = !directory.starts_with('/');
        if is_launcher_directory(directory) || process.variable("PATH").is_none_or(str::is_empty) {
            continue;
        }
        let candidate =
            if directory.is_empty() { format!("./{name}") } else { format!("{directory}/{name}") };
        match find_executable(root, process, &candidate) {
            Found::Executable if is_relative => {
                return fail("cannot run executable found relative to current directory");
            }
            Found::Executable | Found::Unknown => return Lookup::Start,
            Found::Error(_) => {}
        }
    }
    fail(NOT_FOUND)
}

fn is_launcher_directory(directory: &str) -> bool {
    let mut components = directory.split('/').filter(|name| !matches!(*name, "" | "."));
    directory.starts_with('/') && components.next() == Some("nono")
}

enum Found {
    Executable,
    Unknown,
    Error(String),
}

fn find_executable(root: &ContainerRoot, process: &Process, path: &str) -> Found {
    let absolute = if path.starts_with('/') { path.to_owned() } else { format!("{}/{path}", process.cwd) };
    // Below /proc each process finds itself: what we find there is not what the process would.
    if absolute.split('/').find(|name| !matches!(*name, "" | ".")) == Some("proc") || absolute.contains('\0')
    {
        return Found::Unknown;
    }
    let file = match root.open_following(absolute.as_bytes(), OFlags::PATH) {
        Ok(file) => file,
        Err(error @ (Errno::NOENT | Errno::NOTDIR | Errno::LOOP | Errno::NAMETOOLONG | Errno::ACCESS)) => {
            return Found::Error(format!("stat {path}: {}", go_error(error)));
        }
        Err(_) => return Found::Unknown,
    };
    let Ok(found) = status(&file) else { return Found::Unknown };
    if FileType::from_raw_mode(found.stx_mode.into()) == FileType::Directory {
        return Found::Error(go_error(Errno::ISDIR).to_owned());
    }
    match check_executable(file.as_fd()) {
        Ok(()) => Found::Executable,
        Err(Errno::ACCESS) => Found::Error(go_error(Errno::ACCESS).to_owned()),
        Err(_) => Found::Unknown,
    }
}

/// Go's text for an error number.
fn go_error(error: Errno) -> &'static str {
    match error {
        Errno::NOENT => "no such file or directory",
        Errno::NOTDIR => "not a directory",
        Errno::LOOP => "too many levels of symbolic links",
        Errno::NAMETOOLONG => "file name too long",
        Errno::ISDIR => "is a directory",
        _ => "permission denied",
    }
}

/// A text as Go's %q writes it.
fn go_quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for character in text.chars() {
        match character {
            '"' | '\\' => quoted.extend(['\\', character]),
            '\u{7}' => quoted.push_str("\\a"),
            '\u{8}' => quoted.push_str("\\b"),
            '\u{b}' => quoted.push_str("\\v"),
            '\u{c}' => quoted.push_str("\\f"),
            '\n' | '\r' | '\t' => quoted.extend(character.escape_default()),
            control if control.is_ascii_control() => {
                let _ = write!(quoted, "\\x{:02x}", u32::from(control));
            }
            control if control.is_control() => {
                let _ = write!(quoted, "\\u{:04x}", u32::from(control));
            }
            other => quoted.push(other),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
#[path = "lookup_tests.rs"]
mod tests;
