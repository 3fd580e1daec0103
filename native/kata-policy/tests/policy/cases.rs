//! Every row of `kata/policy/cases` on every engine: a recorded request, changed as the row says, admitted or not.

use std::fs;

use kubefence_kata_policy::ENGINES;
use serde::Deserialize;

use crate::fixtures;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    endpoint: String,
    /// A file of `kata/policy/requests`.
    request: String,
    /// The pod's sandbox is there.
    started: bool,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    patch: json_patch::Patch,
    allowed: bool,
}

#[test]
fn every_row() {
    let policy = fixtures::text("policy.rego");
    let (mut rows, mut admitted, mut errors) = (0, 0, 0);
    for entry in fs::read_dir(fixtures::file("cases")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let table: Table = serde_json::from_str(&fixtures::text(&format!("cases/{name}"))).unwrap();
        for engine in ENGINES {
            let mut running = fixtures::started(engine, &policy);
            for case in &table.cases {
                let mut request = fixtures::request(&table.request);
                json_patch::patch(&mut request, &case.patch)
                    .unwrap_or_else(|error| panic!("{name}: {}: {error}", case.name));
                let answer = if table.started {
                    running.ask(&table.endpoint, &request)
                } else {
                    fixtures::fresh(engine, &policy).ask(&table.endpoint, &request)
                };
                // An engine that cannot answer is a refusal, as it is for the agent.
                errors += usize::from(answer.is_err());
                assert_eq!(answer.unwrap_or(false), case.allowed, "{name}: {} on {engine:?}", case.name);
                rows += 1;
                admitted += usize::from(case.allowed);
            }
        }
    }
    println!(
        "{rows} answers: {admitted} yes, {} no, {errors} of these by an error of the engine",
        rows - admitted
    );
    assert!(admitted > 40 && rows - admitted > 200 && errors < 10);
}
