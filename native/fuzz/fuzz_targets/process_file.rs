//! Whatever bytes the process file of an exec has: it is refused, or read as every other reader reads it, and
//! nothing but the arguments changes.
#![no_main]

use kubefence_runtime::oci::object::Object;
use kubefence_runtime::oci::process::{PROCESS_MEMBERS, Process, arguments_as_json};
use libfuzzer_sys::fuzz_target;
use serde_json::{Value, json};

fuzz_target!(|bytes: &[u8]| {
    let Ok(object) = Object::parse(bytes, &PROCESS_MEMBERS) else { return };
    let Ok(process) = Process::read(&object) else { return };
    // A number that is too large for a float is JSON, and nothing that matters is one.
    let Ok(mut value) = serde_json::from_slice::<Value>(bytes) else { return };
    assert_eq!(value["args"], json!(process.args));
    assert_eq!(value["user"]["uid"].as_u64().unwrap_or(0), u64::from(process.user.uid));
    let arguments: Vec<String> = [String::from("/nono/nono")].into_iter().chain(process.args).collect();
    let changed = object.with("args", &arguments_as_json(&arguments));
    value["args"] = json!(arguments);
    assert_eq!(serde_json::from_str::<Value>(&changed).expect("it is JSON"), value);
});
