//! The configuration exactly as its JSON spells it. A member that is not here, one given twice and a `null` are all
//! refused.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use kubefence_policy::arguments::ProfileName;
use kubefence_policy::path::AbsolutePath;
use kubefence_policy::recorded::Digest;
use serde::de::{Error as _, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::{AcceptedLauncher, Configuration, Profile};

const VERSION: u32 = 1;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    version: u32,
    runtime: PathText,
    launcher: Launcher,
    exception_lists: Vec<Vec<PathText>>,
    profiles: Table<ProfileDocument>,
    default_profile: Name,
    invalid_profile: InvalidProfile,
    #[serde(default, deserialize_with = "present")]
    allowed_profiles: Option<Table<Vec<Name>>>,
    kubelet_root: PathText,
    exec_policy: ExecPolicies,
    seccomp_profile: SeccompProfile,
    min_landlock_abi: u16,
    log: PathText,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Launcher {
    directory: PathText,
    accepted: Vec<Accepted>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Accepted {
    sha256: DigestText,
    identity: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ProfileDocument {
    digest: DigestText,
    volumes: VolumeAccess,
    config_volumes: bool,
    projected_volumes: bool,
    /// Which of the lists is this profile's: many profiles share one.
    exceptions: usize,
}

/// How the pod's data volumes may be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum VolumeAccess {
    /// Not at all.
    None,
    /// Read.
    Read,
    /// Read and written, unless the mount itself is read-only.
    ReadWrite,
}

/// What becomes of a pod whose annotation is no profile name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum InvalidProfile {
    /// It gets the default profile.
    Default,
    /// It is refused.
    Refuse,
}

/// What becomes of a process that is sent into a running container.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ExecPolicy {
    /// It starts under the launcher.
    Sandbox,
    /// It is refused.
    Deny,
    /// It starts as it is, and is logged.
    Allow,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ExecPolicies {
    default: ExecPolicy,
    namespaces: Table<ExecPolicy>,
}

impl Configuration {
    /// Reads a configuration.
    ///
    /// # Errors
    /// What is wrong, with line and column.
    pub fn parse(json: &[u8]) -> Result<Self, String> {
        let document: Document = serde_json::from_slice(json).map_err(|error| error.to_string())?;
        if document.version != VERSION {
            return Err(format!("version is {}, and this program knows {VERSION}", document.version));
        }
        if document.launcher.accepted.is_empty() {
            return Err("launcher.accepted is empty".to_owned());
        }
        let lists: Vec<Arc<[AbsolutePath]>> = document
            .exception_lists
            .into_iter()
            .map(|list| list.into_iter().map(|path| path.0).collect())
            .collect();
        let profile_of = |(name, profile): (String, ProfileDocument)| {
            let parsed = ProfileName::parse(name.as_bytes())
                .ok_or(format!("profiles: {name:?} is no profile name"))?;
            let exceptions = lists
                .get(profile.exceptions)
                .ok_or(format!("profiles: {name}: there is no list {}", profile.exceptions))?;
            Ok((parsed, profile.with(Arc::clone(exceptions))))
        };
        let names = |names: Vec<Name>| names.into_iter().map(|name| name.0).collect();
        Ok(Self {
            runtime: PathBuf::from(document.runtime.1),
            launcher_directory: document.launcher.directory.0,
            accepted_launchers: document.launcher.accepted.into_iter().map(AcceptedLauncher::from).collect(),
            profiles: document.profiles.0.into_iter().map(profile_of).collect::<Result<_, String>>()?,
            default_profile: document.default_profile.0,
            invalid_profile: document.invalid_profile,
            allowed_profiles: document
                .allowed_profiles
                .map(|table| table.0.into_iter().map(|(namespace, list)| (namespace, names(list))).collect()),
            kubelet_root: document.kubelet_root.0,
            exec_policy: document.exec_policy.default,
            exec_policy_by_namespace: document.exec_policy.namespaces.0,
            seccomp_policy: document.seccomp_profile.0,
            min_landlock_abi: document.min_landlock_abi.into(),
            log: PathBuf::from(document.log.1),
        })
    }
}

impl From<Accepted> for AcceptedLauncher {
    fn from(accepted: Accepted) -> Self {
        Self { digest: accepted.sha256.0, identity: accepted.identity }
    }
}

impl ProfileDocument {
    fn with(self, literal_exceptions: Arc<[AbsolutePath]>) -> Profile {
        Profile {
            digest: self.digest.0,
            volumes: self.volumes,
            config_volumes: self.config_volumes,
            projected_volumes: self.projected_volumes,
            literal_exceptions,
        }
    }
}

struct Name(ProfileName);

impl<'de> Deserialize<'de> for Name {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        ProfileName::parse(text.as_bytes())
            .map(Self)
            .ok_or_else(|| D::Error::custom(format!("{text:?} is no profile name")))
    }
}

/// A policy's name; empty for none.
struct SeccompProfile(Option<ProfileName>);

impl<'de> Deserialize<'de> for SeccompProfile {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        match ProfileName::parse(text.as_bytes()) {
            None if !text.is_empty() => {
                Err(D::Error::custom(format!("{text:?} is no seccomp policy's name")))
            }
            name => Ok(Self(name)),
        }
    }
}

struct DigestText(Digest);

impl<'de> Deserialize<'de> for DigestText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Digest::parse(text.as_bytes())
            .map(Self)
            .ok_or_else(|| D::Error::custom(format!("{text:?} is no SHA-256 in 64 lowercase digits")))
    }
}

/// A clean absolute path other than `/`, and its text.
struct PathText(AbsolutePath, String);

impl<'de> Deserialize<'de> for PathText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        match AbsolutePath::parse(text.as_bytes()) {
            Ok(path) if path.is_root() => Err(D::Error::custom("the path / is refused")),
            Ok(path) => Ok(Self(path, text)),
            Err(error) => Err(D::Error::custom(format!("the path {text:?} is refused: {error}"))),
        }
    }
}

/// A JSON object with free keys, none of them twice.
struct Table<T>(BTreeMap<String, T>);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Table<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(TableVisitor(std::marker::PhantomData))
    }
}

struct TableVisitor<T>(std::marker::PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for TableVisitor<T> {
    type Value = Table<T>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut table = BTreeMap::new();
        while let Some((key, value)) = map.next_entry::<String, T>()? {
            if table.contains_key(&key) {
                return Err(A::Error::custom(format!("{key:?} is there twice")));
            }
            table.insert(key, value);
        }
        Ok(Table(table))
    }
}

/// Makes `null` an error where serde would take it for an absent member.
fn present<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{JSON, configuration, with};
    use super::*;

    #[test]
    fn every_member_arrives() {
        let configuration = configuration();
        assert_eq!(configuration.runtime, PathBuf::from("/usr/bin/runc"));
        assert_eq!(configuration.launcher_directory.to_string(), "/opt/nono-nri");
        assert_eq!(configuration.accepted_launchers[0].identity, "1:2:3.000000004");
        let (name, workspace) = &configuration.profiles[1];
        assert_eq!(name.as_str(), "workspace");
        assert_eq!(workspace.volumes, VolumeAccess::ReadWrite);
        assert_eq!(workspace.digest.as_str(), "2".repeat(64));
        assert_eq!(workspace.literal_exceptions[1].to_string(), "/var/run/secrets");
        assert_eq!(configuration.allowed_profiles, None);
        assert_eq!(configuration.exec_policy_of("open"), ExecPolicy::Sandbox);
        assert_eq!(configuration.exec_policy_of("closed"), ExecPolicy::Deny);
        let allow = with(r#""closed":"deny""#, r#""open":"allow""#);
        assert_eq!(allow.exec_policy_of("open"), ExecPolicy::Allow);
    }

    #[test]
    fn anything_else_is_refused() {
        for (from, to) in [
            (r#""version":1"#, r#""version":2"#),
            (r#""version":1"#, r#""version":1,"version":1"#),
            (r#""version":1"#, r#""version":1,"other":1"#),
            (r#""version":1,"#, ""),
            ("/usr/bin/runc", "runc"),
            ("/usr/bin/runc", "/"),
            ("/opt/nono-nri", "/opt/../nono"),
            (r#""identity""#, r#""inode""#),
            (r#""volumes":"none""#, r#""volumes":"write""#),
            (r#""config_volumes":true"#, r#""config_volumes":null"#),
            (r#""default":{"#, r#""../x":{"#),
            (r#""workspace":{"#, r#""default":{"#),
            ("1111", "111g"),
            (r#""/etc/shadow""#, r#""etc""#),
            (r#""exceptions":0"#, r#""exceptions":2"#),
            (r#""exceptions":0"#, r#""exceptions":-1"#),
            (r#""exception_lists":"#, r#""lists":"#),
            (r#""default_profile":"default""#, r#""default_profile":"a b""#),
            (r#""invalid_profile":"default""#, r#""invalid_profile":"allow""#),
            (r#""kubelet_root""#, r#""allowed_profiles":null,"kubelet_root""#),
            (r#""kubelet_root""#, r#""allowed_profiles":{"a":["/"]},"kubelet_root""#),
            (r#""kubelet_root""#, r#""allowed_profiles":{"a":[],"a":[]},"kubelet_root""#),
            (r#""closed":"deny""#, r#""closed":"maybe""#),
            (r#""closed":"deny""#, r#""closed":"deny","closed":"allow""#),
            (r#""min_landlock_abi":1"#, r#""min_landlock_abi":-1"#),
            ("}", "}}"),
        ] {
            assert!(JSON.contains(from), "{from}");
            let json = JSON.replacen(from, to, 1);
            assert!(Configuration::parse(json.as_bytes()).is_err(), "{from} -> {to}");
        }
        let start = JSON.find(r#"{"sha256""#).unwrap();
        let end = JSON[start..].find("]}").unwrap() + start;
        let none_accepted = format!("{}{}", &JSON[..start], &JSON[end..]);
        assert!(Configuration::parse(none_accepted.as_bytes()).unwrap_err().contains("empty"));
    }
}
