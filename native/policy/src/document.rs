//! The manifest exactly as its JSON spells it. A member that is not here, a member given twice and a
//! `null` are all refused: what the launcher does not know it cannot enforce.

use std::borrow::Cow;

use serde::de::IgnoredAny;
use serde::{Deserialize, Deserializer};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Document<'a> {
    /// For editors.
    #[serde(default, rename = "$schema", deserialize_with = "present")]
    pub _schema: Option<String>,
    pub version: String,
    #[serde(default, borrow)]
    pub filesystem: Filesystem<'a>,
    #[serde(default)]
    pub network: Network,
    #[serde(default)]
    pub process: Process,
    #[serde(default, borrow)]
    pub kubefence: Kubefence<'a>,
    #[serde(default)]
    pub credentials: Vec<IgnoredAny>,
    #[serde(default, deserialize_with = "present")]
    pub rollback: Option<IgnoredAny>,
    #[serde(default, deserialize_with = "present")]
    pub resources: Option<IgnoredAny>,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Filesystem<'a> {
    #[serde(borrow)]
    pub grants: Vec<Grant<'a>>,
    #[serde(borrow)]
    pub deny: Vec<Deny<'a>>,
}

/// A path, borrowed from the JSON: hundreds of them are read at every start.
#[derive(Deserialize)]
pub(crate) struct Path<'a>(#[serde(borrow)] pub Cow<'a, str>);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Grant<'a> {
    #[serde(borrow)]
    pub path: Path<'a>,
    pub access: Access,
    /// A hint: the launcher looks at what is there.
    #[serde(default, rename = "type", deserialize_with = "present")]
    pub _kind: Option<EntryType>,
}

/// How a path may be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Access {
    /// Read files, list directories, execute.
    Read,
    /// Change files and directories, without reading them.
    Write,
    /// Both.
    ReadWrite,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum EntryType {
    File,
    Directory,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Deny<'a> {
    #[serde(borrow)]
    pub path: Path<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Network {
    pub mode: NetworkMode,
    pub ports: Ports,
    pub allow_domains: Vec<IgnoredAny>,
    pub endpoints: Vec<IgnoredAny>,
    #[serde(deserialize_with = "present")]
    pub dns: Option<bool>,
}

#[derive(Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum NetworkMode {
    Blocked,
    Proxy,
    #[default]
    Unrestricted,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Ports {
    #[serde(deserialize_with = "present")]
    pub connect: Option<Vec<u16>>,
    #[serde(deserialize_with = "present")]
    pub bind: Option<Vec<u16>>,
    pub localhost: Vec<IgnoredAny>,
    pub localhost_range: Vec<IgnoredAny>,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Process {
    pub allowed_commands: Vec<IgnoredAny>,
    pub blocked_commands: Vec<IgnoredAny>,
    #[serde(rename = "signal_mode", deserialize_with = "present")]
    pub _signal_mode: Option<IsolationMode>,
    #[serde(rename = "process_info_mode", deserialize_with = "present")]
    pub _process_info_mode: Option<IsolationMode>,
    #[serde(rename = "ipc_mode", deserialize_with = "present")]
    pub _ipc_mode: Option<IpcMode>,
    #[serde(deserialize_with = "present")]
    pub exec_strategy: Option<ExecStrategy>,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum IsolationMode {
    Isolated,
    AllowSameSandbox,
    AllowAll,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum IpcMode {
    SharedMemoryOnly,
    Full,
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum ExecStrategy {
    Direct,
    Monitor,
    Supervised,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Kubefence<'a> {
    #[serde(borrow)]
    pub exceptions: Vec<Path<'a>>,
    pub volumes: VolumeAccess,
    pub config_volumes: bool,
    pub projected_volumes: bool,
}

/// How the pod's data volumes (emptyDir, PVC) may be used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum VolumeAccess {
    /// Not at all.
    #[default]
    None,
    /// Read.
    Read,
    /// Read and written, unless the mount itself is read-only.
    ReadWrite,
}

/// Makes `null` an error where serde would take it for an absent member.
fn present<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    T::deserialize(deserializer).map(Some)
}
