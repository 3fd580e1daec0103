use super::*;

fn with(rule: &str) -> Result<Policy, String> {
    let json = format!(
        r#"{{"policy":"p","default":{{"action":"errno","errno":1}},"unknown_calls":{{"action":"errno","errno":38}},
            "architectures":{{"x86_64":["x86_64","x86"]}},"other_architectures":{{"action":"kill_process"}},
            "rules":[{rule}]}}"#
    );
    Policy::parse(json.as_bytes(), Machine::X86_64)
}

#[test]
fn every_member_of_a_rule() {
    let policy = with(
        r#"{"names":["clone"],"action":{"errno":38},"args":[{"index":0,"op":"masked_eq","value":"2","mask":"3"}],
            "caps_any":["CAP_SYS_ADMIN"],"caps_none":["CAP_BPF"],"arches":["x86"],"min_kernel":"4.8"}"#,
    )
    .unwrap();
    assert_eq!(policy.interfaces, [Interface::X86_64, Interface::X86]);
    let rule = &policy.rules[1];
    assert_eq!(rule.errno, Some(38));
    assert_eq!(rule.arguments, [Condition { index: 0, operator: Operator::MaskedEq, value: 2, mask: 3 }]);
    assert_eq!((rule.capabilities.any.0, rule.capabilities.none.0), (1 << 21, 1 << 39));
    assert_eq!(rule.interfaces, [Interface::X86]);
}

#[test]
fn what_cannot_be_meant_is_refused() {
    for (rule, why) in [
        (r#"{"names":[],"action":{"errno":0}}"#, "errno 0 is not within 1 and 4095"),
        (r#"{"names":[],"action":"log"}"#, "unknown variant"),
        (r#"{"names":[],"action":"allow","caps":[]}"#, "unknown field"),
        (r#"{"names":[],"action":"allow","caps_any":["CAP_FLY"]}"#, "no capability CAP_FLY"),
        (r#"{"names":[],"action":"allow","arches":["mips"]}"#, "no architecture mips"),
        (r#"{"names":[],"action":"allow","min_kernel":"6.1"}"#, "min_kernel 6.1"),
        (r#"{"names":[],"action":"allow","args":[{"index":6,"op":"eq","value":"0"}]}"#, "no argument 6"),
        (
            r#"{"names":[],"action":"allow","args":[{"index":0,"op":"eq","value":"-1"}]}"#,
            "no unsigned 64-bit",
        ),
        (
            r#"{"names":[],"action":"allow","args":[{"index":0,"op":"eq","value":"1","mask":"1"}]}"#,
            "only masked_eq",
        ),
        (
            r#"{"names":[],"action":"allow","args":[{"index":0,"op":"masked_eq","value":"1"}]}"#,
            "needs a mask",
        ),
        (
            r#"{"names":[],"action":"allow","args":[{"index":0,"op":"masked_eq","value":"4","mask":"3"}]}"#,
            "covers the value",
        ),
    ] {
        let error = with(rule).unwrap_err();
        assert!(error.contains(why), "{rule}: {error}");
    }
    let other = Policy::parse(br#"{"policy":"../p"}"#, Machine::X86_64).unwrap_err();
    assert!(other.contains("missing field"), "{other}");
}
