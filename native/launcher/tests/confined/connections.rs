use serde_json::json;

use crate::root::{Root, with_network};

/// How the shell's `nc` fares: whether a socket could be made and connected.
fn tries(root: &Root, network: &serde_json::Value) -> String {
    root.profile("network", &with_network(&[], &[], network));
    let outcome = root.start(&["busybox", "nc", "-w", "1", "127.0.0.1", "9"]).profile("network").run();
    outcome.stderr.trim_end().rsplit(": ").next().unwrap().to_owned()
}

#[test]
#[ignore = "needs root"]
fn tcp_goes_by_the_manifest() {
    let root = Root::new();
    // Nobody listens there, so a connection that is let through is refused by the other side.
    assert_eq!(tries(&root, &json!({})), "Connection refused");
    assert_eq!(tries(&root, &json!({ "ports": { "connect": [9] } })), "Connection refused");
    assert_eq!(tries(&root, &json!({ "ports": { "bind": [] } })), "Connection refused");
    assert_eq!(tries(&root, &json!({ "ports": { "connect": [10] } })), "Permission denied");
    assert_eq!(tries(&root, &json!({ "mode": "blocked" })), "Operation not permitted");
}

#[test]
#[ignore = "needs root"]
fn signals_reach_the_outside_unless_they_are_scoped() {
    let root = Root::new();
    let line = format!("kill -0 {} && echo reached", std::process::id());
    let signal = root.shell(&line);
    assert_eq!(signal.output(), "reached\n");
    let scoped = signal.options("--scope-signals").run();
    assert_eq!(scoped.stdout, "");
    assert!(scoped.stderr.contains("Operation not permitted"), "{scoped:?}");
    let own = root.shell("busybox sleep 5 & kill $! && echo reached").options("--scope-signals");
    assert_eq!(own.output(), "reached\n");
}
