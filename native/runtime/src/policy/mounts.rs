//! Which mounts become options of the launcher. The plugin computes the same when it adjusts a container
//! (packages/plugin/src/policy/volumes.ts); vectors/container-options.json holds both together.

use std::collections::BTreeMap;

use kubefence_policy::path::AbsolutePath;

use crate::configuration::{Profile, VolumeAccess};
use crate::oci::configuration::Mount;
use crate::policy::pod::PodContainer;
use crate::refusal::{Code, Refusal};

/// The paths for the launcher's options, each list sorted bytewise.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VolumeOptions {
    /// `--rw`
    pub read_write: Vec<AbsolutePath>,
    /// `--ro`
    pub read_only: Vec<AbsolutePath>,
    /// `--except`
    pub except: Vec<AbsolutePath>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Data,
    Config,
    Projected,
    Unknown,
    Runtime,
    Host,
}

/// What a mount asks for; among mounts at one destination that are not granted, the later here wins.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Outcome {
    Nothing,
    ExceptUnderGrant,
    Except,
    ReadOnly,
    ReadWrite,
}

impl Outcome {
    fn is_grant(self) -> bool {
        self >= Self::ReadOnly
    }
}

const VOLUME_PLUGIN_PREFIX: &str = "kubernetes.io~";
const DATA_PLUGINS: [&str; 16] = [
    "empty-dir",
    "csi",
    "nfs",
    "iscsi",
    "fc",
    "rbd",
    "cephfs",
    "glusterfs",
    "local-volume",
    "aws-ebs",
    "gce-pd",
    "azure-disk",
    "azure-file",
    "vsphere-volume",
    "cinder",
    "portworx-volume",
];
const CONFIG_PLUGINS: [&str; 3] = ["configmap", "secret", "downward-api"];

/// Files that the engine makes for each sandbox and binds into its containers.
const RUNTIME_FILES: [&str; 4] = ["/etc/hosts", "/etc/hostname", "/etc/resolv.conf", "/dev/shm"];

/// Computes the options of a container with these mounts, the launcher's own left out.
///
/// # Errors
/// `MOUNT_PATH_INVALID`, `MOUNT_AMBIGUOUS`
pub fn volume_options<'a>(
    pod: &PodContainer,
    mounts: impl Iterator<Item = &'a Mount>,
    profile: &Profile,
    kubelet_root: &AbsolutePath,
) -> Result<VolumeOptions, Refusal> {
    let mut outcomes: BTreeMap<AbsolutePath, Outcome> = BTreeMap::new();
    for mount in mounts {
        let destination = clean_destination(mount)?;
        let outcome =
            outcome_of(mount, &destination, kind_of(pod, mount, &destination, kubelet_root), profile);
        match outcomes.get_mut(&destination) {
            None => {
                outcomes.insert(destination, outcome);
            }
            Some(other) if *other != outcome && (other.is_grant() || outcome.is_grant()) => {
                return Err(Refusal::new(
                    Code::MountAmbiguous,
                    format!("two mounts lie at {destination}"),
                    "only one of them is for the profile to grant, and which one is seen depends on their order",
                    "give each volume a mountPath of its own",
                ));
            }
            Some(other) => *other = (*other).max(outcome),
        }
    }
    let with = |wanted| {
        let matching =
            move |(path, outcome): (&AbsolutePath, &Outcome)| (*outcome == wanted).then(|| path.clone());
        outcomes.iter().filter_map(matching)
    };
    let read_write: Vec<_> = with(Outcome::ReadWrite).collect();
    let read_only: Vec<_> = with(Outcome::ReadOnly).collect();
    let is_reachable =
        |path: &AbsolutePath| read_write.iter().chain(&read_only).any(|granted| path.is_below(granted));
    let inside_grant = with(Outcome::ExceptUnderGrant).filter(is_reachable);
    let mut except: Vec<_> = with(Outcome::Except).chain(inside_grant).collect();
    except.sort_unstable();
    Ok(VolumeOptions { read_write, read_only, except })
}

/// A mount's destination as the kernel would walk it from `/`, symbolic links apart.
///
/// # Errors
/// `MOUNT_PATH_INVALID`: it could not be named to the launcher.
pub fn clean_destination(mount: &Mount) -> Result<AbsolutePath, Refusal> {
    // Where a replacement character is, other bytes may have been.
    let path = clean(&mount.destination).filter(|_| !mount.destination.contains('\u{fffd}'));
    path.ok_or_else(|| {
        Refusal::new(
            Code::MountPath,
            format!("a volume is mounted at {:?}", mount.destination),
            "it is not valid UTF-8, has a NUL, or is longer than 4095 bytes",
            "choose another mountPath",
        )
    })
}

/// Relative paths count from `/`, as the runtime specification says of mounts.
fn clean(path: &str) -> Option<AbsolutePath> {
    let mut components: Vec<&str> = Vec::new();
    for component in path.split('/') {
        match component {
            "" | "." => {}
            ".." => {
                components.pop();
            }
            name => components.push(name),
        }
    }
    AbsolutePath::parse(format!("/{}", components.join("/")).as_bytes()).ok()
}

fn outcome_of(mount: &Mount, destination: &AbsolutePath, kind: Kind, profile: &Profile) -> Outcome {
    let is_covered = || profile.literal_exceptions.iter().any(|path| destination.is_within(path));
    match kind {
        Kind::Data => match profile.volumes {
            VolumeAccess::None => Outcome::Nothing,
            VolumeAccess::ReadWrite if !has_option(mount, "ro") => Outcome::ReadWrite,
            VolumeAccess::Read | VolumeAccess::ReadWrite => Outcome::ReadOnly,
        },
        Kind::Config if profile.config_volumes => Outcome::ReadOnly,
        Kind::Projected if profile.projected_volumes => Outcome::ReadOnly,
        Kind::Projected if !is_covered() => Outcome::Except,
        Kind::Config | Kind::Projected | Kind::Runtime => Outcome::Nothing,
        Kind::Unknown | Kind::Host => Outcome::ExceptUnderGrant,
    }
}

fn kind_of(
    pod: &PodContainer,
    mount: &Mount,
    destination: &AbsolutePath,
    kubelet_root: &AbsolutePath,
) -> Kind {
    if mount.kind != "bind" && !has_option(mount, "bind") && !has_option(mount, "rbind") {
        return Kind::Runtime;
    }
    let Some(source) = clean(&mount.source) else { return Kind::Host };
    let below = |name: &str| -> Option<Vec<u8>> {
        let directory = [kubelet_root.as_bytes(), b"/pods/", name.as_bytes(), b"/"].concat();
        source.as_bytes().strip_prefix(directory.as_slice()).map(<[u8]>::to_vec)
    };
    if let Some(rest) = below(&pod.uid) {
        let components: Vec<&[u8]> = rest.split(|byte| *byte == b'/').collect();
        return match components[..] {
            [b"volumes", plugin, _, ..] => kind_of_volume(plugin),
            [b"volumes" | b"volume-subpaths", ..] => Kind::Unknown,
            [b"etc-hosts"] | [b"containers", _, _] => Kind::Runtime,
            _ => Kind::Host,
        };
    }
    let is_runtime_file = RUNTIME_FILES.iter().any(|file| file.as_bytes() == destination.as_bytes());
    if is_runtime_file && source.components().any(|component| component == pod.sandbox_id.as_bytes()) {
        Kind::Runtime
    } else {
        Kind::Host
    }
}

/// The kubelet's directory for a volume plugin tells the kind of volume.
fn kind_of_volume(plugin: &[u8]) -> Kind {
    let name =
        plugin.strip_prefix(VOLUME_PLUGIN_PREFIX.as_bytes()).and_then(|name| str::from_utf8(name).ok());
    match name {
        Some("projected") => Kind::Projected,
        Some(name) if CONFIG_PLUGINS.contains(&name) => Kind::Config,
        Some(name) if DATA_PLUGINS.contains(&name) => Kind::Data,
        _ => Kind::Unknown,
    }
}

fn has_option(mount: &Mount, wanted: &str) -> bool {
    mount.options.iter().any(|option| option == wanted)
}

#[cfg(test)]
#[path = "mounts_tests.rs"]
mod tests;
