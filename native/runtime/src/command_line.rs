//! The command line of an OCI runtime, as containerd's shim, CRI-O and conmon write it. What is written in any
//! other way is refused, because the real runtime could read it differently.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt as _;
use std::path::PathBuf;

use crate::refusal::{Code, Refusal};

/// What stands before the subcommand and matters to us.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Global {
    /// Where the runtime keeps its state; its own default when absent.
    pub root: Option<PathBuf>,
    /// Where the runtime writes its errors; standard error when absent.
    pub log: Option<PathBuf>,
    /// Errors are written as JSON, one object a line.
    pub log_is_json: bool,
}

/// A subcommand that passes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Make a container from a bundle.
    Create {
        /// The bundle's directory.
        bundle: PathBuf,
        /// The new container.
        id: ContainerId,
    },
    /// Let a created container's process begin.
    Start {
        /// The container.
        id: ContainerId,
    },
    /// Start a further process in a container.
    Exec {
        /// The container.
        id: ContainerId,
        /// The file that describes the process.
        process: PathBuf,
    },
    /// Something that starts no process in a container.
    PassThrough,
}

/// The name of a container, safe as a file name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContainerId(String);

impl ContainerId {
    /// Takes what runc and crun take both: letters, digits and `_ + - .`, not starting with a dot.
    #[must_use]
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let is_valid = (1..=1024).contains(&bytes.len())
            && bytes[0] != b'.'
            && bytes
                .iter()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'+' | b'-' | b'.'));
        is_valid.then(|| Self(bytes.iter().copied().map(char::from).collect()))
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Options of one command: their spelling, and whether a value belongs to them.
struct Options {
    with_value: &'static [&'static str],
    alone: &'static [&'static str],
}

const GLOBAL: Options = Options {
    with_value: &["--root", "--log", "--log-format", "--log-level", "--rootless", "--cgroup-manager"],
    alone: &["--debug", "--systemd-cgroup"],
};
// Not `--config` of crun: it names another config.json.
const CREATE: Options = Options {
    with_value: &["--bundle", "-b", "--pid-file", "--console-socket", "--pidfd-socket", "--preserve-fds"],
    alone: &["--no-pivot", "--no-new-keyring"],
};
const START: Options = Options { with_value: &[], alone: &[] };
// Not the options that put a process together from the command line.
const EXEC: Options = Options {
    with_value: &[
        "--process",
        "-p",
        "--pid-file",
        "--console-socket",
        "--pidfd-socket",
        "--preserve-fds",
        "--cgroup",
    ],
    alone: &["--detach", "-d", "--tty", "-t", "--ignore-paused"],
};
const PASSES: [&str; 10] =
    ["state", "kill", "delete", "list", "ps", "pause", "resume", "update", "events", "features"];
const PASSES_ALONE: [&str; 2] = ["--version", "-v"];

/// Reads the arguments, without the program's own name. What stands before the subcommand is answered even when
/// the rest is refused: it says where to write the refusal.
pub fn parse(arguments: &[OsString]) -> (Global, Result<Command, Refusal>) {
    let mut global = Global::default();
    let command = parse_into(arguments, &mut global);
    (global, command)
}

fn parse_into(arguments: &[OsString], global: &mut Global) -> Result<Command, Refusal> {
    if let [only] = arguments
        && PASSES_ALONE.iter().any(|form| *form == only)
    {
        return Ok(Command::PassThrough);
    }
    let (found, rest) = read_options(arguments, &GLOBAL)?;
    for (option, value) in found {
        match option {
            "--root" => global.root = Some(value.into()),
            "--log" => global.log = Some(value.into()),
            "--log-format" => global.log_is_json = value == "json",
            _ => {}
        }
    }
    let Some((subcommand, rest)) = rest.split_first() else {
        return Err(incomplete("there is no subcommand"));
    };
    match subcommand.to_str() {
        Some("create") => {
            let (found, id) = read_command(rest, &CREATE)?;
            let bundle = value_of(&found, &["--bundle", "-b"])?;
            Ok(Command::Create { bundle, id })
        }
        Some("start") => Ok(Command::Start { id: read_command(rest, &START)?.1 }),
        Some("exec") => {
            let (found, id) = read_command(rest, &EXEC)?;
            let process = value_of(&found, &["--process", "-p"])?;
            Ok(Command::Exec { id, process })
        }
        Some(name) if PASSES.contains(&name) => Ok(Command::PassThrough),
        _ => Err(Refusal::new(
            Code::Subcommand,
            format!("the subcommand {} is refused", subcommand.as_bytes().escape_ascii()),
            "a process that it starts would have no sandbox, or it is not known",
            "use another runtime handler for what needs it",
        )),
    }
}

type Found<'a> = Vec<(&'static str, &'a OsStr)>;

fn read_command<'a>(
    arguments: &'a [OsString],
    options: &Options,
) -> Result<(Found<'a>, ContainerId), Refusal> {
    let (found, rest) = read_options(arguments, options)?;
    match rest {
        [id] => match ContainerId::parse(id.as_bytes()) {
            Some(id) => Ok((found, id)),
            None => Err(usage(id, "it is no container id")),
        },
        [] => Err(incomplete("there is no container id")),
        [_, extra, ..] => Err(usage(extra, "nothing may follow the container id")),
    }
}

/// Reads options up to the first argument that is none.
fn read_options<'a>(
    arguments: &'a [OsString],
    options: &Options,
) -> Result<(Found<'a>, &'a [OsString]), Refusal> {
    let mut found = Found::new();
    let mut rest = arguments;
    while let Some((argument, after)) = rest.split_first() {
        if !argument.as_bytes().starts_with(b"-") {
            break;
        }
        rest = after;
        let (name, inline) = match argument.as_bytes().iter().position(|byte| *byte == b'=') {
            Some(equals) if argument.as_bytes().starts_with(b"--") => {
                let (name, value) = argument.as_bytes().split_at(equals);
                (OsStr::from_bytes(name), Some(OsStr::from_bytes(&value[1..])))
            }
            _ => (argument.as_os_str(), None),
        };
        let known = |list: &[&'static str]| list.iter().copied().find(|option| *option == name);
        let (option, value) = if let Some(option) = known(options.with_value) {
            match inline {
                Some(value) => (option, value),
                None => match rest.split_first() {
                    Some((value, after)) => {
                        rest = after;
                        (option, value.as_os_str())
                    }
                    None => return Err(usage(argument, "its value is missing")),
                },
            }
        } else if let (Some(option), None) = (known(options.alone), inline) {
            (option, OsStr::new(""))
        } else {
            return Err(usage(argument, "the option is not known here"));
        };
        if found.iter().any(|(earlier, _)| *earlier == option) {
            return Err(usage(argument, "it is given twice"));
        }
        found.push((option, value));
    }
    Ok((found, rest))
}

/// The value of an option that must be there, in one of its two spellings.
fn value_of(found: &Found, names: &[&str; 2]) -> Result<PathBuf, Refusal> {
    let mut values = found.iter().filter(|(name, _)| names.contains(name)).map(|(_, value)| value);
    match (values.next(), values.next()) {
        (Some(value), None) if !value.is_empty() => Ok(PathBuf::from(value)),
        (None, _) => Err(usage(names[0], "it is missing")),
        _ => Err(usage(names[0], "it is empty or given twice")),
    }
}

fn usage(what: impl AsRef<OsStr>, why: &str) -> Refusal {
    refused(format!("the command line is refused at {}", what.as_ref().as_bytes().escape_ascii()), why)
}

fn incomplete(why: &str) -> Refusal {
    refused("the command line is not complete".to_owned(), why)
}

fn refused(what: String, why: &str) -> Refusal {
    Refusal::new(Code::Usage, what, why, "call nono-runc as containerd, CRI-O and conmon call runc")
}

#[cfg(test)]
#[path = "command_line_tests.rs"]
mod tests;
