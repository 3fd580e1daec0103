use super::*;

fn parse_line(line: &str) -> (Global, Result<Command, Refusal>) {
    let arguments: Vec<OsString> = line.split_whitespace().map(OsString::from).collect();
    parse(&arguments)
}

fn command(line: &str) -> Command {
    parse_line(line).1.unwrap_or_else(|refusal| panic!("{line}: {refusal}"))
}

fn refused(line: &str) -> Code {
    match parse_line(line).1 {
        Ok(command) => panic!("{line}: {command:?}"),
        Err(refusal) => refusal.code,
    }
}

fn id(text: &str) -> ContainerId {
    ContainerId::parse(text.as_bytes()).unwrap()
}

#[test]
fn as_containerds_shim_calls() {
    let global = "--root /run/runc/k8s.io --log /run/b/log.json --log-format json";
    let (found, create) =
        parse_line(&format!("{global} create --bundle /run/b --pid-file /run/b/init.pid c1"));
    assert_eq!(
        found,
        Global {
            root: Some("/run/runc/k8s.io".into()),
            log: Some("/run/b/log.json".into()),
            log_is_json: true
        }
    );
    assert_eq!(create, Ok(Command::Create { bundle: "/run/b".into(), id: id("c1") }));
    assert_eq!(command(&format!("{global} start c1")), Command::Start { id: id("c1") });
    let exec = Command::Exec { id: id("c1"), process: "/tmp/runc-process1".into() };
    for options in ["--detach --pid-file /run/b/x.pid", "--console-socket /tmp/pty1/pty.sock --detach"] {
        assert_eq!(command(&format!("{global} exec --process /tmp/runc-process1 {options} c1")), exec);
    }
    for line in [
        "kill c1 15",
        "kill --all c1 9",
        "delete --force c1",
        "state c1",
        "features",
        "update --resources - c1",
    ] {
        assert_eq!(command(&format!("{global} {line}")), Command::PassThrough, "{line}");
    }
    assert_eq!(command("features"), Command::PassThrough);
    assert_eq!(command("--version"), Command::PassThrough);
}

#[test]
fn as_cri_o_and_conmon_call() {
    let conmon = "--systemd-cgroup --root=/run/crun";
    let (found, create) =
        parse_line(&format!("{conmon} create --bundle /b --pid-file /p --no-pivot --console-socket /s c1"));
    assert_eq!(found, Global { root: Some("/run/crun".into()), ..Global::default() });
    assert_eq!(create, Ok(Command::Create { bundle: "/b".into(), id: id("c1") }));
    let exec = Command::Exec { id: id("c1"), process: "/tmp/exec-process-1".into() };
    assert_eq!(
        command("--root=/run/crun exec --pid-file /p --process /tmp/exec-process-1 --detach c1"),
        exec
    );
    assert_eq!(command("--root /run/crun exec --process /tmp/exec-process-1 c1"), exec);
    assert_eq!(command("--root /run/crun start c1"), Command::Start { id: id("c1") });
}

#[test]
fn what_could_start_a_process_elsewhere_is_refused() {
    for name in ["run", "restore", "checkpoint", "spec", "help", "mounts", "CREATE", "creat", ""] {
        assert_eq!(
            parse(&[OsString::from("--debug"), OsString::from(name)]).1.unwrap_err().code,
            Code::Subcommand,
            "{name}"
        );
    }
    for line in ["run --bundle /b c1", "restore --image-path /i --bundle /b c1"] {
        assert_eq!(refused(line), Code::Subcommand);
    }
}

#[test]
fn other_spellings_are_refused() {
    for line in [
        "",
        "--root",
        "--debug",
        "--version create",
        "--help",
        "-debug features",
        "--unknown x features",
        "--root /a --root /b features",
        "--debug=true features",
        "--log=/a --log /b features",
        "-- features",
        "create",
        "create c1",
        "create --bundle c1",
        "create --bundle= c1",
        "create --bundle /b --config /c c1",
        "create -f /c --bundle /b c1",
        "create --bundle /b -b /c c1",
        "create --bundle /b c1 --bundle /c",
        "create --bundle /b -- c1",
        "create -b=/b c1",
        "start",
        "start c1 c2",
        "start --x c1",
        "exec c1 sh",
        "exec --process /p c1 sh",
        "exec --detach c1",
        "exec --process /p --user 0 c1",
        "exec --process /p --env A=B c1",
        "exec --process /p -p /q c1",
        "exec --process /p ../c1",
        "exec --process /p .c1",
        "exec --process /p c/1",
    ] {
        assert_eq!(refused(line), Code::Usage, "{line}");
    }
}

#[test]
fn what_is_missing_is_said() {
    for (line, missing) in [("--debug", "there is no subcommand"), ("start", "there is no container id")] {
        let refusal = parse_line(line).1.unwrap_err().to_string();
        assert!(refusal.contains(&format!("the command line is not complete: {missing};")), "{refusal}");
    }
}

#[test]
fn the_log_is_known_even_when_the_rest_is_refused() {
    let (global, command) = parse_line("--log /l --log-format json run --bundle /b c1");
    assert_eq!(global.log, Some("/l".into()));
    assert!(global.log_is_json);
    assert!(command.is_err());
}

#[test]
fn bytes_that_are_no_text_are_quoted() {
    let argument = OsString::from(OsStr::from_bytes(b"--\xff\n"));
    let refusal = parse(&[argument]).1.unwrap_err().to_string();
    assert!(refusal.contains("--\\xff\\n"), "{refusal}");
}
