//! `wrap`, step by step: read the profile, restrict the process, prove it, become the command.

use std::ffi::{CStr, CString};

use kubefence_policy::arguments::{ContainerOptions, Wrap};
use kubefence_policy::manifest::{Access, Manifest};
use kubefence_policy::path::AbsolutePath;
use kubefence_policy::pattern::PathPattern;
use kubefence_policy::recorded::{RecordedPlace, RecordedPlaces};
use kubefence_policy::template::{Base, Variables};

use crate::domain::{self, Domain};
use crate::error::{Code, LaunchError};
use crate::exclusions::Exclusions;
use crate::grants::{self, GrantError};
use crate::judgement::{Judge, Origin};
use crate::kernel::StringVector;
use crate::place::Kind;
use crate::seccomp::SeccompFilter;
use crate::walk::{WalkError, Walker};
use crate::{command, profile, proof, socket_filter, truncate_filter, variables};

/// Restricts the process and becomes the command; returns only with the reason why not.
#[must_use]
pub fn run(wrap: &Wrap, arguments: StringVector, environment: StringVector) -> LaunchError {
    let command = arguments.skip(wrap.command_index);
    let Some(name) = command.strings().first().copied() else {
        return LaunchError::new(Code::Usage, "no command", "nothing after --", "give a command");
    };
    match restrict(wrap, name, environment) {
        Ok(path) => command::become_command(&path, command, environment),
        Err(error) => error,
    }
}

/// Restricts the process; answers the path of the command, which may be executed under every profile.
fn restrict(wrap: &Wrap, name: &CStr, environment: StringVector) -> Result<CString, LaunchError> {
    let manifest = profile::load(&wrap.profile, wrap.digest.as_ref())?;
    let seccomp = wrap.options.seccomp.as_ref().map(SeccompFilter::load).transpose()?;
    let abi = domain::kernel_abi();
    check_kernel(&manifest, abi)?;
    let unproved = proof::before()?;
    let command = command::find(name, environment)?;
    let mut domain = Domain::new(abi, &manifest.tcp, wrap.options.scope_signals)?;
    add_rules(&manifest, wrap, &command, &mut domain)?;
    domain.enforce()?;
    if abi < truncate_filter::FIRST_ABI_WITH_TRUNCATE {
        truncate_filter::install()?;
    }
    if manifest.tcp.is_restricted() {
        socket_filter::install(&manifest.tcp)?;
    }
    unproved.after()?;
    if let Some(seccomp) = seccomp {
        seccomp.install()?;
    }
    Ok(command)
}

fn check_kernel(manifest: &Manifest, abi: i32) -> Result<(), LaunchError> {
    const TCP_RULES_ABI: i32 = 4;
    if abi < 1 {
        return Err(LaunchError::new(
            Code::LandlockUnavailable,
            "this kernel enforces no Landlock",
            "it is older than 5.13, built without it, or landlock is not in its lsm= list",
            "add landlock to the kernel's lsm= parameter, or upgrade the kernel",
        ));
    }
    if manifest.tcp.is_restricted() && abi < TCP_RULES_ABI {
        return Err(LaunchError::new(
            Code::LandlockTooOld,
            "the profile has TCP rules",
            format!("they need Landlock ABI {TCP_RULES_ABI} (Linux 6.7), this kernel has ABI {abi}"),
            "upgrade the kernel or use a profile without network rules",
        ));
    }
    Ok(())
}

fn add_rules(
    manifest: &Manifest,
    wrap: &Wrap,
    command: &CStr,
    domain: &mut Domain,
) -> Result<(), LaunchError> {
    let Wrap { options, places, .. } = wrap;
    let root = std::path::Path::new("/");
    let walker =
        Walker::new(root).map_err(|error| unreadable(WalkError::Failed(AbsolutePath::root(), error)))?;
    let templates = manifest.grants.iter().map(|grant| &grant.path).chain(&manifest.exceptions);
    let variables = variables::find(&walker, templates).map_err(unreadable)?;
    let exclusions = Exclusions::find(&walker, &closed_patterns(manifest, options, places, &variables))
        .map_err(unreadable)?;
    let judge = Judge::new(&walker, variables.uid);
    // A process that joins a running container names volumes by their real paths: a symbolic link there by now is the
    // workload's.
    let is_joining = places.workdir != RecordedPlace::AsFound;
    for (pattern, origin, recorded, access) in wanted(manifest, options, places, &variables) {
        for place in grants::find(&walker, &pattern).map_err(unreadable)? {
            let is_bent = is_joining && origin == Origin::Volume && place.symlink_mount.is_some();
            if is_bent || !recorded.admits(&place.path) {
                continue;
            }
            if let Some(access) = judge.allowed(&place, origin, access).map_err(unreadable)? {
                grants::grant(&walker, &exclusions, &place, access, domain).map_err(|error| match error {
                    GrantError::Walk(error) => unreadable(error),
                    GrantError::Sink(error) => error,
                })?;
            }
        }
    }
    if let Some(place) = command::to_grant(&walker, &exclusions, command).map_err(unreadable)? {
        domain.allow_execute(&place)?;
    }
    // Every profile: a wrapped process may start the launcher by name, as a shell that is given our
    // argument vector does.
    let launcher = AbsolutePath::normalize(b"/nono/nono").unwrap_or_else(AbsolutePath::root);
    match walker.resolve(&launcher) {
        Ok(place) if place.kind == Kind::File && place.symlink_mount.is_none() => {
            domain.allow_execute(&place)?;
        }
        _ => {}
    }
    // The folder, since an upgrade replaces the file in it, and running containers go on to find it on their PATH.
    let shims = AbsolutePath::normalize(b"/nono/shims").unwrap_or_else(AbsolutePath::root);
    match walker.resolve(&shims) {
        Ok(place) if place.kind == Kind::Directory && place.symlink_mount.is_none() => {
            domain.allow_execute(&place)
        }
        _ => Ok(()),
    }
}

fn closed_patterns(
    manifest: &Manifest,
    options: &ContainerOptions,
    places: &RecordedPlaces,
    variables: &Variables,
) -> Vec<PathPattern> {
    let own = AbsolutePath::normalize(proof::LAUNCHER_DIRECTORY.as_bytes());
    // Where a variable was when the container started stays closed too.
    let recorded = Variables {
        workdir: places.workdir.path().or(variables.workdir.as_ref()).cloned(),
        home: places.home.path().or(variables.home.as_ref()).cloned(),
        uid: variables.uid,
    };
    let meanings = [Some(variables), Some(&recorded).filter(|recorded| *recorded != variables)];
    let exceptions = meanings
        .into_iter()
        .flatten()
        .flat_map(|meaning| manifest.exceptions.iter().filter_map(|path| path.resolve(meaning)));
    let literals = options.except.iter().chain(&own).map(PathPattern::literal);
    exceptions.chain(literals).collect()
}

fn wanted<'a>(
    manifest: &'a Manifest,
    options: &'a ContainerOptions,
    places: &'a RecordedPlaces,
    variables: &'a Variables,
) -> impl Iterator<Item = (PathPattern, Origin, &'a RecordedPlace, Access)> + 'a {
    let of_profile = manifest.grants.iter().filter_map(|grant| {
        let (origin, recorded) = match grant.path.base() {
            Base::Root => (Origin::Profile, &RecordedPlace::AsFound),
            Base::Workdir => (Origin::Variable, &places.workdir),
            Base::Home => (Origin::Variable, &places.home),
        };
        Some((grant.path.resolve(variables)?, origin, recorded, grant.access))
    });
    let volume = |access| {
        move |path: &AbsolutePath| {
            (PathPattern::literal(path), Origin::Volume, &RecordedPlace::AsFound, access)
        }
    };
    of_profile
        .chain(options.read_write.iter().map(volume(Access::ReadWrite)))
        .chain(options.read_only.iter().map(volume(Access::Read)))
}

fn unreadable(error: WalkError) -> LaunchError {
    match error {
        WalkError::TooManyEntries(path) => LaunchError::new(
            Code::TooManyEntries,
            format!("{path} has too many entries"),
            format!(
                "directories that hold an exception of the profile are granted entry by entry, and more than {} \
                 entries would be listed",
                crate::walk::MAX_LISTED_ENTRIES
            ),
            "grant a smaller directory or drop the exception",
        ),
        WalkError::Failed(path, error) => LaunchError::new(
            Code::PathUnreadable,
            format!("what is at {path} cannot be found out"),
            error,
            "check the volume or file system there, and the container's limits",
        ),
        WalkError::Missing | WalkError::Unreachable(_) => LaunchError::new(
            Code::PathUnreadable,
            "the container's root directory cannot be searched",
            "no permission",
            "make / searchable for the container's user",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(json: &str, abi: i32) -> Option<Code> {
        check_kernel(&Manifest::parse(json.as_bytes()).unwrap(), abi).err().map(|error| error.code)
    }

    #[test]
    fn what_a_kernel_cannot_enforce_is_refused() {
        let files = r#"{"version":"0.1.0"}"#;
        let tcp = r#"{"version":"0.1.0","network":{"ports":{"bind":[80]}}}"#;
        assert_eq!(code(files, 0), Some(Code::LandlockUnavailable));
        assert_eq!(code(tcp, 0), Some(Code::LandlockUnavailable));
        assert_eq!(code(files, 1), None);
        assert_eq!(code(tcp, 3), Some(Code::LandlockTooOld));
        assert_eq!(code(tcp, 4), None);
        assert_eq!(code(tcp, 10), None);
    }
}
