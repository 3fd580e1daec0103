//! config.json of a bundle.

use std::collections::BTreeMap;

use crate::oci::object::{Malformed, Object};
use crate::oci::process::{PROCESS_MEMBERS, Process, arguments_as_json};

/// Largest config.json that is read: environment and arguments together are at most 6 MiB for the kernel.
pub const MAX_CONFIGURATION_BYTES: usize = 16 << 20;

/// What is read of config.json.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OciConfiguration {
    /// The container's first process.
    pub process: Process,
    /// In the order in which they are mounted.
    pub mounts: Vec<Mount>,
    /// Free names and texts.
    pub annotations: BTreeMap<String, String>,
    /// The container makes a pid namespace of its own.
    pub has_own_pid_namespace: bool,
    /// A hook starts a program of the container's own file tree before the container's process.
    pub has_hook_in_container: bool,
}

/// One mount.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mount {
    /// Where, as it is spelt.
    pub destination: String,
    /// `bind`, or a file system's name.
    pub kind: String,
    /// What.
    pub source: String,
    /// Options as of mount(8) and the runtime specification.
    pub options: Vec<String>,
}

const MEMBERS: [&str; 6] = ["process", "root", "mounts", "annotations", "linux", "hooks"];

impl OciConfiguration {
    /// Reads config.json.
    ///
    /// # Errors
    /// What is malformed.
    pub fn parse(json: &[u8]) -> Result<Self, Malformed> {
        let top = Object::parse(json, &MEMBERS)?;
        let process = Process::read(&process_of(&top)?).map_err(|error| format!("process: {error}"))?;
        Ok(Self {
            process,
            mounts: read_mounts(&top)?,
            annotations: top.texts("annotations")?,
            has_own_pid_namespace: has_own_pid_namespace(&top)?,
            has_hook_in_container: has_hook_in_container(&top)?,
        })
    }
}

/// The same config.json with other arguments for its process.
///
/// # Errors
/// It is malformed.
pub fn with_arguments(json: &[u8], arguments: &[String]) -> Result<String, Malformed> {
    let top = Object::parse(json, &MEMBERS)?;
    let process = process_of(&top)?.with("args", &arguments_as_json(arguments));
    Ok(top.with("process", &process))
}

fn process_of<'a>(top: &Object<'a>) -> Result<Object<'a>, Malformed> {
    top.object("process", &PROCESS_MEMBERS)?.ok_or_else(|| "process: it is missing".to_owned())
}

fn read_mounts(top: &Object) -> Result<Vec<Mount>, Malformed> {
    let read = |mount: &Object| {
        let text = |name| mount.read::<String>(name).map(Option::unwrap_or_default);
        Ok(Mount {
            destination: text("destination")?,
            kind: text("type")?,
            source: text("source")?,
            options: mount.read("options")?.unwrap_or_default(),
        })
    };
    let objects = top.objects("mounts", &["destination", "type", "source", "options"])?;
    objects.iter().map(read).collect::<Result<_, Malformed>>().map_err(|error| format!("mounts: {error}"))
}

fn has_own_pid_namespace(top: &Object) -> Result<bool, Malformed> {
    let Some(linux) = top.object("linux", &["namespaces"])? else { return Ok(false) };
    for namespace in linux.objects("namespaces", &["type", "path"])? {
        let kind: Option<String> = namespace.read("type")?;
        let path: Option<String> = namespace.read("path")?;
        if kind.as_deref() == Some("pid") && path.unwrap_or_default().is_empty() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Of the hooks, only these run what their path names inside the container.
fn has_hook_in_container(top: &Object) -> Result<bool, Malformed> {
    const IN_CONTAINER: &str = "startContainer";
    let Some(hooks) = top.object("hooks", &[IN_CONTAINER])? else { return Ok(false) };
    let found = hooks.objects(IN_CONTAINER, &[]).map_err(|error| format!("hooks: {error}"))?;
    Ok(!found.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    const RECORDED: &str = include_str!("../../tests/recorded/config.json");

    #[test]
    fn as_containerd_writes_it() {
        let read = OciConfiguration::parse(RECORDED.as_bytes()).unwrap();
        assert_eq!(read.process.args[..2], ["/nono/nono", "wrap"]);
        assert_eq!(read.process.user.uid, 1000);
        assert_eq!(read.mounts.len(), 17);
        assert!(read.mounts.iter().any(|mount| mount.destination == "/nono" && mount.kind == "bind"));
        assert_eq!(read.annotations["io.kubernetes.cri.sandbox-name"], "rec");
        assert!(read.has_own_pid_namespace);
    }

    #[test]
    fn only_the_arguments_change() {
        let arguments = ["a".to_owned(), "\u{e4}".to_owned()];
        let changed = with_arguments(RECORDED.as_bytes(), &arguments).unwrap();
        let mut expected: serde_json::Value = serde_json::from_str(RECORDED).unwrap();
        expected["process"]["args"] = serde_json::json!(arguments);
        assert_eq!(serde_json::from_str::<serde_json::Value>(&changed).unwrap(), expected);
    }

    fn own_pid_namespace(namespaces: &str) -> Result<bool, Malformed> {
        let json =
            format!(r#"{{"process":{{"args":["a"],"cwd":"/"}},"linux":{{"namespaces":{namespaces}}}}}"#);
        OciConfiguration::parse(json.as_bytes()).map(|read| read.has_own_pid_namespace)
    }

    #[test]
    fn the_pid_namespace_is_the_containers_own_without_a_path() {
        assert_eq!(own_pid_namespace(r#"[{"type":"mount"},{"type":"pid"}]"#), Ok(true));
        assert_eq!(own_pid_namespace(r#"[{"type":"pid","path":""}]"#), Ok(true));
        assert_eq!(own_pid_namespace(r#"[{"type":"pid","path":"/proc/1/ns/pid"}]"#), Ok(false));
        assert_eq!(own_pid_namespace("[]"), Ok(false));
        assert_eq!(own_pid_namespace("null"), Ok(false));
        assert!(own_pid_namespace(r#"[{"type":"pid","Path":"/x"}]"#).is_err());
    }

    #[test]
    fn hooks_in_the_container_are_seen() {
        let hooks = |hooks: &str| {
            let json = format!(r#"{{"process":{{"args":["a"],"cwd":"/"}},"hooks":{hooks}}}"#);
            OciConfiguration::parse(json.as_bytes()).map(|read| read.has_hook_in_container)
        };
        assert_eq!(hooks("{}"), Ok(false));
        assert_eq!(hooks(r#"{"createContainer":[{"path":"/usr/bin/x"}],"startContainer":[]}"#), Ok(false));
        assert_eq!(hooks(r#"{"startContainer":[{"path":"/bin/sh"}]}"#), Ok(true));
        assert!(hooks(r#"{"StartContainer":[{"path":"/bin/sh"}]}"#).is_err());
        assert!(hooks(r#"{"startContainer":{}}"#).is_err());
    }

    #[test]
    fn malformed_is_refused() {
        let process = r#""process":{"args":["a"],"cwd":"/"}"#;
        for json in [
            "",
            "{}",
            r#"{"process":null}"#,
            r#"{"process":{"args":["a"],"Args":["b"],"cwd":"/"}}"#,
            &format!("{{{process},{process}}}"),
            &format!(r#"{{{process},"Process":{{}}}}"#),
            &format!(r#"{{{process},"mounts":{{}}}}"#),
            &format!(r#"{{{process},"mounts":[{{"destination":"/a","Destination":"/nono"}}]}}"#),
            &format!(r#"{{{process},"mounts":[{{"destination":1}}]}}"#),
            &format!(r#"{{{process},"annotations":{{"a":"b","a":"c"}}}}"#),
            &format!(r#"{{{process},"annotations":[]}}"#),
        ] {
            assert!(OciConfiguration::parse(json.as_bytes()).is_err(), "{json}");
        }
    }
}
