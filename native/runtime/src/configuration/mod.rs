//! nono-runc's configuration: what `kubefence runtime-config` writes beside the program. docs/reference/nono-runc.md
//! explains every member.

mod document;
mod load;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use kubefence_policy::arguments::ProfileName;
use kubefence_policy::path::AbsolutePath;
use kubefence_policy::recorded::Digest;

pub use document::{ExecPolicy, InvalidProfile, VolumeAccess};
pub use load::{MAX_CONFIGURATION_BYTES, configuration_path, load, load_runtime};

/// A configuration whose every member is known and valid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Configuration {
    /// The real runtime.
    pub runtime: PathBuf,
    /// The launcher's directory on the node.
    pub launcher_directory: AbsolutePath,
    /// The launchers that may be in it.
    pub accepted_launchers: Vec<AcceptedLauncher>,
    /// Installed profiles by name, sorted.
    pub profiles: Vec<(ProfileName, Profile)>,
    /// The profile of pods that name none.
    pub default_profile: ProfileName,
    /// What becomes of a pod whose annotation is no profile name.
    pub invalid_profile: InvalidProfile,
    /// Namespace, or `*`, to profiles; `None` gives every profile to every namespace.
    pub allowed_profiles: Option<BTreeMap<String, Vec<ProfileName>>>,
    /// The kubelet's directory.
    pub kubelet_root: AbsolutePath,
    /// What becomes of an exec where no namespace says otherwise.
    pub exec_policy: ExecPolicy,
    /// What becomes of an exec, by namespace.
    pub exec_policy_by_namespace: BTreeMap<String, ExecPolicy>,
    /// The seccomp policy that every process gets on top of its container's own.
    pub seccomp_policy: Option<ProfileName>,
    /// Lowest Landlock ABI to work with.
    pub min_landlock_abi: i32,
    /// The node's log of refusals.
    pub log: PathBuf,
}

impl Configuration {
    /// What becomes of an exec in a container of this namespace.
    #[must_use]
    pub fn exec_policy_of(&self, namespace: &str) -> ExecPolicy {
        self.exec_policy_by_namespace.get(namespace).copied().unwrap_or(self.exec_policy)
    }
}

/// What an installed profile is, as far as options follow from it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    /// Which bytes its manifest is.
    pub digest: Digest,
    /// How the pod's data volumes may be used.
    pub volumes: VolumeAccess,
    /// `ConfigMap`, Secret and downward API volumes may be read.
    pub config_volumes: bool,
    /// Projected volumes, which may hold tokens, may be read.
    pub projected_volumes: bool,
    /// Exceptions without variable or wildcard.
    pub literal_exceptions: Arc<[AbsolutePath]>,
}

/// A launcher that may be in the launcher's directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AcceptedLauncher {
    /// What it is.
    pub digest: Digest,
    /// `inode:size:ctime`: the status of the file that had this digest when the configuration was written. Where it
    /// still is the file's, the file need not be read again: only root could have changed it, and any change
    /// changes the time.
    pub identity: String,
}

#[cfg(test)]
pub(crate) mod testing {
    //! A configuration for tests.

    use super::Configuration;

    /// As `kubefence runtime-config` would write it, in short.
    pub const JSON: &str = r#"{"version":1,"runtime":"/usr/bin/runc",
        "launcher":{"directory":"/opt/nono-nri","accepted":[
            {"sha256":"0000000000000000000000000000000000000000000000000000000000000000","identity":"1:2:3.000000004"}]},
        "exception_lists":[["/etc/shadow","/var/run/secrets"],[]],
        "profiles":{
            "default":{"digest":"1111111111111111111111111111111111111111111111111111111111111111","volumes":"none",
                "config_volumes":true,"projected_volumes":false,"exceptions":0},
            "workspace":{"digest":"2222222222222222222222222222222222222222222222222222222222222222","volumes":"readwrite",
                "config_volumes":true,"projected_volumes":false,"exceptions":0}},
        "default_profile":"default","invalid_profile":"default","kubelet_root":"/var/lib/kubelet",
        "exec_policy":{"default":"sandbox","namespaces":{"closed":"deny"}},
        "seccomp_profile":"","min_landlock_abi":1,"log":"/var/log/nono-runc.log"}"#;

    /// [`JSON`], read.
    pub fn configuration() -> Configuration {
        Configuration::parse(JSON.as_bytes()).unwrap()
    }

    /// [`JSON`] with one text replaced, read.
    pub fn with(from: &str, to: &str) -> Configuration {
        assert!(JSON.contains(from), "{from}");
        Configuration::parse(JSON.replace(from, to).as_bytes()).unwrap()
    }
}
