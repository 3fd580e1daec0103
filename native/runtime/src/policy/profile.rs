//! Which profile a pod gets: the annotation's if its namespace may use it, else the default one.

use kubefence_policy::arguments::ProfileName;

use crate::configuration::{Configuration, InvalidProfile, Profile};
use crate::policy::pod::{PROFILE_ANNOTATION, PodContainer};
use crate::refusal::{Code, Refusal};

/// The profile of a container of the pod. The same rules as the plugin's, which reads the same annotation.
///
/// # Errors
/// `PROFILE_NAME_INVALID`, `PROFILE_NOT_ALLOWED`, `PROFILE_NOT_INSTALLED`
pub fn choose<'a>(
    pod: &PodContainer,
    configuration: &'a Configuration,
) -> Result<(ProfileName, &'a Profile), Refusal> {
    let name = name_of(pod, configuration)?;
    let allowed = allowed_in(&pod.names.namespace, configuration);
    if allowed.is_some_and(|allowed| !allowed.contains(&name)) {
        return Err(Refusal::new(
            Code::ProfileNotAllowed,
            format!("the profile {} is not for this pod", name.as_str()),
            format!("namespace {} may not use it", pod.names.namespace),
            choices(configuration, allowed, "or ask the cluster's operator to allow it (allowed_profiles)"),
        ));
    }
    match configuration.profiles.iter().find(|(installed, _)| *installed == name) {
        Some((_, profile)) => Ok((name, profile)),
        None => Err(Refusal::new(
            Code::ProfileNotInstalled,
            format!("the profile {} cannot be used", name.as_str()),
            "it is not installed on this node",
            choices(configuration, allowed, "or have it installed"),
        )),
    }
}

fn name_of(pod: &PodContainer, configuration: &Configuration) -> Result<ProfileName, Refusal> {
    let Some(annotation) = &pod.profile_annotation else { return Ok(configuration.default_profile.clone()) };
    match (ProfileName::parse(annotation.as_bytes()), configuration.invalid_profile) {
        (Some(name), _) => Ok(name),
        (None, InvalidProfile::Default) => Ok(configuration.default_profile.clone()),
        (None, InvalidProfile::Refuse) => Err(Refusal::new(
            Code::ProfileName,
            format!(
                "the annotation {PROFILE_ANNOTATION} is {:?}",
                annotation.chars().take(100).collect::<String>()
            ),
            "it does not match ^[a-zA-Z0-9][a-zA-Z0-9_-]{0,63}$",
            "correct the annotation",
        )),
    }
}

fn allowed_in<'a>(namespace: &str, configuration: &'a Configuration) -> Option<&'a [ProfileName]> {
    let allowed = configuration.allowed_profiles.as_ref()?;
    let of = |key: &str| allowed.get(key).map(Vec::as_slice);
    Some(of(namespace).or_else(|| of("*")).unwrap_or_default())
}

fn choices(configuration: &Configuration, allowed: Option<&[ProfileName]>, otherwise: &str) -> String {
    let usable: Vec<&str> = configuration
        .profiles
        .iter()
        .map(|(name, _)| name)
        .filter(|name| allowed.is_none_or(|allowed| allowed.contains(name)))
        .map(ProfileName::as_str)
        .collect();
    if usable.is_empty() {
        format!("no profile can be used here; {}", otherwise.trim_start_matches("or "))
    } else {
        format!("use one of {} in the annotation {PROFILE_ANNOTATION}, {otherwise}", usable.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::configuration::testing::{configuration, with};
    use crate::policy::pod::{PodNames, Role};

    fn pod(namespace: &str, annotation: Option<&str>) -> PodContainer {
        PodContainer {
            role: Role::Workload,
            names: PodNames { namespace: namespace.to_owned(), pod: "web".into(), container: "main".into() },
            uid: "u1".into(),
            sandbox_id: "s1".into(),
            profile_annotation: annotation.map(str::to_owned),
        }
    }

    fn chosen(configuration: &Configuration, namespace: &str, annotation: Option<&str>) -> String {
        match choose(&pod(namespace, annotation), configuration) {
            Ok((name, _)) => name.as_str().to_owned(),
            Err(refusal) => refusal.to_string(),
        }
    }

    #[test]
    fn the_annotations_profile_or_the_default() {
        let node = configuration();
        assert_eq!(chosen(&node, "team", None), "default");
        assert_eq!(chosen(&node, "team", Some("workspace")), "workspace");
        assert_eq!(chosen(&node, "team", Some("../x")), "default");
        assert!(chosen(&node, "team", Some("missing")).starts_with("PROFILE_NOT_INSTALLED: "));

        let strict = with(r#""invalid_profile":"default""#, r#""invalid_profile":"refuse""#);
        assert!(chosen(&strict, "team", Some("a b")).starts_with("PROFILE_NAME_INVALID: "));
        assert_eq!(chosen(&strict, "team", Some("workspace")), "workspace");
    }

    #[test]
    fn a_namespace_uses_what_it_is_given() {
        let node = with(
            r#""kubelet_root""#,
            r#""allowed_profiles":{"*":["default"],"team":["workspace"],"closed":[]},"kubelet_root""#,
        );
        assert_eq!(chosen(&node, "other", None), "default");
        assert_eq!(chosen(&node, "team", Some("workspace")), "workspace");
        let refused = chosen(&node, "team", None);
        assert!(refused.starts_with("PROFILE_NOT_ALLOWED: "), "{refused}");
        assert!(refused.contains("use one of workspace in the annotation"), "{refused}");
        assert!(chosen(&node, "closed", None).contains("no profile can be used here"));
        // The reason for a profile that is neither allowed nor installed names the permission.
        assert!(chosen(&node, "team", Some("missing")).starts_with("PROFILE_NOT_ALLOWED: "));
    }

    #[test]
    fn without_a_star_a_namespace_that_is_not_listed_uses_none() {
        let node = with(r#""kubelet_root""#, r#""allowed_profiles":{"team":["default"]},"kubelet_root""#);
        assert!(chosen(&node, "other", None).starts_with("PROFILE_NOT_ALLOWED: "));
    }
}
