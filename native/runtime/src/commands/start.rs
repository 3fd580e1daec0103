//! `start`: the container's mounts are there, and nothing of its image runs yet. Is the launcher really what will
//! run? And where do the profile's variables lead?

use crate::commands::{Context, Outcome, Subject};
use crate::container::root::ContainerRoot;
use crate::container::{launcher, places, seccomp_filter, state};
use crate::files::record::{self, Record, Sandbox};
use crate::refusal::{Code, Refusal};

/// Checks the container and completes its record.
///
/// # Errors
/// Why the container is not started.
pub fn run(context: &Context, subject: &mut Subject) -> Result<Outcome, Refusal> {
    let running = state::find(context.global.root.as_deref(), context.id)?;
    let record = record::read(&running.bundle)?;
    *subject = Some(record.names.clone());
    let Some(sandbox) = record.sandbox else { return Ok(Outcome::Proceed) };
    let root = root_of(&running, context)?;
    launcher::verify(&root, context.configuration, &sandbox.digest)?;
    seccomp_filter::verify(&root, context.configuration, sandbox.options.seccomp.as_ref())?;
    let started = places::find(&root, &sandbox.workdir, sandbox.uid);
    let options = places::resolve(&root, &sandbox.options);
    let sandbox = Sandbox { started: Some(started), options, ..sandbox };
    record::write(&running.bundle, &Record { sandbox: Some(sandbox), ..record })?;
    Ok(Outcome::Proceed)
}

/// The container's root directory.
///
/// # Errors
/// `STATE_UNKNOWN` when its process ends meanwhile.
pub fn root_of(running: &state::Running, context: &Context) -> Result<ContainerRoot, Refusal> {
    ContainerRoot::of_process(&running.process).map_err(|error| {
        let what = format!("the root directory of the container {} is not there", context.id.as_str());
        Refusal::new(Code::State, what, error, "check why the container's process ended")
    })
}
