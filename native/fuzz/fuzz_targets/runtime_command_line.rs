//! Whatever words nono-runc is called with: what starts a process is understood or refused, with one line.
#![no_main]

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt as _;

use kubefence_runtime::command_line::{Command, ContainerId, parse};
use libfuzzer_sys::fuzz_target;

const PASSES: [&str; 12] = [
    "state", "kill", "delete", "list", "ps", "pause", "resume", "update", "events", "features", "--version", "-v",
];

fuzz_target!(|line: &[u8]| {
    let words: Vec<OsString> =
        line.split(|byte| *byte == 0).map(|word| OsStr::from_bytes(word).to_owned()).collect();
    let contains = |word: &str| words.iter().any(|other| other == word);
    match parse(&words).1 {
        Err(refusal) => assert!(!refusal.to_string().chars().any(char::is_control)),
        Ok(Command::PassThrough) => assert!(PASSES.iter().any(|word| contains(word))),
        Ok(Command::Create { bundle, id }) => {
            assert!(contains("create") && !bundle.as_os_str().is_empty());
            check(&words, &id);
        }
        Ok(Command::Start { id }) => {
            assert!(contains("start"));
            check(&words, &id);
        }
        Ok(Command::Exec { id, process }) => {
            assert!(contains("exec") && !process.as_os_str().is_empty());
            check(&words, &id);
        }
    }
});

/// The container is the last word, and nothing that leads out of a directory.
fn check(words: &[OsString], id: &ContainerId) {
    assert_eq!(words.last().map(OsString::as_os_str), Some(OsStr::new(id.as_str())));
    assert!(!id.as_str().contains('/') && !id.as_str().starts_with('.'));
}
