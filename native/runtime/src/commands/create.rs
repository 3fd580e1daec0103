//! `create`: config.json must start the launcher as it has to; then it gets the profile's digest.

use std::path::Path;

use rustix::io::Errno;

use crate::commands::{Context, Outcome, Subject};
use crate::container::kernel::landlock_abi;
use crate::files::trusted::FileError;
use crate::files::{record, replace, trusted};
use crate::oci::configuration::{MAX_CONFIGURATION_BYTES, OciConfiguration, with_arguments};
use crate::policy::create::decide;
use crate::policy::pod::{check_engine_record, identify};
use crate::refusal::{Code, Refusal};

/// Checks and completes the bundle.
///
/// # Errors
/// Why the container is not created.
pub fn run(context: &Context, bundle: &Path, subject: &mut Subject) -> Result<Outcome, Refusal> {
    let path = bundle.join("config.json");
    let unusable = |why: &dyn std::fmt::Display| {
        let advice = "let the container engine write the bundle, as root and not writable by others";
        Refusal::new(Code::Bundle, format!("{} cannot be used", path.display()), why, advice)
    };
    let (json, status) = trusted::read(&path, MAX_CONFIGURATION_BYTES).map_err(|error| unusable(&error))?;
    let oci = OciConfiguration::parse(&json).map_err(|error| unusable(&error))?;
    let pod = identify(&oci.annotations, context.id.as_str())?;
    *subject = Some(pod.names.clone());
    check_engine_record(&pod, &recorded_sandbox_id(bundle).map_err(|error| unusable(&error))?)?;
    let approved = decide(&pod, &oci, context.configuration)?;
    if let Some(arguments) = approved.arguments {
        check_kernel(context)?;
        let changed = with_arguments(&json, &arguments).map_err(|error| unusable(&error))?;
        replace::replace(&path, changed.as_bytes(), Some(&status)).map_err(|error| {
            let what = format!("{} cannot be replaced", path.display());
            let advice = "make room on the file system of the container engine's state";
            Refusal::new(Code::Write, what, error, advice)
        })?;
    }
    record::write(bundle, &approved.record)?;
    Ok(Outcome::Proceed)
}

/// The sandbox that containerd recorded in the bundle of a container that joins one; empty where there is none.
fn recorded_sandbox_id(bundle: &Path) -> Result<String, FileError> {
    const MAX_ID_BYTES: usize = 1024;
    match trusted::read(&bundle.join("sandbox"), MAX_ID_BYTES) {
        Ok((id, _)) => Ok(String::from_utf8_lossy(&id).into_owned()),
        Err(FileError::Failed(Errno::NOENT)) => Ok(String::new()),
        Err(error) => Err(error),
    }
}

fn check_kernel(context: &Context) -> Result<(), Refusal> {
    let (abi, wanted) = (landlock_abi(), context.configuration.min_landlock_abi);
    if abi >= wanted.max(1) {
        return Ok(());
    }
    Err(Refusal::new(
        Code::LandlockAbi,
        format!("this kernel has Landlock ABI {abi}"),
        format!("min_landlock_abi is {wanted}"),
        "use a newer kernel with landlock in its lsm= list, or lower min_landlock_abi",
    ))
}
