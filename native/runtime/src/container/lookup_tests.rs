use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;

use super::*;
use crate::oci::process::User;

struct Image(tempfile::TempDir);

impl Image {
    fn new() -> Self {
        let image = Self(tempfile::tempdir().unwrap());
        fs::set_permissions(image.0.path(), fs::Permissions::from_mode(0o755)).unwrap();
        for directory in ["bin", "usr/bin", "nono", "work", "root/bin", "proc/self"] {
            fs::create_dir_all(image.0.path().join(directory)).unwrap();
        }
        image.file("bin/sh", 0o755).file("nono/nono", 0o755).file("work/run", 0o755).file("etc", 0o644);
        image.file("usr/bin/roots", 0o700).file("root/bin/tool", 0o755).file("bin/data", 0o644);
        symlink("/bin/sh", image.0.path().join("usr/bin/link")).unwrap();
        symlink("circle", image.0.path().join("usr/bin/circle")).unwrap();
        symlink("/nowhere", image.0.path().join("usr/bin/dangling")).unwrap();
        fs::set_permissions(image.0.path().join("root"), fs::Permissions::from_mode(0o700)).unwrap();
        image
    }

    fn file(&self, name: &str, mode: u32) -> &Self {
        let path: &Path = &self.0.path().join(name);
        fs::write(path, "").unwrap();
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
        self
    }

    fn look_up(&self, process: &Process) -> Lookup {
        look_up(&ContainerRoot::open(self.0.path()).unwrap(), process, || false)
    }

    fn says(&self, name: &str, path: &str) -> String {
        match self.look_up(&process(name, path)) {
            Lookup::Start => "start".to_owned(),
            Lookup::Fail(why) => why,
        }
    }
}

fn process(name: &str, path: &str) -> Process {
    Process {
        args: vec![name.to_owned()],
        cwd: "/work".to_owned(),
        env: vec![format!("PATH={path}")],
        user: User::default(),
        effective_capabilities: vec!["CAP_DAC_OVERRIDE".to_owned()],
    }
}

const PATH: &str = "/nono:/usr/bin:/bin";

// The texts are those of runc 1.5.2; tests/real_runc.rs compares them with the program.
#[test]
fn a_path_is_taken_as_it_is() {
    let image = Image::new();
    for name in ["/bin/sh", "/usr/bin/link", "./run", "../bin/sh", "run/../run/../../bin/sh", "/nono/nono"] {
        let expected = if name.starts_with("run") { "not a directory" } else { "start" };
        assert!(image.says(name, PATH).ends_with(expected), "{name}: {}", image.says(name, PATH));
    }
    assert_eq!(image.says("/bin/no", PATH), r#"exec: "/bin/no": stat /bin/no: no such file or directory"#);
    assert_eq!(image.says("./no", PATH), r#"exec: "./no": stat ./no: no such file or directory"#);
    assert_eq!(image.says("/bin", PATH), r#"exec: "/bin": is a directory"#);
    assert_eq!(image.says("/etc", PATH), r#"exec: "/etc": permission denied"#);
    assert_eq!(image.says("/etc/x", PATH), r#"exec: "/etc/x": stat /etc/x: not a directory"#);
    assert_eq!(
        image.says("/usr/bin/circle", PATH),
        r#"exec: "/usr/bin/circle": stat /usr/bin/circle: too many levels of symbolic links"#
    );
    assert_eq!(
        image.says("/usr/bin/dangling", PATH),
        r#"exec: "/usr/bin/dangling": stat /usr/bin/dangling: no such file or directory"#
    );
}

#[test]
fn a_name_is_searched_in_path() {
    let image = Image::new();
    assert_eq!(image.says("sh", PATH), "start");
    assert_eq!(image.says("link", PATH), "start");
    for (name, path) in [
        ("no", PATH),
        ("nono", PATH),
        ("data", PATH),
        ("bin", "/"),
        ("sh", ""),
        ("", PATH),
        (".", PATH),
        ("..", PATH),
        ("circle", PATH),
    ] {
        let expected = format!("exec: \"{name}\": executable file not found in $PATH");
        assert_eq!(image.says(name, path), expected, "{name} in {path}");
    }
    let relative = r#"exec: "run": cannot run executable found relative to current directory"#;
    for path in [".", "", "/bin:", ":/bin"] {
        let expected =
            if path.is_empty() { r#"exec: "run": executable file not found in $PATH"# } else { relative };
        assert_eq!(image.says("run", path), expected, "{path}");
    }
    let mut without = process("sh", "");
    without.env.clear();
    assert!(matches!(image.look_up(&without), Lookup::Fail(_)));
}

#[test]
fn what_only_the_process_can_say_is_left_to_the_launcher() {
    let image = Image::new();
    for name in ["/proc/self/exe", "/proc/1/exe", "//./proc/no", "a\0/b"] {
        assert_eq!(image.says(name, PATH), "start", "{name}");
    }
}

#[test]
fn permissions_are_the_users() {
    if !rustix::process::geteuid().is_root() {
        return;
    }
    let image = Image::new();
    let user = |name: &str, uid: u32, gids: &[u32]| Process {
        user: User { uid, gid: uid, additional_gids: gids.to_vec() },
        effective_capabilities: vec![],
        ..process(name, PATH)
    };
    let denied = |name: &str| Lookup::Fail(format!("exec: \"{name}\": permission denied"));
    assert_eq!(image.look_up(&user("/bin/sh", 1000, &[])), Lookup::Start);
    assert_eq!(image.look_up(&user("/usr/bin/roots", 1000, &[])), denied("/usr/bin/roots"));
    assert_eq!(image.look_up(&user("/usr/bin/roots", 0, &[])), Lookup::Start);
    assert_eq!(
        image.look_up(&user("/root/bin/tool", 1000, &[])),
        Lookup::Fail(r#"exec: "/root/bin/tool": stat /root/bin/tool: permission denied"#.to_owned())
    );
    // Root without capabilities is a user like any other.
    let path = image.0.path().join("usr/bin/roots");
    std::os::unix::fs::chown(&path, Some(1000), Some(1000)).unwrap();
    assert_eq!(image.look_up(&user("/usr/bin/roots", 0, &[])), denied("/usr/bin/roots"));
    fs::set_permissions(&path, fs::Permissions::from_mode(0o070)).unwrap();
    assert_eq!(image.look_up(&user("/usr/bin/roots", 2000, &[1000])), Lookup::Start);
    assert_eq!(image.look_up(&user("/usr/bin/roots", u32::MAX, &[])), Lookup::Start);
    let root = ContainerRoot::open(image.0.path()).unwrap();
    assert_eq!(look_up(&root, &user("/usr/bin/roots", 3000, &[]), || true), Lookup::Start);
    // The asking thread alone became the user.
    assert!(rustix::process::geteuid().is_root());
    assert_eq!(image.look_up(&process("/usr/bin/roots", PATH)), Lookup::Start);
}

#[test]
fn names_are_quoted_as_go_does() {
    assert_eq!(go_quoted("a\"\\\n\t\u{1b}\u{7f}\u{85}\u{e4}"), "\"a\\\"\\\\\\n\\t\\x1b\\x7f\\u0085\u{e4}\"");
}
