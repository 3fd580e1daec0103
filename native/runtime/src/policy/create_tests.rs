use super::*;
use crate::configuration::testing::{configuration, with};
use crate::policy::pod::identify;

const RECORDED: &str = include_str!("../../tests/recorded/config.json");
const ID: &str = "0d761e9b8bd08520ad955621ee0733027f322f10c1af47b5ee0ab5bfdb08ea46";

fn decide_json(json: &str, configuration: &Configuration) -> Result<Approved, Refusal> {
    let oci = OciConfiguration::parse(json.as_bytes()).unwrap();
    decide(&identify(&oci.annotations, ID)?, &oci, configuration)
}

fn code(json: &str) -> Code {
    decide_json(json, &configuration()).unwrap_err().code
}

/// The recorded config.json with one text replaced.
fn changed(from: &str, to: &str) -> String {
    assert!(RECORDED.contains(from), "{from}");
    RECORDED.replacen(from, to, 1)
}

#[test]
fn the_nodes_seccomp_policy_is_stacked_whatever_the_plugin_did() {
    let node = with(r#""seccomp_profile":"""#, r#""seccomp_profile":"restricted""#);
    let digest = "2".repeat(64);
    let expected =
        format!("/nono/nono wrap --profile workspace --digest {digest} --seccomp restricted --rw /data");
    let optioned = |options: &str| {
        changed(r#""--profile","workspace","#, &format!(r#""--profile","workspace",{options}"#))
    };
    for json in [RECORDED.to_owned(), optioned(r#""--seccomp","restricted","#)] {
        let approved = decide_json(&json, &node).unwrap();
        assert!(approved.arguments.clone().unwrap().join(" ").starts_with(&expected), "{approved:?}");
        assert_eq!(approved.record.sandbox.unwrap().options.seccomp, ProfileName::parse(b"restricted"));

        let arguments = approved.arguments.unwrap();
        let again = crate::oci::configuration::with_arguments(json.as_bytes(), &arguments).unwrap();
        assert_eq!(decide_json(&again, &node).unwrap().arguments.unwrap(), arguments);
    }
    let other = optioned(r#""--seccomp","runtime-default","#);
    assert_eq!(decide_json(&other, &node).unwrap_err().code, Code::OptionsMismatch);
    // The plugin's configuration has a policy that this one does not know of.
    let unasked = optioned(r#""--seccomp","restricted","#);
    assert_eq!(decide_json(&unasked, &configuration()).unwrap_err().code, Code::OptionsMismatch);
}

#[test]
fn a_container_as_the_plugin_adjusts_it() {
    let approved = decide_json(RECORDED, &configuration()).unwrap();
    let digest = "2".repeat(64);
    let expected = format!(
        "/nono/nono wrap --profile workspace --digest {digest} --rw /data --ro /conf --except /data/host --except /tok \
         -- sleep 600"
    );
    assert_eq!(approved.arguments.clone().unwrap().join(" "), expected);
    let sandbox = approved.record.sandbox.unwrap();
    assert_eq!(approved.record.names.namespace, "default");
    assert_eq!(approved.record.names.container, "main");
    assert_eq!(sandbox.digest.as_str(), digest);
    assert_eq!((sandbox.workdir.as_str(), sandbox.uid), ("/home/user", 1000));
    assert_eq!(sandbox.options.read_write.len(), 1);
    assert_eq!(sandbox.started, None);

    // Creating the bundle again changes nothing.
    let arguments = approved.arguments.unwrap();
    let again = crate::oci::configuration::with_arguments(RECORDED.as_bytes(), &arguments).unwrap();
    assert_eq!(decide_json(&again, &configuration()).unwrap().arguments.unwrap(), arguments);
}

#[test]
fn the_pods_sandbox_passes_as_it_is() {
    let json = include_str!("../../tests/recorded/sandbox-config.json");
    let oci = OciConfiguration::parse(json.as_bytes()).unwrap();
    let sandbox_id = &oci.annotations["io.kubernetes.cri.sandbox-id"];
    let approved = decide(&identify(&oci.annotations, sandbox_id).unwrap(), &oci, &configuration()).unwrap();
    assert_eq!(approved.arguments, None);
    assert_eq!(approved.record.sandbox, None);
}

#[test]
fn a_command_without_the_launcher_is_refused() {
    let wrapped = r#""/nono/nono","wrap","--profile","workspace","--rw","/data","--ro","/conf","--except","/data/host","--except","/tok","--","#;
    for to in [
        "",
        r#""/bin/nono","wrap","--profile","workspace","--","#,
        r#""/nono//nono","wrap","--profile","workspace","--","#,
        r#""sh","/nono/nono","wrap","--profile","workspace","--","#,
    ] {
        assert_eq!(code(&changed(wrapped, to)), Code::Unsandboxed, "{to}");
    }
    for to in [
        r#""/nono/nono","wrap","--profile","workspace","--","#,
        r#""/nono/nono","#,
        r#""/nono/nono","--probe","#,
        r#""/nono/nono","wrap","--rw","/data","--profile","workspace","--ro","/conf","--except","/data/host","--except","/tok","--","#,
    ] {
        assert_eq!(code(&changed(wrapped, to)), Code::OptionsMismatch, "{to}");
    }
}

#[test]
fn options_are_exactly_those_of_the_mounts() {
    for (from, to) in [
        (r#""--rw","/data","#, r#""--rw","/data","--rw","/etc","#),
        (r#""--rw","/data","#, r#""--ro","/data","#),
        (r#""--except","/tok","#, ""),
        (r#""--ro","/conf","#, r#""--scope-signals","--ro","/conf","#),
        (r#""wrap","--profile","workspace","#, r#""wrap","--profile","workspace","--home","/","#),
        (r#"{"type":"pid"}"#, r#"{"type":"pid","path":"/proc/1/ns/pid"}"#),
        (r#"/volumes/kubernetes.io~empty-dir/scratch""#, r#"/x/kubernetes.io~empty-dir/scratch""#),
    ] {
        assert_eq!(code(&changed(from, to)), Code::OptionsMismatch, "{from} -> {to}");
    }
    let digest = "3".repeat(64);
    let other_digest =
        changed(r#""--profile","workspace","#, &format!(r#""--profile","workspace","--digest","{digest}","#));
    assert_eq!(code(&other_digest), Code::OptionsMismatch);
}

#[test]
fn a_mismatch_shows_the_launchers_arguments_and_not_the_commands() {
    let text = |from, to| decide_json(&changed(from, to), &configuration()).unwrap_err().to_string();
    let options = text(r#""--rw","/data","#, r#""--rw","/etc","#);
    assert!(options.contains(r#""--rw", "/etc", "--ro", "/conf""#) && !options.contains("600"), "{options}");
    let no_command_line = text(r#""wrap","--profile","workspace","#, r#""--probe","#);
    assert!(no_command_line.contains(r#""/nono/nono", "--probe""#), "{no_command_line}");
}

#[test]
fn the_profile_is_the_pods() {
    let other = changed(r#""nono.sh/profile":"workspace""#, r#""nono.sh/profile":"default""#);
    let refusal = decide_json(&other, &configuration()).unwrap_err();
    assert_eq!(refusal.code, Code::ProfileMismatch);
    assert!(refusal.to_string().contains("pod_annotations"), "{refusal}");
    assert_eq!(code(&changed(r#","nono.sh/profile":"workspace""#, "")), Code::ProfileMismatch);
    assert_eq!(
        code(&changed(r#""nono.sh/profile":"workspace""#, r#""nono.sh/profile":"missing""#)),
        Code::ProfileNotInstalled
    );
    let node = with(r#""kubelet_root""#, r#""allowed_profiles":{"*":["default"]},"kubelet_root""#);
    assert_eq!(decide_json(RECORDED, &node).unwrap_err().code, Code::ProfileNotAllowed);
}

#[test]
fn mounts_near_the_launcher_are_refused() {
    assert_eq!(code(&changed(r#""/opt/nono-nri""#, r#""/opt/other""#)), Code::MountOverLauncher);
    assert_eq!(
        code(&changed(r#""destination":"/tok""#, r#""destination":"/nono/profiles""#)),
        Code::MountOverLauncher
    );
    let unmounted = changed(r#"{"destination":"/nono","#, r#"{"destination":"/opt/nono","#);
    assert_eq!(code(&unmounted), Code::LauncherMount);
}

#[test]
fn a_hook_inside_the_container_is_refused() {
    let hooked = changed(r#""linux":{"#, r#""hooks":{"startContainer":[{"path":"/bin/sh"}]},"linux":{"#);
    assert_eq!(code(&hooked), Code::HookInContainer);
}

#[test]
fn another_handler_of_crun_is_refused() {
    for annotation in [r#""run.oci.handler":"krun""#, r#""module.wasm.image/variant":"compat""#] {
        let other = changed(
            r#""nono.sh/profile":"workspace""#,
            &format!(r#""nono.sh/profile":"workspace",{annotation}"#),
        );
        assert_eq!(code(&other), Code::HandlerAnnotation);
    }
}

#[test]
fn a_forged_sandbox_mark_does_not_pass() {
    let forged = changed(
        r#""io.kubernetes.cri.container-type":"container""#,
        r#""io.kubernetes.cri.container-type":"sandbox""#,
    );
    assert_eq!(code(&forged), Code::Pod);
}

#[test]
fn signals_are_scoped_where_the_pid_namespace_is_shared() {
    let shared = changed(r#"{"type":"pid"}"#, r#"{"type":"pid","path":"/proc/1/ns/pid"}"#);
    let shared = shared.replacen(r#""--rw","/data","#, r#""--scope-signals","--rw","/data","#, 1);
    assert!(decide_json(&shared, &configuration()).unwrap().record.sandbox.unwrap().options.scope_signals);
}
