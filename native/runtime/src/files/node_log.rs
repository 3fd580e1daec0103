//! The node's own log of refusals and of execs that were let through: one JSON object a line. The log that the
//! runtime is given belongs to one container and goes with it.

use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use rustix::fs::{CWD, FileType, FlockOperation, Mode, OFlags};
use rustix::io::Errno;
use serde::Serialize;

use crate::policy::pod::PodNames;

/// Past this size the log becomes `<name>.1` and a new one begins, so that pods that are refused for ever fill no disk.
const MAX_LOG_BYTES: u64 = 8 << 20;
/// Longest text of a line that comes from a pod, in bytes.
const MAX_TEXT_BYTES: usize = 2048;

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// Nothing was started.
    Refused,
    /// A process was started without the sandbox, because `exec_policy` is allow.
    ExecAllowed,
}

/// One line.
#[derive(Clone, Debug)]
pub struct Entry<'a> {
    /// What happened.
    pub event: Event,
    /// The subcommand, or empty where none was read.
    pub subcommand: &'a str,
    /// The container, where it is known.
    pub container_id: &'a str,
    /// The pod, where it is known.
    pub names: Option<&'a PodNames>,
    /// The refusal's code, or the policy that allowed.
    pub reason: &'a str,
    /// The refusal's text, or the command that was allowed.
    pub text: &'a str,
}

#[derive(Serialize)]
struct Line<'a> {
    time: String,
    level: &'a str,
    msg: &'a str,
    version: &'a str,
    reason: &'a str,
    subcommand: &'a str,
    container_id: &'a str,
    namespace: &'a str,
    pod: &'a str,
    container: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    command: Option<&'a str>,
}

/// Appends a line.
///
/// # Errors
/// The first error. A refusal holds without its line; an exec that has to be logged does not.
pub fn append(log: &Path, entry: &Entry) -> Result<(), Errno> {
    let mut line = serde_json::to_vec(&Line::from(entry)).map_err(|_| Errno::INVAL)?;
    line.push(b'\n');
    let mut file = open(log)?;
    if is_full(&file)? && put_aside(log, &file)? {
        file = open(log)?;
    }
    // One write: lines of processes that run at once do not mix.
    match rustix::io::write(&file, &line)? {
        length if length == line.len() => Ok(()),
        _ => Err(Errno::NOSPC),
    }
}

fn open(log: &Path) -> Result<OwnedFd, Errno> {
    let flags = OFlags::WRONLY
        | OFlags::APPEND
        | OFlags::CREATE
        | OFlags::NOFOLLOW
        | OFlags::NONBLOCK
        | OFlags::NOCTTY
        | OFlags::CLOEXEC;
    let file = rustix::fs::openat(CWD, log, flags, Mode::RUSR | Mode::WUSR | Mode::RGRP)?;
    if FileType::from_raw_mode(rustix::fs::fstat(&file)?.st_mode) != FileType::RegularFile {
        return Err(Errno::INVAL);
    }
    Ok(file)
}

fn is_full(file: &OwnedFd) -> Result<bool, Errno> {
    Ok(u64::try_from(rustix::fs::fstat(file)?.st_size).unwrap_or(0) >= MAX_LOG_BYTES)
}

/// Renames the full log, unless another process does so now or has done so: a second rename would put an empty log in
/// the full one's place.
fn put_aside(log: &Path, full: &OwnedFd) -> Result<bool, Errno> {
    match rustix::fs::flock(full, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => {}
        Err(Errno::WOULDBLOCK) => return Ok(false),
        Err(error) => return Err(error),
    }
    let (named, open) = (rustix::fs::lstat(log), rustix::fs::fstat(full)?);
    if named.is_ok_and(|named| (named.st_dev, named.st_ino) == (open.st_dev, open.st_ino)) {
        let mut older = PathBuf::from(log).into_os_string();
        older.push(".1");
        rustix::fs::rename(log, older)?;
    }
    Ok(true)
}

impl<'a> From<&Entry<'a>> for Line<'a> {
    fn from(entry: &Entry<'a>) -> Self {
        let text = shorten(entry.text);
        let (msg, error, command) = match entry.event {
            Event::Refused => ("refused", Some(text), None),
            Event::ExecAllowed => ("exec allowed without sandbox", None, Some(text)),
        };
        let name = |of: fn(&PodNames) -> &str| entry.names.map_or("", |names| shorten(of(names)));
        Self {
            time: timestamp(),
            level: "WARN",
            msg,
            version: env!("CARGO_PKG_VERSION"),
            reason: entry.reason,
            subcommand: entry.subcommand,
            container_id: shorten(entry.container_id),
            namespace: name(|names| &names.namespace),
            pod: name(|names| &names.pod),
            container: name(|names| &names.container),
            error,
            command,
        }
    }
}

/// Now, as RFC 3339 in UTC.
#[must_use]
pub fn timestamp() -> String {
    humantime::format_rfc3339_millis(SystemTime::now()).to_string()
}

fn shorten(text: &str) -> &str {
    let end = (0..=MAX_TEXT_BYTES.min(text.len())).rev().find(|end| text.is_char_boundary(*end));
    &text[..end.unwrap_or(0)]
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn entry<'a>(event: Event, text: &'a str, names: &'a PodNames) -> Entry<'a> {
        Entry { event, subcommand: "exec", container_id: "c1", names: Some(names), reason: "X", text }
    }

    fn names() -> PodNames {
        PodNames { namespace: "team".to_owned(), pod: "web".to_owned(), container: "main".to_owned() }
    }

    #[test]
    fn one_json_object_a_line() {
        let directory = tempfile::tempdir().unwrap();
        let log = directory.path().join("log");
        append(&log, &entry(Event::Refused, "a\nb", &names())).unwrap();
        append(&log, &entry(Event::ExecAllowed, "sh", &names())).unwrap();
        let text = fs::read_to_string(&log).unwrap();
        let lines: Vec<serde_json::Value> =
            text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(lines.len(), 2);
        assert_eq!(lines[0]["msg"], "refused");
        assert_eq!(lines[0]["error"], "a\nb");
        assert_eq!(lines[0]["namespace"], "team");
        assert_eq!(lines[1]["command"], "sh");
        assert!(lines[1].get("error").is_none());
    }

    #[test]
    fn long_texts_are_cut_and_a_long_log_is_put_aside() {
        let directory = tempfile::tempdir().unwrap();
        let log = directory.path().join("log");
        append(&log, &entry(Event::Refused, &"\u{e4}".repeat(10_000), &names())).unwrap();
        assert!(fs::metadata(&log).unwrap().len() < 4096);
        fs::File::options().write(true).open(&log).unwrap().set_len(MAX_LOG_BYTES).unwrap();
        append(&log, &entry(Event::Refused, "next", &names())).unwrap();
        assert!(fs::metadata(&log).unwrap().len() < 4096);
        assert_eq!(fs::metadata(directory.path().join("log.1")).unwrap().len(), MAX_LOG_BYTES);
    }

    #[test]
    fn a_log_that_another_process_has_put_aside_is_not_put_aside_again() {
        let directory = tempfile::tempdir().unwrap();
        let log = directory.path().join("log");
        fs::write(&log, "full").unwrap();
        let (first, second) = (open(&log).unwrap(), open(&log).unwrap());
        assert_eq!(put_aside(&log, &first), Ok(true));
        assert_eq!(put_aside(&log, &second), Ok(false), "the first still holds it");
        drop(first);
        fs::write(&log, "new").unwrap();
        assert_eq!(put_aside(&log, &second), Ok(true));
        assert_eq!(fs::read_to_string(&log).unwrap(), "new");
        assert_eq!(fs::read_to_string(directory.path().join("log.1")).unwrap(), "full");
    }

    #[test]
    fn a_link_or_device_is_no_log() {
        let directory = tempfile::tempdir().unwrap();
        let log = directory.path().join("log");
        std::os::unix::fs::symlink("/dev/null", &log).unwrap();
        assert_eq!(append(&log, &entry(Event::Refused, "a", &names())), Err(Errno::LOOP));
        assert_eq!(append(Path::new("/dev/null"), &entry(Event::Refused, "a", &names())), Err(Errno::INVAL));
    }
}
