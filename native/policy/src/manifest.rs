//! The capability manifest: what a profile means once it is compiled. Its shape is nono's capability
//! manifest 0.1 with one member of ours, `kubefence`.

use std::fmt;

pub use crate::document::{Access, VolumeAccess};
use crate::document::{Document, ExecStrategy, Network, NetworkMode, Path};
use crate::template::PathTemplate;

/// Largest manifest that is read. The biggest built-in has a few kilobytes.
pub const MAX_MANIFEST_BYTES: usize = 1 << 20;

/// A manifest whose every member is known and can be enforced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manifest {
    /// What may be used, in the manifest's order.
    pub grants: Vec<Grant>,
    /// What no grant covers.
    pub exceptions: Vec<PathTemplate>,
    /// TCP rules; none means that TCP is not restricted.
    pub tcp: TcpRules,
    /// How the pod's data volumes may be used.
    pub volumes: VolumeAccess,
    /// ConfigMap, Secret and downward API volumes may be read.
    pub config_volumes: bool,
    /// Projected volumes, which may hold tokens, may be read.
    pub projected_volumes: bool,
}

/// One path and how it may be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// Where.
    pub path: PathTemplate,
    /// How.
    pub access: Access,
}

/// TCP ports by direction. `None`: that direction is not restricted. An empty list: none allowed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TcpRules {
    /// Ports that may be connected to.
    pub connect: Option<Vec<u16>>,
    /// Ports that may be bound.
    pub bind: Option<Vec<u16>>,
    /// Mode `blocked`: both lists are empty, and no socket but unix ones is made at all.
    pub blocked: bool,
}

impl TcpRules {
    /// True when a rule exists, so that the kernel must have Landlock ABI 4.
    #[must_use]
    pub fn is_restricted(&self) -> bool {
        self.connect.is_some() || self.bind.is_some()
    }
}

/// Why a manifest is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ManifestError {
    /// Not the JSON that is expected: syntax, type, unknown or repeated member, with line and column.
    Malformed(String),
    /// A value that cannot be: the member's name and what is wrong.
    Invalid(&'static str, String),
    /// Something that nono's format has and that is not enforced here: the member's name and why.
    Unsupported(&'static str, &'static str),
}

impl fmt::Display for ManifestError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed(why) => formatter.write_str(why),
            Self::Invalid(member, why) => write!(formatter, "{member}: {why}"),
            Self::Unsupported(member, why) => write!(formatter, "{member}: {why}"),
        }
    }
}

impl Manifest {
    /// Reads a manifest.
    ///
    /// # Errors
    /// [`ManifestError`] for whatever is not known or cannot be enforced; nothing is skipped.
    pub fn parse(json: &[u8]) -> Result<Self, ManifestError> {
        if json.len() > MAX_MANIFEST_BYTES {
            return Err(ManifestError::Malformed(format!("it is longer than {MAX_MANIFEST_BYTES} bytes")));
        }
        let document: Document =
            serde_json::from_slice(json).map_err(|error| ManifestError::Malformed(error.to_string()))?;
        check_version(&document.version)?;
        check_unsupported(&document)?;
        let tcp = tcp_rules(document.network)?;
        let grants = document.filesystem.grants.into_iter().map(|grant| {
            Ok(Grant { path: template("filesystem.grants", &grant.path)?, access: grant.access })
        });
        let denied = document.filesystem.deny.iter().map(|deny| template("filesystem.deny", &deny.path));
        let ours = document.kubefence.exceptions.iter().map(|path| template("kubefence.exceptions", path));
        Ok(Self {
            grants: grants.collect::<Result<_, _>>()?,
            exceptions: ours.chain(denied).collect::<Result<_, _>>()?,
            tcp,
            volumes: document.kubefence.volumes,
            config_volumes: document.kubefence.config_volumes,
            projected_volumes: document.kubefence.projected_volumes,
        })
    }
}

fn check_version(version: &str) -> Result<(), ManifestError> {
    let patch = version.strip_prefix("0.1.").unwrap_or_default();
    if patch.is_empty() || patch.len() > 9 || !patch.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(ManifestError::Invalid("version", format!("{version:?} is not 0.1.x")));
    }
    Ok(())
}

fn check_unsupported(document: &Document<'_>) -> Result<(), ManifestError> {
    const PROXY: &str = "it needs nono's proxy, which does not exist in a container";
    const COMMANDS: &str = "commands are not refused by name, since a child could run them all the same";
    let network = &document.network;
    let process = &document.process;
    let found = [
        (!document.credentials.is_empty(), "credentials", PROXY),
        (document.rollback.is_some(), "rollback", "it needs nono's supervisor"),
        (document.resources.is_some(), "resources", "limits are the pod's own resources.limits"),
        (network.mode == NetworkMode::Proxy, "network.mode", PROXY),
        (!network.allow_domains.is_empty(), "network.allow_domains", PROXY),
        (!network.endpoints.is_empty(), "network.endpoints", PROXY),
        (
            network.dns == Some(false),
            "network.dns",
            "Landlock cannot stop name resolution; use a NetworkPolicy",
        ),
        (
            !network.ports.localhost.is_empty(),
            "network.ports.localhost",
            "Landlock sees ports, not addresses",
        ),
        (
            !network.ports.localhost_range.is_empty(),
            "network.ports.localhost_range",
            "Landlock sees ports, not addresses",
        ),
        (!process.allowed_commands.is_empty(), "process.allowed_commands", COMMANDS),
        (!process.blocked_commands.is_empty(), "process.blocked_commands", COMMANDS),
        (
            process.exec_strategy == Some(ExecStrategy::Supervised),
            "process.exec_strategy",
            "the launcher replaces itself by the command, nothing supervises it",
        ),
    ];
    match found.into_iter().find(|(present, ..)| *present) {
        Some((_, member, why)) => Err(ManifestError::Unsupported(member, why)),
        None => Ok(()),
    }
}

fn tcp_rules(network: Network) -> Result<TcpRules, ManifestError> {
    let ports = network.ports;
    if ports.connect.iter().chain(&ports.bind).flatten().any(|port| *port == 0) {
        return Err(ManifestError::Invalid("network.ports", "0 is not a port".to_owned()));
    }
    if network.mode != NetworkMode::Blocked {
        return Ok(TcpRules { connect: ports.connect, bind: ports.bind, blocked: false });
    }
    if ports.connect.iter().chain(&ports.bind).any(|list| !list.is_empty()) {
        return Err(ManifestError::Invalid(
            "network.ports",
            "mode \"blocked\" allows no port; leave the mode out to allow only these".to_owned(),
        ));
    }
    Ok(TcpRules { connect: Some(Vec::new()), bind: Some(Vec::new()), blocked: true })
}

fn template(member: &'static str, Path(path): &Path<'_>) -> Result<PathTemplate, ManifestError> {
    PathTemplate::parse(path).map_err(|error| ManifestError::Invalid(member, format!("{path:?}: {error}")))
}

#[cfg(test)]
#[path = "manifest_tests.rs"]
mod tests;
