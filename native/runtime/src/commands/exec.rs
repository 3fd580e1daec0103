//! `exec`: the process is rewritten to start under the launcher, with the profile and options that its container was
//! created with.

use std::path::Path;

use kubefence_policy::canonical::launcher_arguments;

use crate::command_line::ContainerId;
use crate::commands::start::root_of;
use crate::commands::{Context, Outcome, Subject};
use crate::configuration::ExecPolicy;
use crate::container::lookup::{self, Lookup};
use crate::container::{launcher, seccomp_filter, state};
use crate::files::node_log::{self, Entry, Event};
use crate::files::record::{self, Record, Sandbox};
use crate::files::{replace, trusted};
use crate::oci::object::Object;
use crate::oci::process::{PROCESS_MEMBERS, Process, arguments_as_json};
use crate::refusal::{Code, Refusal};

/// Largest process file that is read: environment and arguments together are at most 6 MiB for the kernel.
const MAX_PROCESS_BYTES: usize = 16 << 20;

/// Checks the container and rewrites the process file.
///
/// # Errors
/// Why nothing is started.
pub fn run(context: &Context, process_file: &Path, subject: &mut Subject) -> Result<Outcome, Refusal> {
    let running = state::find(context.global.root.as_deref(), context.id)?;
    let record = record::read(&running.bundle)?;
    *subject = Some(record.names.clone());
    let sandbox =
        record.sandbox.as_ref().ok_or_else(|| not_started("it is the pod's own sandbox container"))?;
    let unusable = |why: &dyn std::fmt::Display| {
        let advice = "let the container engine write the process file, as root and not writable by others";
        let what = format!("the process file {} cannot be used", process_file.display());
        Refusal::new(Code::ProcessFile, what, why, advice)
    };
    let (json, status) = trusted::read(process_file, MAX_PROCESS_BYTES).map_err(|error| unusable(&error))?;
    let object = Object::parse(&json, &PROCESS_MEMBERS).map_err(|error| unusable(&error))?;
    let process = Process::read(&object).map_err(|error| unusable(&error))?;

    match context.configuration.exec_policy_of(&record.names.namespace) {
        ExecPolicy::Deny => return Err(denied(&record)),
        ExecPolicy::Allow => return allow(context, &record, &process).map(|()| Outcome::Proceed),
        ExecPolicy::Sandbox => {}
    }
    let arguments = wrapped(sandbox, &process)?;
    let root = root_of(&running, context)?;
    launcher::verify(&root, context.configuration, &sandbox.digest)?;
    seccomp_filter::verify(&root, context.configuration, sandbox.options.seccomp.as_ref())?;
    if let Lookup::Fail(why) = lookup::look_up(&root, &process, || running.maps_users()) {
        return Ok(Outcome::CommandFails(format!("exec failed: unable to start container process: {why}")));
    }
    let changed = object.with("args", &arguments_as_json(&arguments));
    replace::replace(process_file, changed.as_bytes(), Some(&status)).map_err(|error| {
        let what = format!("the process file {} cannot be replaced", process_file.display());
        Refusal::new(Code::Write, what, error, "make room on its file system")
    })?;
    Ok(Outcome::Proceed)
}

/// The command behind the launcher and its options.
fn wrapped(sandbox: &Sandbox, process: &Process) -> Result<Vec<String>, Refusal> {
    let started = sandbox.started.as_ref().ok_or_else(|| not_started("it was created and never started"))?;
    let mut places = started.clone();
    if process.user.uid != sandbox.uid {
        // Whose home that is was not recorded, and another user's is never opened.
        places.home = kubefence_policy::recorded::RecordedPlace::Nowhere;
    }
    let argv = launcher_arguments(&sandbox.profile, Some(&sandbox.digest), &sandbox.options, &places);
    // The record is JSON, so every path in it is text.
    let prefix = argv.iter().map(|argument| String::from_utf8_lossy(argument).into_owned());
    Ok(prefix.chain(process.args.iter().cloned()).collect())
}

fn not_started(why: &str) -> Refusal {
    let advice = "enter a container that was started through this handler";
    Refusal::new(Code::Record, "no process can be sent into this container", why, advice)
}

fn denied(record: &Record) -> Refusal {
    Refusal::new(
        Code::ExecDenied,
        "processes cannot be sent into running containers",
        format!("exec_policy is deny for namespace {}", record.names.namespace),
        "use an HTTP, TCP or gRPC probe instead of exec, or ask the cluster's operator to change exec_policy",
    )
}

/// Break-glass: without its line in the log nothing is let through.
fn allow(context: &Context, record: &Record, process: &Process) -> Result<(), Refusal> {
    let command = arguments_as_json(&process.args);
    let entry = Entry {
        event: Event::ExecAllowed,
        subcommand: "exec",
        container_id: ContainerId::as_str(context.id),
        names: Some(&record.names),
        reason: "exec_policy",
        text: &command,
    };
    let log = &context.configuration.log;
    node_log::append(log, &entry).map_err(|error| {
        let what = format!("{} cannot be written", log.display());
        let advice = "make room there, or set exec_policy to sandbox";
        Refusal::new(Code::Write, what, format!("{error}; exec_policy allow logs each exec"), advice)
    })
}
