//! Which pod a container belongs to, as the container engine's annotations say.

use std::collections::BTreeMap;

use crate::refusal::{Code, Refusal};

/// The pod annotation that chooses a profile.
pub const PROFILE_ANNOTATION: &str = "nono.sh/profile";

/// What a container is to its pod.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// The pod's own container, which holds its namespaces and runs no image of the pod's.
    Sandbox,
    /// A container of the pod.
    Workload,
}

/// Names for logs and policies.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PodNames {
    /// Namespace of the pod.
    pub namespace: String,
    /// Name of the pod.
    pub pod: String,
    /// Name of the container in the pod; empty for the sandbox.
    pub container: String,
}

/// A container's place in its pod.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PodContainer {
    /// What it is.
    pub role: Role,
    /// Whose it is.
    pub names: PodNames,
    /// The pod's uid, which names its directory on the node.
    pub uid: String,
    /// Id of the pod's sandbox.
    pub sandbox_id: String,
    /// The value of [`PROFILE_ANNOTATION`].
    pub profile_annotation: Option<String>,
}

struct Keys {
    role: &'static str,
    sandbox_id: &'static str,
    namespace: &'static str,
    pod: &'static str,
    uid: &'static str,
    container: &'static str,
}

/// containerd writes these after whatever it passes from the pod.
const CONTAINERD: Keys = Keys {
    role: "io.kubernetes.cri.container-type",
    sandbox_id: "io.kubernetes.cri.sandbox-id",
    namespace: "io.kubernetes.cri.sandbox-namespace",
    pod: "io.kubernetes.cri.sandbox-name",
    uid: "io.kubernetes.cri.sandbox-uid",
    container: "io.kubernetes.cri.container-name",
};

/// CRI-O passes every annotation of the pod, writes its own over them, and then the kubelet's labels.
const CRI_O: Keys = Keys {
    role: "io.kubernetes.cri-o.ContainerType",
    sandbox_id: "io.kubernetes.cri-o.SandboxID",
    namespace: "io.kubernetes.pod.namespace",
    pod: "io.kubernetes.pod.name",
    uid: "io.kubernetes.pod.uid",
    container: "io.kubernetes.container.name",
};

/// Reads the annotations of the container `id`.
///
/// # Errors
/// `POD_UNKNOWN` when they are no engine's, both engines', incomplete, or call a container the sandbox that is not.
pub fn identify(annotations: &BTreeMap<String, String>, id: &str) -> Result<PodContainer, Refusal> {
    let keys = match (annotations.contains_key(CONTAINERD.role), annotations.contains_key(CRI_O.role)) {
        (true, false) => &CONTAINERD,
        (false, true) => &CRI_O,
        // Under one engine a pod may write what the other one writes.
        (true, true) => {
            return Err(unknown(CRI_O.role, format!("{} is there too", CONTAINERD.role)));
        }
        (false, false) => {
            return Err(unknown(CONTAINERD.role, format!("it and {} are missing", CRI_O.role)));
        }
    };
    let value = |key: &str| match annotations.get(key) {
        Some(value) if !value.is_empty() => Ok(value.clone()),
        _ => Err(unknown(key, "it is missing or empty")),
    };
    let sandbox_id = value(keys.sandbox_id)?;
    let role = match annotations.get(keys.role).map(String::as_str) {
        Some("container") => Role::Workload,
        Some("sandbox") if sandbox_id == id => Role::Sandbox,
        Some("sandbox") => {
            return Err(unknown(
                keys.role,
                format!("it says sandbox, and the pod's sandbox is {sandbox_id}, not this container"),
            ));
        }
        other => return Err(unknown(keys.role, format!("it is {other:?}"))),
    };
    let container = match role {
        Role::Sandbox => String::new(),
        Role::Workload => value(keys.container)?,
    };
    Ok(PodContainer {
        role,
        names: PodNames { namespace: value(keys.namespace)?, pod: value(keys.pod)?, container },
        uid: value(keys.uid)?,
        sandbox_id,
        profile_annotation: annotations.get(PROFILE_ANNOTATION).cloned(),
    })
}

/// Holds the annotations against what containerd itself wrote about the container: another NRI plugin can change the
/// annotations, and call any container the sandbox.
///
/// # Errors
/// `POD_UNKNOWN`
pub fn check_engine_record(pod: &PodContainer, recorded_sandbox_id: &str) -> Result<(), Refusal> {
    if recorded_sandbox_id.is_empty() || recorded_sandbox_id == pod.sandbox_id {
        return Ok(());
    }
    let why = format!("it is {}, and containerd's own record says {recorded_sandbox_id:?}", pod.sandbox_id);
    Err(unknown(CONTAINERD.sandbox_id, why))
}

fn unknown(annotation: &str, why: impl std::fmt::Display) -> Refusal {
    Refusal::new(
        Code::Pod,
        format!("the annotation {annotation} does not say whose container this is"),
        why,
        "start containers through the kubelet; check which annotations the handler lets pods set",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn annotations(entries: &[(&str, &str)]) -> BTreeMap<String, String> {
        entries.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    const CONTAINERD_CONTAINER: [(&str, &str); 6] = [
        ("io.kubernetes.cri.container-type", "container"),
        ("io.kubernetes.cri.sandbox-id", "s1"),
        ("io.kubernetes.cri.sandbox-namespace", "team"),
        ("io.kubernetes.cri.sandbox-name", "web"),
        ("io.kubernetes.cri.sandbox-uid", "u1"),
        ("io.kubernetes.cri.container-name", "main"),
    ];
    const CRI_O_CONTAINER: [(&str, &str); 6] = [
        ("io.kubernetes.cri-o.ContainerType", "container"),
        ("io.kubernetes.cri-o.SandboxID", "s1"),
        ("io.kubernetes.pod.namespace", "team"),
        ("io.kubernetes.pod.name", "web"),
        ("io.kubernetes.pod.uid", "u1"),
        ("io.kubernetes.container.name", "main"),
    ];

    #[test]
    fn both_engines_say_the_same() {
        for entries in [CONTAINERD_CONTAINER, CRI_O_CONTAINER] {
            let mut all = annotations(&entries);
            all.insert(PROFILE_ANNOTATION.to_owned(), "strict".to_owned());
            let expected = PodContainer {
                role: Role::Workload,
                names: PodNames { namespace: "team".into(), pod: "web".into(), container: "main".into() },
                uid: "u1".into(),
                sandbox_id: "s1".into(),
                profile_annotation: Some("strict".into()),
            };
            assert_eq!(identify(&all, "c1"), Ok(expected));
        }
    }

    #[test]
    fn the_sandbox_is_the_container_of_its_own_id() {
        for (entries, role) in [(CONTAINERD_CONTAINER, CONTAINERD.role), (CRI_O_CONTAINER, CRI_O.role)] {
            let mut all = annotations(&entries);
            all.insert(role.to_owned(), "sandbox".to_owned());
            assert_eq!(identify(&all, "s1").unwrap().role, Role::Sandbox);
            assert_eq!(identify(&all, "c1").unwrap_err().code, Code::Pod, "a forged mark");
        }
    }

    #[test]
    fn the_engines_own_record_counts_more() {
        let mut forged = annotations(&CONTAINERD_CONTAINER);
        forged.insert(CONTAINERD.role.to_owned(), "sandbox".to_owned());
        forged.insert(CONTAINERD.sandbox_id.to_owned(), "c1".to_owned());
        let pod = identify(&forged, "c1").unwrap();
        assert_eq!(pod.role, Role::Sandbox);
        assert_eq!(check_engine_record(&pod, "s1").unwrap_err().code, Code::Pod);
        assert_eq!(check_engine_record(&pod, "c1"), Ok(()));
        assert_eq!(check_engine_record(&pod, ""), Ok(()));
    }

    #[test]
    fn what_is_missing_or_mixed_is_refused() {
        for entries in [CONTAINERD_CONTAINER, CRI_O_CONTAINER] {
            for (key, _) in entries {
                let mut all = annotations(&entries);
                all.remove(key);
                assert_eq!(identify(&all, "c1").unwrap_err().code, Code::Pod, "{key}");
                all.insert(key.to_owned(), String::new());
                assert_eq!(identify(&all, "c1").unwrap_err().code, Code::Pod, "{key}");
            }
        }
        let mut both = annotations(&CONTAINERD_CONTAINER);
        both.extend(annotations(&CRI_O_CONTAINER));
        assert_eq!(identify(&both, "c1").unwrap_err().code, Code::Pod);
        assert_eq!(identify(&BTreeMap::new(), "c1").unwrap_err().code, Code::Pod);
    }
}
