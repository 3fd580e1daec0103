//! A guest's life in order, and what no single request shows.

use kubefence_kata_policy::{Agent, ENGINES};
use serde_json::{Value, json};

use crate::fixtures;

/// What the original's policy answers yes to, without those that have rules now.
const ALWAYS: [&str; 31] = [
    "AddARPNeighborsRequest",
    "AddSwapRequest",
    "CloseStdinRequest",
    "DestroySandboxRequest",
    "GetMetricsRequest",
    "GetOOMEventRequest",
    "GuestDetailsRequest",
    "ListInterfacesRequest",
    "ListRoutesRequest",
    "MemHotplugByProbeRequest",
    "OnlineCPUMemRequest",
    "PauseContainerRequest",
    "PullImageRequest",
    "ReadStreamRequest",
    "RemoveContainerRequest",
    "RemoveStaleVirtiofsShareMountsRequest",
    "ReseedRandomDevRequest",
    "ResumeContainerRequest",
    "SetGuestDateTimeRequest",
    "SignalProcessRequest",
    "StartContainerRequest",
    "StartTracingRequest",
    "StatsContainerRequest",
    "StopTracingRequest",
    "TtyWinResizeRequest",
    "UpdateContainerRequest",
    "UpdateEphemeralMountsRequest",
    "UpdateInterfaceRequest",
    "UpdateRoutesRequest",
    "WaitProcessRequest",
    "WriteStreamRequest",
];

fn each_engine(check: impl Fn(Agent, Agent)) {
    let policy = fixtures::text("policy.rego");
    for engine in ENGINES {
        check(fixtures::fresh(engine, &policy), fixtures::started(engine, &policy));
    }
}

fn create(agent: &mut Agent, request: &Value) -> bool {
    agent.ask("CreateContainerRequest", request).unwrap()
}

#[test]
fn the_rest_of_the_originals_list_is_admitted() {
    each_engine(|mut fresh, mut started| {
        for endpoint in ALWAYS {
            assert!(fresh.ask(endpoint, &json!({})).unwrap(), "{endpoint}");
            assert!(started.ask(endpoint, &json!({"container_id": "x"})).unwrap(), "{endpoint}");
        }
    });
}

#[test]
fn what_the_policy_does_not_know_is_an_error() {
    each_engine(|mut fresh, _| {
        for endpoint in ["SetIPTablesRequest", "ResizeVolumeRequest", "TomorrowsRequest"] {
            assert!(fresh.ask(endpoint, &json!({})).is_err(), "{endpoint}");
        }
        assert!(!fresh.ask("LoadPolicyFragmentRequest", &json!({})).unwrap());
    });
}

#[test]
fn many_containers_and_one_sandbox() {
    each_engine(|_, mut agent| {
        for _ in 0..3 {
            assert!(create(&mut agent, &fixtures::request("create-container")));
            assert!(!create(&mut agent, &fixtures::request("create-pause")));
        }
    });
}

#[test]
fn a_refused_container_leaves_the_sandbox_its_turn() {
    each_engine(|mut agent, _| {
        let mut bare = fixtures::request("create-container");
        bare["OCI"]["Process"]["Args"] = json!(["sh"]);
        assert!(!create(&mut agent, &bare));
        assert!(create(&mut agent, &fixtures::request("create-pause")));
    });
}

#[test]
fn a_guest_without_a_sandbox_container_gets_none_later() {
    each_engine(|mut agent, _| {
        assert!(create(&mut agent, &fixtures::request("create-container")));
        assert!(!create(&mut agent, &fixtures::request("create-pause")));
        assert!(create(&mut agent, &fixtures::request("create-container")));
    });
}

#[test]
fn no_policy_takes_its_place_and_nothing_is_forgotten() {
    let open = "package agent_policy\ndefault CreateContainerRequest := true\n";
    each_engine(|mut fresh, mut started| {
        for agent in [&mut fresh, &mut started] {
            assert!(!agent.set_policy(open).unwrap());
        }
        assert!(!create(&mut started, &fixtures::request("create-pause")));
    });
}

#[test]
fn no_line_is_too_long_for_an_engine() {
    for line in fixtures::text("policy.rego").lines() {
        assert!(line.len() < 1024, "{line}");
    }
}
