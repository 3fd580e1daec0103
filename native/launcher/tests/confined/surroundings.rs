use crate::root::{Root, manifest};

#[test]
#[ignore = "needs root"]
fn inherited_descriptors_are_closed() {
    let root = Root::new();
    // `ls` has the directory that it lists open as well.
    let start = root.start(&["ls", "/proc/self/fd"]).before("exec 4</ 9</");
    let inherited = root.plain(&["/bin/ls", "/proc/self/fd"]).before("exec 4</ 9</").output();
    assert!(inherited.contains("\n4\n") && inherited.contains("\n9\n"), "{inherited}");
    assert_eq!(start.output(), "0\n1\n2\n3\n");
    let older = start.clone().answering(libc::SYS_close_range, libc::ENOSYS);
    assert_eq!(older.output(), "0\n1\n2\n3\n");
    assert_eq!(older.without_proc().refusal(), "125 INHERITED_DESCRIPTORS");
}

#[test]
#[ignore = "needs root"]
fn the_command_keeps_its_signals_and_gains_no_privileges() {
    let root = Root::new();
    let grep = |names: &'static str| ["grep", "-E", names, "/proc/self/status"];
    assert_eq!(root.start(&grep("NoNewPrivs")).output(), "NoNewPrivs:\t1\n");
    let filters = root.plain(&["/bin/grep", "Seccomp_filters", "/proc/self/status"]).output();
    assert_eq!(root.start(&grep("Seccomp_filters")).output(), filters);
    let plain = |before| root.plain(&["/bin/grep", "SigIgn", "/proc/self/status"]).before(before).output();
    assert_ne!(plain("trap '' PIPE"), plain("trap - PIPE"));
    for before in ["trap '' PIPE", "trap - PIPE"] {
        assert_eq!(root.start(&grep("SigIgn")).before(before).output(), plain(before));
    }
}

#[test]
#[ignore = "needs root"]
fn seccomp_profiles_older_than_openat2_change_nothing() {
    let root = Root::new();
    root.file("/opt/open", "open\n");
    root.file("/opt/closed", "closed\n");
    root.link("/link", "/opt");
    root.profile("test", &manifest(&["r /link"], &["/opt/closed"]));
    for error in [libc::ENOSYS, libc::EPERM] {
        let start = root.shell("cat /opt/open /opt/closed").answering(libc::SYS_openat2, error);
        assert_eq!(start.denials(), ("open\n".to_owned(), 1), "{error}");
    }
    let failing = root.shell("cat /opt/open").answering(libc::SYS_openat2, libc::EIO);
    assert_eq!(failing.refusal(), "125 PATH_UNREADABLE");
}

#[test]
#[ignore = "needs root"]
fn the_probe_says_what_the_kernel_does() {
    let root = Root::new();
    let probe = root.plain(&["/nono/nono", "--probe"]);
    let works: serde_json::Value = serde_json::from_str(&probe.output()).unwrap();
    assert_eq!(works["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(works["landlock"]["denied_open"], true);
    assert!(works["landlock"]["abi"].as_i64().unwrap() > 0);
    assert_eq!(works["landlock"]["errata"], landlock::Erratum::current().bits());
    assert!(!works["kernel"].as_str().unwrap().is_empty());
    for (call, error) in
        [(libc::SYS_landlock_create_ruleset, libc::ENOSYS), (libc::SYS_landlock_restrict_self, 0)]
    {
        let outcome = probe.clone().answering(call, error).run();
        assert_eq!(outcome.status, 1, "{call}");
        let fails: serde_json::Value = serde_json::from_str(&outcome.stdout).unwrap();
        assert_eq!(fails["landlock"]["denied_open"], false, "{call}");
    }
    let nobody_reads = root.plain(&["/nono/nono", "--version"]).before("exec >/dev/full");
    assert_eq!(nobody_reads.run().status, 1);
}
