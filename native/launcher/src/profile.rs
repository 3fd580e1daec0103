//! The manifest of a profile: from the launcher's own read-only folder, else from inside the binary.

use std::os::fd::OwnedFd;

use kubefence_policy::arguments::ProfileName;
use kubefence_policy::manifest::{MAX_MANIFEST_BYTES, Manifest, ManifestError};
use kubefence_policy::recorded::Digest;
use rustix::io::Errno;

use crate::error::{Code, LaunchError};
use crate::installed::{self, ReadError, open_directory};
use crate::proof;

/// Compiled-in manifests by profile name.
const BUILT_IN: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/built_in.rs"));

/// Reads and checks the manifest of `name`. The built-in ones count only where `/nono/profiles` does not
/// exist: once an operator installs profiles, what he installed is all there is. With a digest only the file
/// that is stored under it counts, whatever the name stands for by now.
///
/// # Errors
/// `LAUNCHER_DIRECTORY`, `PROFILE_UNREADABLE`, `PROFILE_NOT_INSTALLED`, `MANIFEST_INVALID`,
/// `MANIFEST_UNSUPPORTED`
pub fn load(name: &ProfileName, digest: Option<&Digest>) -> Result<Manifest, LaunchError> {
    let launcher_directory = open_directory(rustix::fs::CWD, proof::LAUNCHER_DIRECTORY).map_err(|error| {
        LaunchError::new(
            Code::LauncherDirectory,
            "/nono is not the launcher's directory",
            error,
            "mount the launcher's directory at /nono, over no symbolic link or file of the image",
        )
    })?;
    match open_directory(&launcher_directory, "profiles") {
        Ok(profiles) => match digest {
            None => read_installed(&profiles, "/nono/profiles", name, name.as_str()),
            Some(digest) => {
                const BY_DIGEST: &str = "/nono/profiles/by-digest";
                let by_digest =
                    open_directory(&profiles, "by-digest").map_err(|error| unreadable(BY_DIGEST, error))?;
                read_installed(&by_digest, BY_DIGEST, name, digest.as_str())
            }
        },
        Err(Errno::NOENT) if digest.is_none() => find_built_in(name),
        Err(error) => Err(unreadable("/nono/profiles", error)),
    }
}

fn find_built_in(name: &ProfileName) -> Result<Manifest, LaunchError> {
    match BUILT_IN.iter().find(|(known, _)| *known == name.as_str()) {
        Some((_, json)) => parse(name, json.as_bytes()),
        None => Err(not_installed(name, "it is not built in, and /nono/profiles does not exist")),
    }
}

fn read_installed(
    folder: &OwnedFd,
    folder_path: &str,
    name: &ProfileName,
    stem: &str,
) -> Result<Manifest, LaunchError> {
    let file_name = format!("{stem}.json");
    let shown = format!("{folder_path}/{file_name}");
    match installed::read(folder, &file_name, MAX_MANIFEST_BYTES) {
        Ok(content) => parse(name, &content),
        Err(ReadError::Missing) => Err(not_installed(name, "the file does not exist")),
        Err(error) => Err(unreadable(&shown, error)),
    }
}

fn parse(name: &ProfileName, json: &[u8]) -> Result<Manifest, LaunchError> {
    Manifest::parse(json).map_err(|error| {
        let code = match error {
            ManifestError::Unsupported(..) => Code::ManifestUnsupported,
            ManifestError::Malformed(_) | ManifestError::Invalid(..) => Code::ManifestInvalid,
        };
        let what = format!("the manifest of profile {} is refused", name.as_str());
        LaunchError::new(code, what, error, "compile the profile again with `kubefence profile compile`")
    })
}

fn not_installed(name: &ProfileName, why: &str) -> LaunchError {
    let what = format!("profile {} is not installed", name.as_str());
    LaunchError::new(Code::ProfileNotInstalled, what, why, "install the profile on the node or name another")
}

fn unreadable(path: &str, why: impl std::fmt::Display) -> LaunchError {
    let what = format!("{path} cannot be read");
    LaunchError::new(
        Code::ProfileUnreadable,
        what,
        why,
        "make the launcher's directory readable for every user (directories 0755, manifests 0644); a sandbox \
         inside a sandbox cannot read it",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn built_in_manifests_are_all_valid() {
        assert!(BUILT_IN.iter().any(|(name, _)| *name == "default"));
        for (name, _) in BUILT_IN {
            find_built_in(&ProfileName::parse(name.as_bytes()).unwrap()).unwrap();
        }
    }

    #[test]
    fn an_unknown_built_in_is_not_installed() {
        let error = find_built_in(&ProfileName::parse(b"no-such").unwrap()).unwrap_err();
        assert_eq!(error.code, Code::ProfileNotInstalled);
    }
}
