use std::fs;

use crate::root::Root;

#[test]
#[ignore = "needs root"]
fn the_policy_is_in_force_for_the_command() {
    let root = Root::new();
    let filters = "grep Seccomp_filters /proc/self/status | grep -o '[0-9]*$'";
    // This test may run under a filter itself.
    let outside: u32 = root.plain(&["/bin/sh", "-c", filters]).output().trim().parse().unwrap();
    let unshare = "busybox unshare -u true";
    assert_eq!(root.shell(filters).output(), format!("{outside}\n"));
    assert_eq!(root.shell(unshare).output(), "");
    let under = |policy, line| root.shell(line).options("--seccomp").options(policy);
    for policy in ["restricted", "runtime-default"] {
        assert_eq!(under(policy, filters).output(), format!("{}\n", outside + 1), "{policy}");
    }
    // The one refuses it always, the other where the capability for it cannot be held.
    assert!(under("restricted", unshare).run().stderr.contains("Operation not permitted"));
    assert_eq!(under("runtime-default", unshare).output(), "");
}

#[test]
#[ignore = "needs root"]
fn filters_that_cannot_be_used() {
    let root = Root::new();
    let start = |options| root.start(&["true"]).options(options);
    assert_eq!(start("--seccomp none").refusal(), "125 SECCOMP_POLICY");
    let folder = root.launcher_directory().join("seccomp");
    fs::create_dir(&folder).unwrap();
    assert_eq!(
        start("--seccomp restricted").refusal(),
        "125 SECCOMP_POLICY",
        "built-in ones count without the folder"
    );
    fs::write(folder.join("cut.bpf"), "kubefbpf").unwrap();
    assert_eq!(start("--seccomp cut").refusal(), "125 SECCOMP_POLICY");
    // A filter without instructions for a machine that does not exist, and for this one.
    let file = |of: u32| [&b"kubefbpf\x01\0\0\0"[..], &of.to_le_bytes(), &[0; 8]].concat();
    fs::write(folder.join("foreign.bpf"), file(1)).unwrap();
    assert_eq!(start("--seccomp foreign").refusal(), "125 SECCOMP_POLICY");
    fs::write(folder.join("empty.bpf"), file(machine())).unwrap();
    assert_eq!(start("--seccomp empty").refusal(), "125 SECCOMP_FILTER");
    let allow = [&b"kubefbpf\x01\0\0\0"[..], &machine().to_le_bytes(), &[0, 0, 0, 0, 1, 0, 0, 0]].concat();
    fs::write(folder.join("inert.bpf"), [&allow[..], &[6, 0, 0, 0, 0, 0, 0xff, 0x7f]].concat()).unwrap();
    assert_eq!(start("--seccomp inert").refusal(), "125 SECCOMP_FILTER");
}

/// `AUDIT_ARCH_*` of this machine.
fn machine() -> u32 {
    if cfg!(target_arch = "x86_64") { 0xc000_003e } else { 0xc000_00b7 }
}
