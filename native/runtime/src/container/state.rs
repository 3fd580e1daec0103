//! Where a container runs, as the runtime's own state says. The OCI command `state` would say the same, at the cost
//! of starting the runtime once more.

use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, Mode, OFlags};
use rustix::io::Errno;
use serde::Deserialize;

use crate::command_line::ContainerId;
use crate::files::trusted::{self, FileError};
use crate::refusal::{Code, Refusal};

/// runc's state holds the container's configuration, seccomp filter included.
const MAX_STATE_BYTES: usize = 16 << 20;
const MAX_STAT_BYTES: usize = 4096;
/// Where the runtimes keep their state when they are not told.
const DEFAULT_ROOTS: [&str; 2] = ["/run/runc", "/run/crun"];

/// A container whose first process is alive.
#[derive(Debug)]
pub struct Running {
    /// The bundle that it was created from.
    pub bundle: PathBuf,
    /// `/proc/<pid>` of its first process, held open: another process of the same pid is never seen through it.
    pub process: OwnedFd,
}

impl Running {
    /// True when the container's user ids are not the node's. Also when nobody can say.
    #[must_use]
    pub fn maps_users(&self) -> bool {
        const IDENTITY: [&str; 3] = ["0", "0", "4294967295"];
        let map = trusted::open(&self.process, Path::new("uid_map"))
            .and_then(|file| trusted::read_bounded(&file, MAX_STAT_BYTES));
        let map = map.ok().and_then(|map| String::from_utf8(map).ok());
        !map.is_some_and(|map| map.split_ascii_whitespace().eq(IDENTITY))
    }
}

#[derive(Debug, PartialEq, Eq)]
struct State {
    pid: u32,
    start_time: u64,
    bundle: PathBuf,
}

/// Finds the container `id` below `root`, or below the runtimes' own roots.
///
/// # Errors
/// `STATE_UNKNOWN`, also when its process has ended.
pub fn find(root: Option<&Path>, id: &ContainerId) -> Result<Running, Refusal> {
    let roots: Vec<&Path> = root.map_or_else(|| DEFAULT_ROOTS.map(Path::new).into(), |root| vec![root]);
    let mut why = String::new();
    for root in roots {
        let directory = root.join(id.as_str());
        match read_state(&directory) {
            Ok(state) => {
                let process = open_process(&state)
                    .map_err(|why| unknown(id, format!("process {} {why}", state.pid)))?;
                return Ok(Running { bundle: state.bundle, process });
            }
            Err(error) => why = format!("{}: {error}", directory.display()),
        }
    }
    Err(unknown(id, why))
}

fn unknown(id: &ContainerId, why: String) -> Refusal {
    Refusal::new(
        Code::State,
        format!("it is not known where the container {} runs", id.as_str()),
        why,
        "check that the container runs and that the handler's runtime is the one in nono-runc's configuration",
    )
}

fn read_state(directory: &Path) -> Result<State, String> {
    let read = |name: &str| trusted::read(&directory.join(name), MAX_STATE_BYTES);
    match read("state.json") {
        Ok((json, _)) => parse_runc(&json),
        Err(FileError::Failed(Errno::NOENT)) => match read("status") {
            Ok((json, _)) => parse_crun(&json),
            Err(error) => Err(error.to_string()),
        },
        Err(error) => Err(error.to_string()),
    }
}

fn parse_runc(json: &[u8]) -> Result<State, String> {
    #[derive(Deserialize)]
    struct Document {
        init_process_pid: u32,
        init_process_start: u64,
        config: Configuration,
    }
    #[derive(Deserialize)]
    struct Configuration {
        labels: Vec<String>,
    }
    let document: Document = serde_json::from_slice(json).map_err(|error| error.to_string())?;
    let mut bundles = document.config.labels.iter().filter_map(|label| label.strip_prefix("bundle="));
    match (bundles.next(), bundles.next()) {
        (Some(bundle), None) => {
            checked(document.init_process_pid, document.init_process_start, bundle.to_owned())
        }
        _ => Err("its labels do not name one bundle".to_owned()),
    }
}

fn parse_crun(json: &[u8]) -> Result<State, String> {
    #[derive(Deserialize)]
    #[serde(rename_all = "kebab-case")]
    struct Document {
        pid: u32,
        process_start_time: u64,
        bundle: String,
    }
    let document: Document = serde_json::from_slice(json).map_err(|error| error.to_string())?;
    checked(document.pid, document.process_start_time, document.bundle)
}

fn checked(pid: u32, start_time: u64, bundle: String) -> Result<State, String> {
    if pid == 0 {
        return Err("it has no process".to_owned());
    }
    if !bundle.starts_with('/') {
        return Err(format!("its bundle {bundle:?} is not absolute"));
    }
    Ok(State { pid, start_time, bundle: bundle.into() })
}

fn open_process(state: &State) -> Result<OwnedFd, String> {
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let ended = |error: &dyn std::fmt::Display| format!("has ended: {error}");
    let process = rustix::fs::openat(CWD, format!("/proc/{}", state.pid), flags, Mode::empty())
        .map_err(|error| ended(&error))?;
    let stat = trusted::open(&process, Path::new("stat"))
        .and_then(|file| trusted::read_bounded(&file, MAX_STAT_BYTES))
        .map_err(|error| ended(&error))?;
    match parse_stat(&stat) {
        Some((b'Z' | b'X' | b'x', _)) => Err(ended(&"it is a zombie")),
        Some((_, start_time)) if start_time == state.start_time => Ok(process),
        Some(_) => Err("is another one by now".to_owned()),
        None => Err("has a status that is not understood".to_owned()),
    }
}

/// State and start time of proc(5)'s stat. The command's name, in parentheses, may hold anything.
fn parse_stat(stat: &[u8]) -> Option<(u8, u64)> {
    let end = stat.iter().rposition(|byte| *byte == b')')?;
    let rest = str::from_utf8(&stat[end + 1..]).ok()?;
    let mut fields = rest.split_ascii_whitespace();
    let state = fields.next()?.bytes().next()?;
    let start_time = fields.nth(18)?.parse().ok()?;
    Some((state, start_time))
}

#[cfg(test)]
#[path = "state_tests.rs"]
mod tests;
