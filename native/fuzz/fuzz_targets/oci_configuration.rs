//! Whatever bytes config.json has: it is refused, or read as every other reader reads it; and a container that is
//! approved starts the launcher with the options that were decided.
#![no_main]

use std::sync::LazyLock;

use kubefence_policy::arguments::{self, Invocation};
use kubefence_runtime::configuration::Configuration;
use kubefence_runtime::oci::configuration::{OciConfiguration, with_arguments};
use kubefence_runtime::policy::create::decide;
use kubefence_runtime::policy::pod::identify;
use libfuzzer_sys::fuzz_target;
use serde_json::{Value, json};

static NODE: LazyLock<Configuration> = LazyLock::new(|| {
    let json = include_bytes!("../seeds/runtime_configuration/workspace");
    Configuration::parse(json).expect("the seed is a configuration")
});

fuzz_target!(|json: &[u8]| {
    let Ok(read) = OciConfiguration::parse(json) else { return };
    // A number that is too large for a float is JSON, and nothing that matters is one.
    let Ok(mut value) = serde_json::from_slice::<Value>(json) else { return };
    assert_eq!(value["process"]["args"], json!(read.process.args));
    assert_eq!(value["process"]["cwd"], json!(read.process.cwd));
    assert_eq!(value["mounts"].as_array().map_or(0, Vec::len), read.mounts.len());

    let Ok(pod) = identify(&read.annotations, "c1") else { return };
    let Ok(approved) = decide(&pod, &read, &NODE) else { return };
    let Some(sandbox) = approved.record.sandbox else {
        assert_eq!(pod.sandbox_id, "c1");
        return;
    };
    let arguments = approved.arguments.expect("a workload gets arguments");
    let bytes: Vec<&[u8]> = arguments.iter().map(String::as_bytes).collect();
    if let Ok(Invocation::Wrap(wrap)) = arguments::parse(&bytes) {
        assert_eq!(wrap.digest, Some(sandbox.digest));
        assert_eq!(wrap.options, sandbox.options);
        assert_eq!(arguments[0], "/nono/nono");
    } else {
        // Approved without a command behind the launcher's arguments, which the launcher refuses.
        assert_eq!(arguments.last().map(String::as_str), Some("--"));
    }
    let changed = with_arguments(json, &arguments).expect("what is read can be changed");
    value["process"]["args"] = json!(arguments);
    assert_eq!(serde_json::from_str::<Value>(&changed).expect("it is JSON"), value);
});
