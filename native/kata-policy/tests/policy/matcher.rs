//! The matcher of arguments and mounts against the launcher's own reader, on arguments and mounts that nobody wrote down.

use std::cell::RefCell;

use kubefence_kata_policy::{Agent, ENGINES};
use kubefence_policy::arguments::{ContainerOptions, Invocation, ProfileName, parse};
use kubefence_policy::canonical::launcher_arguments;
use kubefence_policy::path::AbsolutePath;
use kubefence_policy::recorded::RecordedPlaces;
use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::fixtures;

const CASES: u32 = 100;

thread_local! {
    static AGENTS: RefCell<Vec<Agent>> = RefCell::new(
        ENGINES.iter().map(|engine| fixtures::started(*engine, &fixtures::text("policy.rego"))).collect(),
    );
}

/// What all engines say; they have to agree.
fn admitted(request: &Value) -> bool {
    AGENTS.with_borrow_mut(|agents| {
        let mut answers =
            agents.iter_mut().map(|agent| agent.ask("CreateContainerRequest", request).unwrap_or(false));
        let first = answers.next().unwrap();
        assert!(answers.all(|answer| answer == first), "the engines disagree about {request}");
        first
    })
}

fn with_arguments(arguments: &[String]) -> Value {
    let mut request = fixtures::request("create-container");
    request["OCI"]["Process"]["Args"] = json!(arguments);
    request
}

/// Words that lines of the launcher are made of, and others.
fn word() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => proptest::sample::select(vec![
            "/nono/nono", "wrap", "--profile", "default", "--", "--scope-signals", "--seccomp", "restricted", "--rw",
            "--ro", "--except", "/data", "/a b", "--digest", "--workdir", "--no-home", "-p", "sh", "",
        ]).prop_map(str::to_owned),
        1 => any::<String>(),
    ]
}

fn line() -> impl Strategy<Value = Vec<String>> {
    let begun = (vec(word(), 0..4), any::<bool>()).prop_map(|(rest, is_ended)| {
        let mut line = ["/nono/nono", "wrap", "--profile", "default"].map(str::to_owned).to_vec();
        line.extend(rest);
        line.extend(["--", "sh"].map(str::to_owned).into_iter().filter(|_| is_ended));
        line
    });
    prop_oneof![1 => vec(word(), 0..8), 3 => begun]
}

fn path() -> impl Strategy<Value = AbsolutePath> {
    "(/[^/\\x00]{1,6}){1,4}".prop_filter_map("clean", |path| AbsolutePath::parse(path.as_bytes()).ok())
}

fn options() -> impl Strategy<Value = ContainerOptions> {
    let name = proptest::option::of("[a-zA-Z0-9][a-zA-Z0-9_-]{0,63}");
    (any::<bool>(), name, vec(path(), 0..3), vec(path(), 0..3), vec(path(), 0..3)).prop_map(
        |(scope_signals, seccomp, read_write, read_only, except)| ContainerOptions {
            scope_signals,
            seccomp: seccomp.and_then(|name| ProfileName::parse(name.as_bytes())),
            read_write,
            read_only,
            except,
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: CASES, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_the_plugin_writes_is_admitted(
        profile in "[a-zA-Z0-9][a-zA-Z0-9_-]{0,63}",
        options in options(),
        command in vec("[^\\x00]{0,8}", 1..4),
    ) {
        let profile = ProfileName::parse(profile.as_bytes()).unwrap();
        let prefix = launcher_arguments(&profile, None, &options, &RecordedPlaces::default());
        let mut line: Vec<String> = prefix.into_iter().map(|word| String::from_utf8(word).unwrap()).collect();
        line.extend(command);
        prop_assert!(admitted(&with_arguments(&line)), "{line:?}");
    }

    #[test]
    fn what_is_admitted_starts_the_launcher_and_nothing_else(line in line()) {
        if !admitted(&with_arguments(&line)) { return Ok(()); }
        prop_assert_eq!(&line[0], "/nono/nono");
        let bytes: Vec<&[u8]> = line.iter().map(String::as_bytes).collect();
        // The launcher refuses paths that are not clean, and says so; it never takes such a line for another.
        match parse(&bytes) {
            Ok(Invocation::Wrap(wrap)) => {
                prop_assert_eq!(wrap.digest, None);
                prop_assert_eq!(wrap.places, RecordedPlaces::default());
            }
            Ok(other) => prop_assert!(false, "{:?}", other),
            Err(error) => prop_assert!(error.to_string().contains("--"), "{}", error),
        }
    }

    #[test]
    fn no_volume_comes_near_the_launcher(
        parts in vec(proptest::sample::select(vec!["nono", "", ".", "..", "x", "nono.d"]), 0..5),
        absolute in any::<bool>(),
    ) {
        let destination = format!("{}{}", if absolute { "/" } else { "" }, parts.join("/"));
        let mut request = fixtures::request("create-container");
        request["OCI"]["Mounts"].as_array_mut().unwrap().push(json!({
            "destination": destination,
            "source": "/run/kata-containers/shared/containers/x-volume",
            "type_": "bind",
            "options": ["rbind", "rprivate", "rw"],
        }));
        let launcher = AbsolutePath::parse(b"/nono").unwrap();
        // Above the root there is nothing to normalize.
        let clean = AbsolutePath::normalize(format!("/{destination}").as_bytes());
        let is_near = parts.contains(&"..")
            || clean.is_none_or(|clean| clean.is_within(&launcher) || launcher.is_within(&clean));
        prop_assert_eq!(admitted(&request), !is_near, "{}", destination);
    }
}
