//! Whatever bytes a manifest has, it is refused or fully understood.
#![no_main]

use kubefence_policy::manifest::Manifest;
use kubefence_policy::path::AbsolutePath;
use kubefence_policy::template::{PathTemplate, Variables};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|json: &[u8]| {
    let Ok(manifest) = Manifest::parse(json) else { return };
    let variables = Variables {
        workdir: AbsolutePath::normalize(b"/work"),
        home: AbsolutePath::normalize(b"/home/app"),
        uid: u32::MAX,
    };
    for path in manifest.grants.iter().map(|grant| &grant.path).chain(&manifest.exceptions) {
        assert_eq!(PathTemplate::parse(&path.to_string()).as_ref(), Ok(path));
        // Without `*`, a resolved path is a clean absolute path that its own pattern matches.
        let pattern = path.resolve(&variables).expect("every variable is known");
        let names: Vec<&[u8]> = path.to_string().leak().as_bytes().split(|byte| *byte == b'/').collect();
        assert!(names.iter().skip(1).all(|name| !matches!(*name, b"." | b"..")));
        assert!(pattern.components().count() <= names.len() + 2);
    }
    for port in manifest.tcp.connect.iter().chain(&manifest.tcp.bind).flatten() {
        assert_ne!(*port, 0);
    }
});
