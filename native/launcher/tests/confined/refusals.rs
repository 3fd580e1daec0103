use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt as _, symlink};

use crate::root::{Root, with_network};

#[test]
#[ignore = "needs root"]
fn command_lines_that_are_none() {
    let root = Root::new();
    for arguments in [&[][..], &["wrap"], &["wrap", "--profile", "test", "--"], &["--probe", "x"]] {
        let command = [&["/nono/nono"], arguments].concat();
        assert_eq!(root.plain(&command).refusal(), "125 USAGE", "{arguments:?}");
    }
}

#[test]
#[ignore = "needs root"]
fn profiles_that_are_none() {
    let root = Root::new();
    let start = || root.start(&["true"]);
    let profiles = root.launcher_directory().join("profiles");
    root.profile("bad", "{");
    root.profile("proxy", r#"{"version":"0.1.0","network":{"mode":"proxy"}}"#);
    symlink("test.json", profiles.join("linked.json")).unwrap();
    for (name, refusal) in [
        ("none", "125 PROFILE_NOT_INSTALLED"),
        ("default", "125 PROFILE_NOT_INSTALLED"),
        ("bad", "125 MANIFEST_INVALID"),
        ("proxy", "125 MANIFEST_UNSUPPORTED"),
        ("linked", "125 PROFILE_UNREADABLE"),
    ] {
        assert_eq!(start().profile(name).refusal(), refusal, "{name}");
    }
    fs::set_permissions(&profiles, Permissions::from_mode(0o700)).unwrap();
    assert_eq!(start().user(1000).refusal(), "125 PROFILE_UNREADABLE");
    fs::remove_dir_all(&profiles).unwrap();
    symlink("/etc", &profiles).unwrap();
    assert_eq!(start().profile("default").refusal(), "125 PROFILE_UNREADABLE");
    fs::remove_file(&profiles).unwrap();
    assert_eq!(start().refusal(), "125 PROFILE_NOT_INSTALLED");
    assert_eq!(start().profile("default").output(), "");
}

#[test]
#[ignore = "needs root"]
fn a_launcher_directory_that_is_none_or_proves_nothing() {
    let root = Root::new();
    let start = || root.start(&["true"]);
    fs::set_permissions(root.launcher_directory(), Permissions::from_mode(0o711)).unwrap();
    assert_eq!(start().user(1000).refusal(), "125 PROOF_IMPOSSIBLE");
    assert!(start().user(1000).run().stderr.contains("chmod 0755"));
    fs::set_permissions(root.launcher_directory(), Permissions::from_mode(0o755)).unwrap();
    assert_eq!(start().user(1000).output(), "");

    root.directory("/copy");
    let granted = start().options("--ro /copy").before("mount --bind ROOT/nono ROOT/copy");
    assert_eq!(granted.refusal(), "125 PROOF_FAILED");

    root.program("/bin/nono", "");
    let moved =
        "mount --bind ROOT/nono/nono ROOT/bin/nono; umount ROOT/nono/nono ROOT/nono; rmdir ROOT/nono; ";
    let plain = root.plain(&["/bin/nono", "wrap", "--profile", "default", "--", "true"]).before(moved);
    assert_eq!(plain.refusal(), "125 LAUNCHER_DIRECTORY");
}

#[test]
#[ignore = "needs root"]
fn a_restriction_that_is_not_in_force() {
    let root = Root::new();
    for (call, error, refusal) in [
        (libc::SYS_landlock_restrict_self, 0, "125 PROOF_FAILED"),
        (libc::SYS_landlock_restrict_self, libc::EPERM, "125 LANDLOCK_FAILED"),
        (libc::SYS_landlock_restrict_self, libc::E2BIG, "125 LANDLOCK_LAYERS"),
        (libc::SYS_landlock_create_ruleset, libc::ENOSYS, "125 LANDLOCK_UNAVAILABLE"),
        (libc::SYS_landlock_add_rule, libc::ENOMEM, "125 LANDLOCK_FAILED"),
        (libc::SYS_prctl, 0, "125 NO_NEW_PRIVILEGES"),
        (libc::SYS_statx, libc::EIO, "125 PATH_UNREADABLE"),
    ] {
        assert_eq!(root.start(&["true"]).answering(call, error).refusal(), refusal, "{call} {error}");
    }
    root.profile("ports", &with_network(&[], &[], &serde_json::json!({ "ports": { "bind": [80] } })));
    let start = root.start(&["true"]).profile("ports");
    assert_eq!(start.output(), "");
    let nested = root.shell("LLVM_PROFILE_FILE=/dev/null /nono/nono wrap --profile test -- true");
    assert!(nested.run().stderr.starts_with("nono: PROFILE_UNREADABLE: "));
}
