//! The program with a recorded bundle and, in the real runtime's place, a fake that tells what it was called with.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::sync::{Mutex, PoisonError};

use tempfile::TempDir;

const RECORDED: &str = include_str!("recorded/config.json");
const SANDBOX: &str = include_str!("recorded/sandbox-config.json");
const FAKE_RUNTIME: &str = "#!/bin/sh\necho \"fake runtime: $*\"\n\
    sed -n 's/^SigIgn:[[:space:]]*/SigIgn /p' /proc/$$/status\n\
    for descriptor in /proc/$$/fd/*; do echo \"descriptor ${descriptor##*/}\"; done\nexit 42\n";

/// A child that is between fork and exec holds every file that another test is just writing open, and a program that
/// is open for writing cannot be executed: so programs are written and children started one after the other.
static PROGRAMS: Mutex<()> = Mutex::new(());

fn run(command: &mut Command) -> Output {
    let child = {
        let _one_at_a_time = PROGRAMS.lock().unwrap_or_else(PoisonError::into_inner);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    };
    child.wait_with_output().unwrap()
}

struct Installation {
    directory: TempDir,
}

impl Installation {
    fn new() -> Self {
        let installation = Self { directory: tempfile::tempdir().unwrap() };
        {
            let _one_at_a_time = PROGRAMS.lock().unwrap_or_else(PoisonError::into_inner);
            fs::copy(env!("CARGO_BIN_EXE_nono-runc"), installation.path("nono-runc")).unwrap();
            installation.write("fake-runtime", FAKE_RUNTIME, 0o755);
        }
        installation.configure(|_| {});
        installation.bundle(RECORDED);
        installation
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn write(&self, name: &str, content: &str, mode: u32) {
        let path = self.path(name);
        let _ = fs::remove_file(&path);
        fs::write(&path, content).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
    }

    fn configure(&self, change: impl FnOnce(&mut serde_json::Value)) {
        let profile = |digit: &str, volumes: &str| {
            serde_json::json!({ "digest": digit.repeat(64), "volumes": volumes, "config_volumes": true,
                "projected_volumes": false, "exceptions": 0 })
        };
        let mut configuration = serde_json::json!({
            "version": 1,
            "runtime": self.path("fake-runtime"),
            "launcher": { "directory": "/opt/nono-nri", "accepted": [{ "sha256": "0".repeat(64), "identity": "" }] },
            "exception_lists": [["/var/run/secrets"]],
            "profiles": { "default": profile("1", "none"), "workspace": profile("2", "readwrite") },
            "default_profile": "default",
            "invalid_profile": "default",
            "kubelet_root": "/var/lib/kubelet",
            "exec_policy": { "default": "sandbox", "namespaces": {} },
            "seccomp_profile": "",
            "min_landlock_abi": 1,
            "log": self.path("refusals.log"),
        });
        change(&mut configuration);
        self.write("nono-runc.json", &configuration.to_string(), 0o644);
    }

    fn bundle(&self, configuration: &str) {
        fs::create_dir_all(self.path("bundle")).unwrap();
        self.write("bundle/config.json", configuration, 0o644);
    }

    fn call(&self, arguments: &[&str]) -> Output {
        run(Command::new(self.path("nono-runc")).args(arguments))
    }

    /// `create` as containerd's shim calls it.
    fn create(&self) -> Output {
        let (log, bundle) = (self.path("log.json"), self.path("bundle"));
        let (log, bundle) = (log.to_str().unwrap(), bundle.to_str().unwrap());
        self.call(&["--log", log, "--log-format", "json", "create", "--bundle", bundle, ID])
    }

    fn lines(&self, log: &str) -> Vec<serde_json::Value> {
        let text = fs::read_to_string(self.path(log)).unwrap_or_default();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// Checks that nothing was started or changed, and answers the refusal.
    fn refused(&self, output: &Output) -> String {
        assert_eq!(output.status.code(), Some(1));
        assert!(output.stdout.is_empty(), "the runtime was called");
        assert!(!self.path("bundle/nono-runc.json").exists());
        String::from_utf8(output.stderr.clone()).unwrap()
    }
}

const ID: &str = "0d761e9b8bd08520ad955621ee0733027f322f10c1af47b5ee0ab5bfdb08ea46";

fn landlock_is_there() -> bool {
    kubefence_runtime::container::kernel::landlock_abi() > 0
}

#[test]
fn a_good_bundle_is_completed_and_the_runtime_goes_on() {
    if !landlock_is_there() {
        return;
    }
    let installation = Installation::new();
    let output = installation.create();
    assert_eq!(output.status.code(), Some(42), "{}", String::from_utf8_lossy(&output.stderr));
    let stdout = String::from_utf8(output.stdout).unwrap();
    let bundle = installation.path("bundle");
    let called = format!("--log-format json create --bundle {} {ID}\n", bundle.display());
    assert!(stdout.contains(&called), "{stdout}");

    let changed = fs::read_to_string(bundle.join("config.json")).unwrap();
    let digest = "2".repeat(64);
    let expected = RECORDED.replacen(
        r#""--profile","workspace","#,
        &format!(r#""--profile","workspace","--digest","{digest}","#),
        1,
    );
    let parse = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
    assert_eq!(parse(&changed), parse(&expected));
    assert_eq!(fs::metadata(bundle.join("config.json")).unwrap().permissions().mode() & 0o777, 0o644);
    assert_eq!(fs::metadata(bundle.join("nono-runc.json")).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(fs::read_dir(bundle).unwrap().count(), 2);
    assert!(installation.lines("refusals.log").is_empty());
}

#[test]
fn the_runtime_inherits_what_the_caller_gave_and_no_more() {
    let installation = Installation::new();
    let direct = run(Command::new(installation.path("fake-runtime")).arg("features"));
    let through = installation.call(&["features"]);
    assert_eq!(String::from_utf8(through.stdout).unwrap(), String::from_utf8(direct.stdout).unwrap());
}

#[test]
fn the_pods_sandbox_passes_as_it_is() {
    let installation = Installation::new();
    installation.bundle(SANDBOX);
    let bundle = installation.path("bundle");
    let id = "c8728d17568415817382f6b2b33d9f394d09de39e356961adfcf623b1e35210c";
    let output = installation.call(&["create", "--bundle", bundle.to_str().unwrap(), id]);
    assert_eq!(output.status.code(), Some(42));
    assert_eq!(fs::read_to_string(bundle.join("config.json")).unwrap(), SANDBOX);
    let other = installation.call(&["create", "--bundle", bundle.to_str().unwrap(), ID]);
    assert_eq!(other.status.code(), Some(1), "a forged mark");

    // containerd's own file in the bundle of a container that joins a sandbox.
    for (recorded, code) in [(id, 42), ("", 42), (ID, 1)] {
        installation.write("bundle/sandbox", recorded, 0o600);
        let output = installation.call(&["create", "--bundle", bundle.to_str().unwrap(), id]);
        assert_eq!(output.status.code(), Some(code), "{recorded:?}");
    }
    installation.bundle(SANDBOX);
    fs::remove_file(bundle.join("nono-runc.json")).unwrap();
    installation.write("bundle/sandbox", id, 0o666);
    let writable = installation.call(&["create", "--bundle", bundle.to_str().unwrap(), id]);
    assert!(installation.refused(&writable).contains("BUNDLE: "));
}

#[test]
fn a_refusal_is_told_to_the_engine_on_stderr_and_in_the_log() {
    let installation = Installation::new();
    installation.bundle(&RECORDED.replacen(r#""/nono/nono","#, "", 1));
    let stderr = installation.refused(&installation.create());
    assert!(stderr.starts_with("nono-runc refused the container: UNSANDBOXED: "), "{stderr}");

    let log = installation.lines("log.json");
    assert_eq!(log.len(), 1);
    assert_eq!(log[0]["level"], "error");
    assert_eq!(log[0]["msg"].as_str().unwrap(), stderr.trim_end());
    let own = installation.lines("refusals.log");
    assert_eq!(own.len(), 1);
    for (member, value) in [
        ("msg", "refused"),
        ("reason", "UNSANDBOXED"),
        ("subcommand", "create"),
        ("container_id", ID),
        ("namespace", "default"),
        ("pod", "rec"),
        ("container", "main"),
    ] {
        assert_eq!(own[0][member], value);
    }
}

#[test]
fn bundles_that_are_malformed_or_unsafe_are_refused() {
    let installation = Installation::new();
    let config = installation.path("bundle/config.json");
    let check = |what: &str, expected: &str| {
        let stderr = installation.refused(&installation.create());
        assert!(stderr.contains(expected), "{what}: {stderr}");
    };
    for (what, content) in [
        ("no JSON", "{".to_owned()),
        ("a process twice", RECORDED.replacen('{', r#"{"process":{"args":["sh"],"cwd":"/"},"#, 1)),
        ("another spelling", RECORDED.replacen('{', r#"{"Process":{"args":["sh"],"cwd":"/"},"#, 1)),
        ("too long", format!("{RECORDED}{}", " ".repeat(16 << 20))),
    ] {
        installation.bundle(&content);
        check(what, "BUNDLE: ");
    }
    installation.write("bundle/config.json", RECORDED, 0o666);
    check("writable by others", "others than root can write it");
    fs::rename(&config, installation.path("elsewhere")).unwrap();
    symlink(installation.path("elsewhere"), &config).unwrap();
    check("a link", "it is no regular file");
    fs::remove_file(&config).unwrap();
    check("nothing", "No such file");
}

#[test]
fn without_a_configuration_that_can_be_trusted_nothing_is_started() {
    let installation = Installation::new();
    let code = |output: &Output| installation.refused(output).contains(": CONFIGURATION: ");
    installation.configure(|configuration| configuration["later"] = serde_json::json!({}));
    assert!(code(&installation.create()));
    // What can only stop and remove goes on.
    assert_eq!(installation.call(&["kill", ID, "9"]).status.code(), Some(42));

    fs::set_permissions(installation.path("nono-runc.json"), fs::Permissions::from_mode(0o666)).unwrap();
    assert!(code(&installation.create()));
    assert!(code(&installation.call(&["kill", ID, "9"])));
    fs::remove_file(installation.path("nono-runc.json")).unwrap();
    assert!(code(&installation.create()));
    assert!(code(&installation.call(&["features"])));
}

#[test]
fn a_configuration_is_found_through_the_program_not_its_name() {
    let installation = Installation::new();
    let link = installation.path("other-name");
    symlink(installation.path("nono-runc"), &link).unwrap();
    let output = run(Command::new(&link).env("PATH", "/nowhere").arg("features"));
    assert_eq!(output.status.code(), Some(42));
}

#[test]
fn a_runtime_that_is_not_there_is_a_refusal() {
    let installation = Installation::new();
    fs::remove_file(installation.path("fake-runtime")).unwrap();
    let stderr = installation.refused(&installation.call(&["features"]));
    assert!(stderr.contains("RUNTIME: "), "{stderr}");
}

#[test]
fn what_could_start_a_process_elsewhere_is_refused() {
    let installation = Installation::new();
    let bundle = installation.path("bundle");
    for arguments in [
        &["run", "--bundle", bundle.to_str().unwrap(), ID][..],
        &["restore", "--bundle", bundle.to_str().unwrap(), ID],
        &["checkpoint", ID],
        &["exec", ID, "sh"],
        &["create", "--bundle", bundle.to_str().unwrap(), "--config", "other.json", ID],
        &[],
    ] {
        let before = installation.lines("refusals.log").len();
        installation.refused(&installation.call(arguments));
        assert_eq!(installation.lines("refusals.log").len(), before + 1, "{arguments:?}");
    }
}

#[test]
fn exec_and_start_of_what_is_not_there_are_refused() {
    let installation = Installation::new();
    let root = installation.path("root");
    fs::create_dir(&root).unwrap();
    let root = root.to_str().unwrap();
    installation.write("process.json", include_str!("recorded/process.json"), 0o600);
    let process = installation.path("process.json");
    let exec =
        installation.call(&["--root", root, "exec", "--process", process.to_str().unwrap(), "--detach", ID]);
    assert_eq!(exec.status.code(), Some(255));
    assert!(exec.stdout.is_empty());
    assert!(String::from_utf8(exec.stderr).unwrap().contains("STATE_UNKNOWN"));
    let stderr = installation.refused(&installation.call(&["--root", root, "start", ID]));
    assert!(stderr.contains("STATE_UNKNOWN"));
    assert_eq!(fs::read_to_string(process).unwrap(), include_str!("recorded/process.json"));
}
