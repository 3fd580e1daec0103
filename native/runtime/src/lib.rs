//! nono-runc: an OCI runtime that checks and completes what it is asked, and ends by becoming the real one. See
//! README.md for what it does step by step.

pub mod command_line;
pub mod commands;
pub mod configuration;
pub mod container;
pub mod files;
pub mod oci;
pub mod policy;
pub mod refusal;

mod report;

use std::ffi::OsString;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};

use command_line::{Command, Global};
use commands::{Context, Outcome, Subject, create, exec, start};
use configuration::Configuration;
use files::node_log::{self, Entry, Event};
use refusal::{Code, Refusal};

/// Exit code of runc for a process that could not be started in a container.
const EXIT_EXEC_FAILED: u8 = 255;
/// Exit code of runc for everything else.
const EXIT_FAILED: u8 = 1;

/// Does what the arguments, without the program's own name, ask for. Answers the exit code when the process was not
/// replaced by the real runtime.
#[must_use]
pub fn run(arguments: &[OsString]) -> u8 {
    let (global, command) = command_line::parse(arguments);
    let mut refused = Refused { global: &global, command: command.as_ref().ok(), log: None, subject: None };
    let result = match &command {
        Ok(command) => prepare(&global, command, &mut refused.log, &mut refused.subject),
        Err(refusal) => {
            refused.log = configured_log();
            Err(refusal.clone())
        }
    };
    match result {
        Ok((runtime, Outcome::Proceed)) => {
            // Resets the disposition of SIGPIPE, which Rust's own start-up set to ignored.
            let error = std::process::Command::new(&runtime).args(arguments).exec();
            refused.report(&Refusal::new(
                Code::Runtime,
                format!("{} cannot be started", runtime.display()),
                error,
                "install the runtime there, or name another with `kubefence runtime-config --runtime`",
            ))
        }
        Ok((_, Outcome::CommandFails(message))) => {
            report::write_error(&global, &message);
            EXIT_EXEC_FAILED
        }
        Err(refusal) => refused.report(&refusal),
    }
}

/// Where a command line that is refused is logged.
fn configured_log() -> Option<PathBuf> {
    let path = configuration::configuration_path().ok()?;
    configuration::load(&path).ok().map(|configuration| configuration.log)
}

/// Answers the real runtime and whether it goes on.
fn prepare(
    global: &Global,
    command: &Command,
    log: &mut Option<PathBuf>,
    subject: &mut Subject,
) -> Result<(PathBuf, Outcome), Refusal> {
    let path = configuration::configuration_path()?;
    let context = |configuration, id| Context { global, configuration, id };
    let mut load = || -> Result<Configuration, Refusal> {
        let configuration = configuration::load(&path)?;
        *log = Some(configuration.log.clone());
        Ok(configuration)
    };
    let (configuration, outcome) = match command {
        Command::PassThrough => return Ok((configuration::load_runtime(&path)?, Outcome::Proceed)),
        Command::Create { bundle, id } => {
            let configuration = load()?;
            let outcome = create::run(&context(&configuration, id), bundle, subject)?;
            (configuration, outcome)
        }
        Command::Start { id } => {
            let configuration = load()?;
            let outcome = start::run(&context(&configuration, id), subject)?;
            (configuration, outcome)
        }
        Command::Exec { id, process } => {
            let configuration = load()?;
            let outcome = exec::run(&context(&configuration, id), process, subject)?;
            (configuration, outcome)
        }
    };
    Ok((configuration.runtime, outcome))
}

/// What is known when something is refused.
struct Refused<'a> {
    global: &'a Global,
    command: Option<&'a Command>,
    log: Option<PathBuf>,
    subject: Subject,
}

impl Refused<'_> {
    /// Tells everybody who has to know, and answers the exit code.
    fn report(&self, refusal: &Refusal) -> u8 {
        let (subcommand, what, id, exit_code) = match self.command {
            None | Some(Command::PassThrough) => ("", "the call", None, EXIT_FAILED),
            Some(Command::Create { id, .. }) => ("create", "the container", Some(id), EXIT_FAILED),
            Some(Command::Start { id }) => ("start", "the container", Some(id), EXIT_FAILED),
            Some(Command::Exec { id, .. }) => ("exec", "the process", Some(id), EXIT_EXEC_FAILED),
        };
        let text = refusal.to_string();
        if let Some(log) = self.log.as_deref() {
            let entry = Entry {
                event: Event::Refused,
                subcommand,
                container_id: id.map_or("", command_line::ContainerId::as_str),
                names: self.subject.as_ref(),
                reason: refusal.code.as_str(),
                text: &text,
            };
            // The refusal holds without its line in the node's log; the container engine has it too.
            let _: Result<(), _> = node_log::append(Path::new(log), &entry);
        }
        report::write_error(self.global, &format!("nono-runc refused {what}: {text}"));
        exit_code
    }
}
