//! Is what a container would run at `/nono/nono` really our launcher, and what it would read really the profile?

use std::os::fd::OwnedFd;
use std::path::Path;

use kubefence_policy::canonical::LAUNCHER_PATH;
use kubefence_policy::manifest::MAX_MANIFEST_BYTES;
use kubefence_policy::recorded::Digest;
use rustix::fs::{FileType, Mode, OFlags, StatVfsMountFlags, StatxAttributes};
use rustix::io::Errno;
use sha2::{Digest as _, Sha256};

use crate::configuration::Configuration;
use crate::container::root::{ContainerRoot, identity_of, status};
use crate::files::trusted;
use crate::policy::launcher_mount::LAUNCHER_MOUNT;
use crate::refusal::{Code, Refusal};

/// Largest launcher that is hashed. Ours has less than one megabyte, upstream nono forty.
const MAX_LAUNCHER_BYTES: usize = 128 << 20;

type Object = (u32, u32, u64);

/// Checks what the container shows against what the node has: the same directory, mounted there itself and read-only;
/// the same file in it, seen through that mount; and under it the manifest with this digest.
///
/// # Errors
/// `LAUNCHER_UNTRUSTED`, `LAUNCHER_COVERED`, `MANIFEST_COVERED`
pub fn verify(root: &ContainerRoot, configuration: &Configuration, digest: &Digest) -> Result<(), Refusal> {
    let (directory, launcher) = find_on_node(configuration)?;
    let covered = |why: &dyn std::fmt::Display| {
        Refusal::new(
            Code::LauncherCovered,
            format!("{LAUNCHER_PATH} in the container is not the node's launcher"),
            why,
            "use an image without /nono, and mount no volume whose path leads there through a symbolic link of the \
             image",
        )
    };
    let shown = |path: &str, flags| {
        let file = root.open_strictly(path.as_bytes(), flags)?;
        Ok((status(&file)?, file))
    };
    let failed = |error: Errno| match error {
        Errno::LOOP => covered(&"there is a symbolic link on the way"),
        error => covered(&error),
    };

    let (mount, mount_fd) = shown(LAUNCHER_MOUNT, OFlags::PATH | OFlags::DIRECTORY).map_err(failed)?;
    let own = identity_of(&mount);
    if own.object != directory || !mount.stx_attributes.contains(StatxAttributes::MOUNT_ROOT) {
        return Err(covered(&format!("{LAUNCHER_MOUNT} does not show {}", configuration.launcher_directory)));
    }
    let mount_flags = rustix::fs::fstatvfs(&mount_fd).map_err(failed)?.f_flag;
    if !mount_flags.contains(StatVfsMountFlags::RDONLY) {
        return Err(covered(&format!("{LAUNCHER_MOUNT} is not mounted read-only")));
    }
    let (file, _) = shown(LAUNCHER_PATH, OFlags::PATH).map_err(failed)?;
    if identity_of(&file).object != launcher || identity_of(&file).mount != own.mount {
        return Err(covered(&"another file is there, or one that is mounted over it"));
    }

    let path = format!("{LAUNCHER_MOUNT}/profiles/by-digest/{}.json", digest.as_str());
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY;
    let missing = |why: &dyn std::fmt::Display| {
        Refusal::new(
            Code::ManifestCovered,
            format!("{path} in the container is not the profile's manifest"),
            why,
            "compile the profiles again with `kubefence profile compile -o`, which never removes a stored one, and \
             write nono-runc's configuration again (kubefence runtime-config)",
        )
    };
    let (manifest, manifest_fd) = shown(&path, flags).map_err(|error: Errno| missing(&error))?;
    if identity_of(&manifest).mount != own.mount
        || FileType::from_raw_mode(manifest.stx_mode.into()) != FileType::RegularFile
    {
        return Err(missing(&"another file is mounted over it"));
    }
    let content = trusted::read_bounded(&manifest_fd, MAX_MANIFEST_BYTES).map_err(|error| missing(&error))?;
    if hash(&content) != digest.as_str() {
        return Err(missing(&"its content has another SHA-256 than its name"));
    }
    Ok(())
}

/// The launcher's directory and file on the node, checked.
fn find_on_node(configuration: &Configuration) -> Result<(Object, Object), Refusal> {
    let path = configuration.launcher_directory.to_string();
    let untrusted = |what: &str, why: &dyn std::fmt::Display| {
        Refusal::new(
            Code::LauncherUntrusted,
            format!("{what} on the node is not trusted"),
            why,
            "install the release's launcher, owned by root and not writable by others, and write nono-runc's \
             configuration again (kubefence runtime-config)",
        )
    };
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let directory = rustix::fs::open(configuration.launcher_directory.as_bytes(), flags, Mode::empty())
        .map_err(|error| untrusted(&path, &error))?;
    let found = status(&directory).map_err(|error| untrusted(&path, &error))?;
    if found.stx_uid != 0 && found.stx_uid != rustix::process::geteuid().as_raw() {
        return Err(untrusted(&path, &format!("it belongs to user {} instead of root", found.stx_uid)));
    }
    if found.stx_mode & 0o022 != 0 {
        return Err(untrusted(&path, &"others than root can write it"));
    }
    let launcher_path = format!("{path}/nono");
    let launcher = trusted::open(&directory, Path::new("nono"))
        .and_then(|launcher| trusted::check(&launcher).map(|_| launcher))
        .map_err(|error| untrusted(&launcher_path, &error))?;
    let status = status(&launcher).map_err(|error| untrusted(&launcher_path, &error))?;
    if !is_accepted(&launcher, &status, configuration).map_err(|error| untrusted(&launcher_path, &error))? {
        return Err(untrusted(&launcher_path, &"it is none of the launchers that the configuration accepts"));
    }
    Ok((identity_of(&found).object, identity_of(&status).object))
}

/// The file's status tells in nearly every case; where it does not, after a restored backup for instance, the file is
/// read and hashed.
fn is_accepted(
    launcher: &OwnedFd,
    status: &rustix::fs::Statx,
    configuration: &Configuration,
) -> Result<bool, trusted::FileError> {
    let changed = status.stx_ctime;
    let identity =
        format!("{}:{}:{}.{:09}", status.stx_ino, status.stx_size, changed.tv_sec, changed.tv_nsec);
    let accepted = &configuration.accepted_launchers;
    if accepted.iter().any(|launcher| launcher.identity == identity) {
        return Ok(true);
    }
    let found = hash(&trusted::read_bounded(launcher, MAX_LAUNCHER_BYTES)?);
    Ok(accepted.iter().any(|launcher| launcher.digest.as_str() == found))
}

fn hash(content: &[u8]) -> String {
    use std::fmt::Write as _;

    Sha256::digest(content).iter().fold(String::with_capacity(64), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};

    use super::*;
    use crate::configuration::testing::JSON;

    struct Node {
        directory: tempfile::TempDir,
    }

    impl Node {
        fn new() -> Self {
            let node = Self { directory: tempfile::tempdir().unwrap() };
            fs::write(node.launcher(), "launcher").unwrap();
            node.allow(0o755, 0o755);
            node
        }

        fn launcher(&self) -> std::path::PathBuf {
            self.directory.path().join("nono")
        }

        fn allow(&self, directory: u32, launcher: u32) {
            let set =
                |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
            set(&self.launcher(), launcher);
            set(self.directory.path(), directory);
        }

        fn find(&self, digest: &str, identity: &str) -> Result<(Object, Object), Refusal> {
            let json = JSON
                .replace("/opt/nono-nri", self.directory.path().to_str().unwrap())
                .replace(&"0".repeat(64), digest)
                .replace("1:2:3.000000004", identity);
            find_on_node(&Configuration::parse(json.as_bytes()).unwrap())
        }
    }

    fn identity(path: &Path) -> String {
        let status = fs::metadata(path).unwrap();
        format!("{}:{}:{}.{:09}", status.ino(), status.size(), status.ctime(), status.ctime_nsec())
    }

    #[test]
    fn the_status_or_else_the_content_is_accepted() {
        let node = Node::new();
        let (digest, other) = (hash(b"launcher"), hash(b"another"));
        assert!(node.find(&digest, "0:0:0").is_ok());
        assert!(node.find(&other, &identity(&node.launcher())).is_ok());
        let refusal = node.find(&other, "0:0:0").unwrap_err();
        assert!(refusal.to_string().contains("none of the launchers"), "{refusal}");

        // Written in place: the same inode, another time.
        let before = identity(&node.launcher());
        fs::write(node.launcher(), "LAUNCHER").unwrap();
        assert_eq!(node.find(&digest, &before).unwrap_err().code, Code::LauncherUntrusted);
    }

    #[test]
    fn what_others_can_change_is_not_trusted() {
        let node = Node::new();
        let digest = hash(b"launcher");
        for (directory, launcher) in [(0o777, 0o755), (0o775, 0o755), (0o755, 0o757), (0o755, 0o775)] {
            node.allow(directory, launcher);
            assert_eq!(node.find(&digest, "0:0:0").unwrap_err().code, Code::LauncherUntrusted);
        }
        node.allow(0o755, 0o755);
        fs::remove_file(node.launcher()).unwrap();
        assert_eq!(node.find(&digest, "0:0:0").unwrap_err().code, Code::LauncherUntrusted);
        std::os::unix::fs::symlink("/bin/sh", node.launcher()).unwrap();
        assert_eq!(node.find(&digest, "0:0:0").unwrap_err().code, Code::LauncherUntrusted);
    }

    #[test]
    fn sha_256() {
        assert_eq!(hash(b"abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }
}
