//! A folder that plays a container's root: busybox, and the launcher's directory at `/nono`. Each start has a mount
//! namespace of its own and nothing else of a container, so what is refused is refused by the launcher.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::PathBuf;

use serde_json::json;
use tempfile::TempDir;

use crate::start::Start;

pub struct Root {
    directory: TempDir,
}

impl Root {
    /// With a profile `test` that grants nothing more than [`manifest`] always does.
    pub fn new() -> Self {
        let root = Self { directory: tempfile::tempdir().unwrap() };
        fs::set_permissions(root.directory.path(), Permissions::from_mode(0o755)).unwrap();
        for directory in ["/bin", "/nono", "/proc", "/tmp", "/lib", "/lib64", "/counters"] {
            root.directory(directory);
        }
        for file in ["/dev/null", "/dev/zero"] {
            root.file(file, "");
        }
        root.program("/bin/busybox", "");
        for applet in ["sh", "cat", "ls", "echo", "grep", "touch", "mknod", "id", "env", "true"] {
            root.link(&format!("/bin/{applet}"), "busybox");
        }
        root.file("/etc/passwd", "root:x:0:0::/root:/bin/sh\napp:x:1000:1000::/home/app:/bin/sh\n");
        fs::create_dir_all(root.launcher_directory().join("profiles")).unwrap();
        fs::write(root.launcher_directory().join("nono"), "").unwrap();
        root.profile("test", &manifest(&[], &[]));
        root
    }

    /// The launcher's directory on the host.
    pub fn launcher_directory(&self) -> PathBuf {
        self.directory.path().join("launcher")
    }

    /// The path on the host of `path` in the root.
    pub fn at(&self, path: &str) -> PathBuf {
        self.directory.path().join("root").join(path.trim_start_matches('/'))
    }

    pub fn directory(&self, path: &str) {
        fs::create_dir_all(self.at(path)).unwrap();
    }

    /// A file that everybody may read and write.
    pub fn file(&self, path: &str, content: &str) {
        self.write(path, content, 0o666);
    }

    pub fn program(&self, path: &str, content: &str) {
        self.write(path, content, 0o755);
    }

    fn write(&self, path: &str, content: &str, mode: u32) {
        fs::create_dir_all(self.at(path).parent().unwrap()).unwrap();
        fs::write(self.at(path), content).unwrap();
        self.mode(path, mode);
    }

    pub fn mode(&self, path: &str, mode: u32) {
        fs::set_permissions(self.at(path), Permissions::from_mode(mode)).unwrap();
    }

    pub fn link(&self, path: &str, target: &str) {
        fs::create_dir_all(self.at(path).parent().unwrap()).unwrap();
        symlink(target, self.at(path)).unwrap();
    }

    pub fn profile(&self, name: &str, json: &str) {
        fs::write(self.launcher_directory().join(format!("profiles/{name}.json")), json).unwrap();
    }

    /// A shell line under the launcher and the profile `test`.
    pub fn shell<'a>(&'a self, line: &'a str) -> Start<'a> {
        self.start(&["sh", "-c", line])
    }

    /// A command under the launcher and the profile `test`.
    pub fn start<'a>(&'a self, command: &[&'a str]) -> Start<'a> {
        self.plain(command).profile("test")
    }

    /// A command without the launcher, unless it is the command.
    pub fn plain<'a>(&'a self, command: &[&'a str]) -> Start<'a> {
        Start::new(self, command)
    }
}

/// A manifest with what a program needs to start at all and `grants` such as `r /app` or `rw $WORKDIR`.
pub fn manifest(grants: &[&str], exceptions: &[&str]) -> String {
    with_network(grants, exceptions, &json!({}))
}

pub fn with_network(grants: &[&str], exceptions: &[&str], network: &serde_json::Value) -> String {
    const BASIS: [&str; 5] = ["r /bin", "r /lib", "r /lib64", "r /proc", "rw /dev/null"];
    let grants = BASIS.iter().chain(grants).map(|text| {
        let (letters, path) = text.split_once(' ').unwrap();
        let access = match letters {
            "r" => "read",
            "w" => "write",
            "rw" => "readwrite",
            other => panic!("{other} is no access"),
        };
        json!({ "path": path, "access": access })
    });
    json!({
        "version": "0.1.0",
        "filesystem": { "grants": grants.collect::<Vec<_>>() },
        "network": network,
        "kubefence": { "exceptions": exceptions },
    })
    .to_string()
}
