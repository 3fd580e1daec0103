use super::*;

fn parse(json: &str) -> Result<Manifest, ManifestError> {
    Manifest::parse(json.as_bytes())
}

fn with(member: &str) -> Result<Manifest, ManifestError> {
    parse(&format!(r#"{{"version":"0.1.0",{member}}}"#))
}

fn malformed(result: Result<Manifest, ManifestError>) -> String {
    match result {
        Err(ManifestError::Malformed(why)) => why,
        other => panic!("expected Malformed, got {other:?}"),
    }
}

#[test]
fn a_full_manifest_is_read() {
    let manifest = parse(
        r#"{ "$schema": "x", "version": "0.1.0",
             "filesystem": { "grants": [ {"path": "/usr", "access": "read"},
                                         {"path": "/etc/hostname", "access": "write", "type": "file"},
                                         {"path": "$WORKDIR", "access": "readwrite", "type": "directory"} ],
                             "deny": [ {"path": "/etc/gshadow"} ] },
             "network": { "mode": "unrestricted", "ports": {"connect": [443, 65535], "bind": []}, "dns": true },
             "process": { "signal_mode": "isolated", "process_info_mode": "allow_all", "ipc_mode": "full",
                          "exec_strategy": "direct", "allowed_commands": [] },
             "credentials": [],
             "kubefence": { "exceptions": ["/etc/shadow", "$HOME/.ssh"], "volumes": "readwrite",
                            "config_volumes": true, "projected_volumes": true } }"#,
    )
    .unwrap();
    assert_eq!(
        manifest.grants.iter().map(|grant| (grant.path.to_string(), grant.access)).collect::<Vec<_>>(),
        [
            ("/usr".to_owned(), Access::Read),
            ("/etc/hostname".to_owned(), Access::Write),
            ("$WORKDIR".to_owned(), Access::ReadWrite)
        ]
    );
    let exceptions: Vec<_> = manifest.exceptions.iter().map(ToString::to_string).collect();
    assert_eq!(exceptions, ["/etc/shadow", "$HOME/.ssh", "/etc/gshadow"]);
    assert_eq!(
        manifest.tcp,
        TcpRules { connect: Some(vec![443, 65535]), bind: Some(vec![]), blocked: false }
    );
    assert_eq!(manifest.volumes, VolumeAccess::ReadWrite);
    assert!(manifest.config_volumes && manifest.projected_volumes);
}

#[test]
fn the_smallest_manifest_grants_nothing() {
    let manifest = parse(r#"{"version":"0.1.7"}"#).unwrap();
    assert!(manifest.grants.is_empty() && manifest.exceptions.is_empty());
    assert!(!manifest.tcp.is_restricted());
    assert_eq!(manifest.volumes, VolumeAccess::None);
    assert!(!manifest.config_volumes && !manifest.projected_volumes);
}

#[test]
fn unknown_members_are_refused_wherever_they_stand() {
    for member in [
        r#""fileystem":{}"#,
        r#""filesystem":{"grant":[]}"#,
        r#""filesystem":{"grants":[{"path":"/","access":"read","recursive":true}]}"#,
        r#""filesystem":{"deny":[{"path":"/","access":"read"}]}"#,
        r#""network":{"udp":false}"#,
        r#""network":{"ports":{"listen":[1]}}"#,
        r#""process":{"seccomp":"x"}"#,
        r#""kubefence":{"exception":["/etc/shadow"]}"#,
    ] {
        assert!(malformed(with(member)).contains("unknown field"), "{member}");
    }
}

#[test]
fn repeated_members_are_refused_wherever_they_stand() {
    for member in [
        r#""version":"0.1.0""#,
        r#""kubefence":{"exceptions":["/etc/shadow"]},"kubefence":{"exceptions":[]}"#,
        r#""kubefence":{"exceptions":["/etc/shadow"],"exceptions":[]}"#,
        r#""filesystem":{"grants":[{"path":"/a","path":"/b","access":"read"}]}"#,
        r#""network":{"ports":{"bind":[1],"bind":[2]}}"#,
    ] {
        assert!(malformed(with(member)).contains("duplicate field"), "{member}");
    }
}

#[test]
fn null_and_wrong_types_are_refused() {
    for member in [
        r#""filesystem":null"#,
        r#""filesystem":{"grants":null}"#,
        r#""network":{"ports":{"connect":null}}"#,
        r#""network":{"dns":null}"#,
        r#""kubefence":{"config_volumes":1}"#,
        r#""kubefence":{"volumes":"write"}"#,
        r#""filesystem":{"grants":[{"path":"/"}]}"#,
        r#""filesystem":{"grants":[{"path":"/","access":"Read"}]}"#,
        r#""filesystem":{"grants":[{"path":"/","access":"read","type":"socket"}]}"#,
        r#""network":{"ports":{"connect":[65536]}}"#,
        r#""network":{"ports":{"connect":[-1]}}"#,
        r#""process":{"signal_mode":"none"}"#,
    ] {
        malformed(with(member));
    }
    for json in [
        "",
        "{}",
        "[]",
        "{\"version\":\"0.1.0\"} x",
        "{\"version\":\"0.1.0\",}",
        "\u{feff}{\"version\":\"0.1.0\"}",
    ] {
        malformed(parse(json));
    }
}

#[test]
fn only_version_0_1_is_known() {
    for version in ["0.2.0", "0.1", "0.1.", "0.1.x", "1.0.0", "0.1.0-rc1", "0.1.1234567890", ""] {
        let result = parse(&format!(r#"{{"version":"{version}"}}"#));
        assert!(matches!(result, Err(ManifestError::Invalid("version", _))), "{version}");
    }
}

#[test]
fn what_cannot_be_enforced_is_refused_by_name() {
    for (member, name) in [
        (r#""credentials":[{"name":"x"}]"#, "credentials"),
        (r#""rollback":{"enabled":false}"#, "rollback"),
        (r#""resources":{"memory_bytes":1}"#, "resources"),
        (r#""network":{"mode":"proxy"}"#, "network.mode"),
        (r#""network":{"allow_domains":["a.example"]}"#, "network.allow_domains"),
        (r#""network":{"endpoints":[{"host":"a"}]}"#, "network.endpoints"),
        (r#""network":{"dns":false}"#, "network.dns"),
        (r#""network":{"ports":{"localhost":[80]}}"#, "network.ports.localhost"),
        (r#""network":{"ports":{"localhost_range":[[1,2]]}}"#, "network.ports.localhost_range"),
        (r#""process":{"allowed_commands":["ls"]}"#, "process.allowed_commands"),
        (r#""process":{"blocked_commands":["rm"]}"#, "process.blocked_commands"),
        (r#""process":{"exec_strategy":"supervised"}"#, "process.exec_strategy"),
    ] {
        assert!(
            matches!(with(member), Err(ManifestError::Unsupported(found, _)) if found == name),
            "{member}: {:?}",
            with(member)
        );
    }
}

#[test]
fn blocked_means_no_port_at_all() {
    let none = Some(vec![]);
    let blocked = with(r#""network":{"mode":"blocked"}"#).unwrap();
    assert_eq!(blocked.tcp, TcpRules { connect: none.clone(), bind: none.clone(), blocked: true });
    let spelled_out = with(r#""network":{"mode":"blocked","ports":{"connect":[],"bind":[]}}"#).unwrap();
    assert_eq!(spelled_out.tcp, TcpRules { connect: none.clone(), bind: none, blocked: true });
    let contradiction = with(r#""network":{"mode":"blocked","ports":{"connect":[443]}}"#);
    assert!(matches!(contradiction, Err(ManifestError::Invalid("network.ports", _))));
    let zero = with(r#""network":{"ports":{"bind":[0]}}"#);
    assert!(matches!(zero, Err(ManifestError::Invalid("network.ports", _))));
}

#[test]
fn a_rule_in_either_direction_restricts() {
    for (ports, restricted) in [
        (r"{}", false),
        (r#"{"connect":[]}"#, true),
        (r#"{"bind":[80]}"#, true),
        (r#"{"connect":[443],"bind":[]}"#, true),
    ] {
        let manifest = with(&format!(r#""network":{{"ports":{ports}}}"#)).unwrap();
        assert_eq!(manifest.tcp.is_restricted(), restricted, "{ports}");
    }
}

#[test]
fn errors_name_the_member_and_the_value() {
    for (member, message) in [
        (r#""network":{"ports":{"bind":[0]}}"#, "network.ports: 0 is not a port"),
        (r#""resources":{}"#, "resources: limits are the pod's own resources.limits"),
        (
            r#""kubefence":{"exceptions":["a"]}"#,
            "kubefence.exceptions: \"a\": it starts neither with / nor with $WORKDIR or $HOME",
        ),
        (r#""x":1"#, "unknown field `x`, expected one of "),
    ] {
        let error = with(member).unwrap_err().to_string();
        assert!(error.starts_with(message), "{error}");
    }
}

#[test]
fn paths_are_checked_everywhere() {
    for (member, name) in [
        (r#""filesystem":{"grants":[{"path":"etc","access":"read"}]}"#, "filesystem.grants"),
        (r#""filesystem":{"deny":[{"path":"~/.ssh"}]}"#, "filesystem.deny"),
        (r#""kubefence":{"exceptions":["$TMPDIR"]}"#, "kubefence.exceptions"),
        (r#""kubefence":{"exceptions":["/a\u0000b"]}"#, "kubefence.exceptions"),
    ] {
        assert!(matches!(with(member), Err(ManifestError::Invalid(found, _)) if found == name), "{member}");
    }
}

#[test]
fn size_and_depth_are_limited() {
    let long = format!(r#"{{"version":"0.1.0"{}}}"#, " ".repeat(MAX_MANIFEST_BYTES));
    assert!(malformed(parse(&long)).contains("longer"));
    let largest = format!(r#"{{"version":"0.1.123456789"{}}}"#, " ".repeat(MAX_MANIFEST_BYTES - 27));
    assert_eq!(largest.len(), MAX_MANIFEST_BYTES);
    assert!(parse(&largest).is_ok());
    let nested = "[".repeat(100_000) + &"]".repeat(100_000);
    assert!(matches!(
        with(&format!(r#""rollback":{nested}"#)),
        Err(ManifestError::Unsupported("rollback", _))
    ));
    malformed(with(&format!(r#""kubefence":{{"exceptions":{nested}}}"#)));
}
