//! `kata/policy/baked/policy.rego`: what `kubefence kata policy` prints, with everything that can be baked.

use kubefence_kata_policy::{Agent, ENGINES};
use serde_json::json;

use crate::fixtures;

const OTHER: &str = "package agent_policy\n\ndefault SetPolicyRequest := false\n";

fn each_engine(check: impl Fn(&dyn Fn() -> Agent)) {
    let policy = fixtures::text("baked/policy.rego");
    for engine in ENGINES {
        check(&|| fixtures::fresh(engine, &policy));
    }
}

fn sends(agent: &mut Agent, args: &[&str]) -> bool {
    let mut request = fixtures::request("exec");
    request["process"]["Args"] = json!(args);
    agent.ask("ExecProcessRequest", &request).unwrap()
}

#[test]
fn exact_commands_of_probes_and_hooks() {
    let long = "a".repeat(2000);
    each_engine(|fresh| {
        let mut agent = fresh();
        for args in [
            &["/bin/true"][..],
            &["/nono/nono", "wrap", "--profile", "default", "--", "check", "--port=8080"],
            &["cat", "/tmp/ready with \"quotes\" and ä"],
            &["sh", "-c", "sleep $(DELAY)"],
            &["/x", &long],
        ] {
            assert!(sends(&mut agent, args), "{args:?}");
            assert!(!sends(&mut agent, &[args, &["more"]].concat()), "{args:?} and more");
            assert!(!sends(&mut agent, &args[..args.len() - 1]), "{args:?} and less");
        }
        for args in [&["/bin/true", ""][..], &["true"], &["sh", "-c", "sleep 1"], &["/x", &long[1..]], &[""]]
        {
            assert!(!sends(&mut agent, args), "{args:?}");
        }
    });
}

#[test]
fn every_command_under_the_launcher_with_the_one_profile() {
    let prefix = ["/nono/nono", "wrap", "--profile", "debug", "--seccomp", "restricted", "--"];
    each_engine(|fresh| {
        let mut agent = fresh();
        assert!(sends(&mut agent, &[&prefix[..], &["sh", "-c", "id"]].concat()));
        assert!(sends(&mut agent, &[&prefix[..], &[""]].concat()));
        assert!(!sends(&mut agent, &prefix), "no command");
        for (at, other) in
            [(0, "/tmp/nono"), (1, "run"), (3, "default"), (4, "--rw"), (5, "original"), (6, "sh")]
        {
            let mut args = prefix;
            args[at] = other;
            assert!(!sends(&mut agent, &[&args[..], &["sh"]].concat()), "{args:?}");
        }
        let short = ["/nono/nono", "wrap", "--profile", "debug", "--", "sh"];
        assert!(!sends(&mut agent, &short), "without the seccomp policy");
        let wide = [&prefix[..6], &["--rw", "/", "--", "sh"]].concat();
        assert!(!sends(&mut agent, &wide), "with options");
    });
}

#[test]
fn the_sandbox_of_another_pause_image() {
    each_engine(|fresh| {
        let mut request = fixtures::request("create-pause");
        assert!(!fresh().ask("CreateContainerRequest", &request).unwrap());
        request["OCI"]["Process"]["Args"] = json!(["/usr/bin/pod"]);
        let mut agent = fresh();
        assert!(agent.ask("CreateContainerRequest", &request).unwrap());
        assert!(!agent.ask("CreateContainerRequest", &request).unwrap());
        assert!(agent.ask("CreateContainerRequest", &fixtures::request("create-container")).unwrap());
    });
}

#[test]
fn a_listed_policy_before_the_first_container_only() {
    each_engine(|fresh| {
        let mut agent = fresh();
        assert!(!agent.set_policy(&format!("{OTHER}\n")).unwrap(), "one line more");
        assert!(agent.set_policy(OTHER).unwrap());
        assert!(!agent.set_policy(OTHER).unwrap(), "the other policy decides now");
        let mut agent = fresh();
        assert!(agent.ask("CreateContainerRequest", &fixtures::request("create-container")).unwrap());
        assert!(!agent.set_policy(OTHER).unwrap(), "after the first container");
    });
}
