use crate::root::Root;

#[test]
#[ignore = "needs root"]
fn the_command_runs_under_every_profile_and_opens_nothing_else() {
    let root = Root::new();
    for path in ["/cat", "/app/cat", "/closed/cat"] {
        root.program(path, "");
    }
    root.link("/to/cat", "/cat");
    root.profile("nothing", r#"{"version":"0.1.0"}"#);
    root.profile("closed", r#"{"version":"0.1.0","kubefence":{"exceptions":["/closed"]}}"#);
    let start = |command: &'static str| {
        root.start(&[command, "/etc/passwd"])
            .profile("nothing")
            .before("for path in cat app/cat closed/cat; do mount --bind /bin/busybox ROOT/$path; done")
    };
    for command in ["/cat", "//app/../cat", "/to/cat", "/closed/cat"] {
        assert_eq!(start(command).denials().1, 1, "{command}");
    }
    assert_eq!(start("./cat").working_in("/app").denials().1, 1);
    assert_eq!(start("cat").path("/none:/app").denials().1, 1);
    assert_eq!(start("/cat").user(1000).without_proc().denials().1, 1);
    assert_eq!(start("/closed/cat").profile("closed").refusal(), "126 COMMAND_NOT_EXECUTABLE");
}

#[test]
#[ignore = "needs root"]
fn commands_that_cannot_be_executed_or_are_not_there() {
    let root = Root::new();
    root.file("/bin/plain", "text\n");
    root.program("/bin/text", "text\n");
    root.program("/bin/orphan", "#!/none/sh\n");
    root.program("/bin/interpreted", "#!/ungranted\n");
    root.program("/ungranted", "");
    for (command, why) in [
        ("/bin/plain", "Permission denied"),
        ("plain", "Permission denied"),
        ("/bin", "Is a directory"),
        ("/bin/text", "neither an ELF program"),
        ("/bin/orphan", "the interpreter that it names"),
        ("/bin/interpreted", "does not grant its interpreter"),
    ] {
        let start = root.start(&[command]);
        assert_eq!(start.refusal(), "126 COMMAND_NOT_EXECUTABLE", "{command}");
        let outcome = start.run();
        assert!(outcome.stderr.contains(why), "{command}: {}", outcome.stderr);
    }
    for command in ["none", "/bin/none", "/bin/busybox/x", "./none", "", "nono"] {
        assert_eq!(root.start(&[command]).path("/nono:/bin").refusal(), "127 COMMAND_NOT_FOUND", "{command}");
    }
    assert_eq!(root.shell("exit 42").run().status, 42);
}

#[test]
#[ignore = "needs root"]
fn launcher_and_shims_can_be_executed_from_inside_and_not_through_links() {
    let root = Root::new();
    let version = ["/nono/nono", "--version"];
    assert!(
        root.start(&["sh", "-c", "LLVM_PROFILE_FILE=/dev/null /nono/nono --version; true"])
            .output()
            .starts_with("nono ")
    );
    assert!(root.plain(&version).output().ends_with(" (Kubefence launcher)\n"));

    let shim = root.shell("/shims/tool; /nono/shims/tool; true");
    let script = |folder| format!("printf '#!/bin/echo\\n' >{folder}/tool; chmod 755 {folder}/tool;");
    let folder =
        format!("mkdir ROOT/nono/shims ROOT/shims; {} {}", script("ROOT/nono/shims"), script("ROOT/shims"));
    assert_eq!(shim.clone().before(&folder).denials(), ("/nono/shims/tool\n".to_owned(), 1));
    let link = format!("rm -r ROOT/nono/shims; {} ln -s /shims ROOT/nono/shims", script("ROOT/shims"));
    assert_eq!(shim.before(&link).denials(), (String::new(), 2));
}

#[test]
#[ignore = "needs root"]
fn something_else_in_the_launchers_place_is_not_executed() {
    let moved = "mount --bind ROOT/nono/nono ROOT/bin/nono; umount ROOT/nono/nono; rm ROOT/nono/nono";
    for (place, tool) in [
        ("ln -s /opt/tool ROOT/nono/nono", "/opt/tool; true"),
        ("mkdir ROOT/nono/nono; cp ROOT/opt/tool ROOT/nono/nono", "/nono/nono/tool; true"),
    ] {
        let root = Root::new();
        root.program("/bin/nono", "");
        root.program("/opt/tool", "#!/bin/echo\n");
        let command = ["/bin/nono", "wrap", "--profile", "test", "--", "sh", "-c", tool];
        let start = root.plain(&command).before(&format!("{moved}; {place}"));
        assert_eq!(start.denials(), (String::new(), 1), "{place}");
    }
}

#[test]
#[ignore = "needs root"]
fn arguments_and_environment_reach_the_command_as_they_are() {
    let root = Root::new();
    let odd =
        ["busybox", "sh", "-c", "printf '%s|' \"$0\" \"$@\"", "--profile", "x", "", "two words", "--", "\n"];
    assert_eq!(root.start(&odd).output(), "--profile|x||two words|--|\n|");
    let environment = root.start(&["env"]).output();
    let own: Vec<_> = environment.lines().filter(|line| !line.contains("LLVM_PROFILE")).collect();
    assert_eq!(own, ["PATH=/bin"]);
    assert_eq!(root.shell("pwd").working_in("/etc").output(), "/etc\n");
}
