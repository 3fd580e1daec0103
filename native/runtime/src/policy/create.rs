//! Whether a container may be created, and what is then put into its configuration and recorded.

use kubefence_policy::arguments::{self, ContainerOptions, Invocation, ProfileName};
use kubefence_policy::canonical::{LAUNCHER_PATH, launcher_arguments};
use kubefence_policy::recorded::RecordedPlaces;

use crate::configuration::Configuration;
use crate::files::record::{Record, Sandbox};
use crate::oci::configuration::OciConfiguration;
use crate::policy::pod::{PodContainer, Role};
use crate::policy::{launcher_mount, mounts, profile};
use crate::refusal::{Code, Refusal};

/// A container that may be created.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Approved {
    /// What to record about it.
    pub record: Record,
    /// The arguments that its process gets instead; `None` leaves them as they are.
    pub arguments: Option<Vec<String>>,
}

/// Decides about the container of `pod`.
///
/// # Errors
/// Any refusal of [`profile`], [`launcher_mount`] and [`mounts`]; `UNSANDBOXED`, `PROFILE_MISMATCH` and
/// `OPTIONS_MISMATCH` for a command that does not start as it has to.
pub fn decide(
    pod: &PodContainer,
    oci: &OciConfiguration,
    configuration: &Configuration,
) -> Result<Approved, Refusal> {
    if pod.role == Role::Sandbox {
        return Ok(Approved { record: Record { names: pod.names.clone(), sandbox: None }, arguments: None });
    }
    let found = &oci.process.args;
    if found[0] != LAUNCHER_PATH {
        return Err(unsandboxed(&found[0]));
    }
    check_other_ways(oci)?;
    let (name, profile) = profile::choose(pod, configuration)?;
    let others = launcher_mount::check(&oci.mounts, &configuration.launcher_directory)?;
    let volumes = mounts::volume_options(pod, others.into_iter(), profile, &configuration.kubelet_root)?;
    let options = ContainerOptions {
        scope_signals: !oci.has_own_pid_namespace,
        seccomp: configuration.seccomp_policy.clone(),
        read_write: volumes.read_write,
        read_only: volumes.read_only,
        except: volumes.except,
    };

    let places = RecordedPlaces::default();
    let from_plugin = texts(launcher_arguments(&name, None, &options, &places));
    // Where the plugin put the policy into the container's own filter. It is stacked all the same: nothing here rests
    // on what became of that filter on its way.
    let without_seccomp = ContainerOptions { seccomp: None, ..options.clone() };
    let in_own_filter = texts(launcher_arguments(&name, None, &without_seccomp, &places));
    // Of a bundle that is created a second time.
    let ours = texts(launcher_arguments(&name, Some(&profile.digest), &options, &places));
    let prefixes = [&from_plugin, &in_own_filter, &ours];
    let Some(command) = prefixes.iter().find_map(|prefix| found.strip_prefix(prefix.as_slice())) else {
        return Err(mismatch(pod, &name, &from_plugin, found));
    };
    let arguments = ours.iter().chain(command).cloned().collect();
    let sandbox = Sandbox {
        profile: name,
        digest: profile.digest.clone(),
        options,
        workdir: oci.process.cwd.clone(),
        uid: oci.process.user.uid,
        started: None,
    };
    Ok(Approved {
        record: Record { names: pod.names.clone(), sandbox: Some(sandbox) },
        arguments: Some(arguments),
    })
}

/// Annotations by which a pod makes crun run something else than the container's command: a WebAssembly module of the
/// image, or a virtual machine.
const HANDLER_ANNOTATIONS: [&str; 2] = ["run.oci.handler", "module.wasm.image/variant"];

/// Ways in which a program could start in the container without being its command.
fn check_other_ways(oci: &OciConfiguration) -> Result<(), Refusal> {
    if oci.has_hook_in_container {
        return Err(Refusal::new(
            Code::HookInContainer,
            "the container has a startContainer hook",
            "it would run a program inside the container without a sandbox",
            "use a createRuntime or createContainer hook, which runs a program of the node",
        ));
    }
    match HANDLER_ANNOTATIONS.iter().find(|name| oci.annotations.contains_key(**name)) {
        None => Ok(()),
        Some(name) => Err(Refusal::new(
            Code::HandlerAnnotation,
            format!("the pod has the annotation {name}"),
            "with it crun does not start the container's command",
            "remove the annotation, or use another RuntimeClass",
        )),
    }
}

/// Every path in them comes from JSON, so nothing is lost.
fn texts(argv: Vec<Vec<u8>>) -> Vec<String> {
    argv.into_iter().map(|argument| String::from_utf8_lossy(&argument).into_owned()).collect()
}

fn unsandboxed(command: &str) -> Refusal {
    Refusal::new(
        Code::Unsandboxed,
        format!("the container's command begins with {command:?}"),
        format!(
            "not with {LAUNCHER_PATH}: the plugin 10-nono-nri did not adjust it (it is not running, was too late, or \
             another plugin undid it)"
        ),
        "check that 10-nono-nri runs on this node and is registered with the container engine, then try again",
    )
}

fn mismatch(pod: &PodContainer, name: &ProfileName, expected: &[String], found: &[String]) -> Refusal {
    let bytes: Vec<&[u8]> = found.iter().map(String::as_bytes).collect();
    match arguments::parse(&bytes) {
        Ok(Invocation::Wrap(wrap)) if wrap.profile != *name => Refusal::new(
            Code::ProfileMismatch,
            format!("the container would start under the profile {}", wrap.profile.as_str()),
            format!("the profile of pod {} is {}", pod.names.pod, name.as_str()),
            "let the handler pass the annotation (pod_annotations = ['nono.sh/*'] in containerd), and write \
             nono-runc's configuration again after the plugin's (kubefence runtime-config)",
        ),
        parsed => Refusal::new(
            Code::OptionsMismatch,
            format!("the container's command begins with {:?}", shown(parsed.as_ref().ok(), found)),
            format!("from its mounts and namespaces, and from seccomp_profile, follows {expected:?}"),
            "write nono-runc's configuration again after the plugin's (kubefence runtime-config); look for another \
             NRI plugin that changes mounts or arguments of sandboxed containers",
        ),
    }
}

/// What of the arguments is the launcher's; all of them where that cannot be said.
fn shown<'a>(parsed: Option<&Invocation>, found: &'a [String]) -> &'a [String] {
    match parsed {
        Some(Invocation::Wrap(wrap)) => &found[..wrap.command_index],
        _ => found,
    }
}

#[cfg(test)]
#[path = "create_tests.rs"]
mod tests;
