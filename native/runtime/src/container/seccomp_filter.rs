//! Is the filter that the launcher would read in a container really the node's?

use std::path::Path;

use kubefence_policy::arguments::ProfileName;
use rustix::fs::{Mode, OFlags};

use crate::configuration::Configuration;
use crate::container::root::{ContainerRoot, identity};
use crate::files::trusted;
use crate::policy::launcher_mount::LAUNCHER_MOUNT;
use crate::refusal::{Code, Refusal};

/// Checks that the policy's filter on the node is root's and nobody else's, and that the container shows that same file
/// through the launcher's mount. A container of no policy has nothing to check. After `launcher::verify`, which says
/// what is mounted at `/nono`.
///
/// # Errors
/// `LAUNCHER_UNTRUSTED`, `SECCOMP_COVERED`
pub fn verify(
    root: &ContainerRoot,
    configuration: &Configuration,
    policy: Option<&ProfileName>,
) -> Result<(), Refusal> {
    let Some(policy) = policy else { return Ok(()) };
    let file = format!("seccomp/{}.bpf", policy.as_str());
    let untrusted = |why: &dyn std::fmt::Display| {
        Refusal::new(
            Code::LauncherUntrusted,
            format!("{}/{file} on the node is not trusted", configuration.launcher_directory),
            why,
            "install the release's seccomp folder beside its launcher, owned by root and not writable by others, or \
             change seccomp_profile and write nono-runc's configuration again (kubefence runtime-config)",
        )
    };
    let covered = |why: &dyn std::fmt::Display| {
        Refusal::new(
            Code::SeccompCovered,
            format!("{LAUNCHER_MOUNT}/{file} in the container is not the node's"),
            why,
            "mount no volume whose path leads there through a symbolic link of the image",
        )
    };

    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let directory = rustix::fs::open(configuration.launcher_directory.as_bytes(), flags, Mode::empty())
        .map_err(|error| untrusted(&error))?;
    let on_node = trusted::open(&directory, Path::new(&file)).map_err(|error| untrusted(&error))?;
    trusted::check(&on_node).map_err(|error| untrusted(&error))?;
    let on_node = identity(&on_node).map_err(|error| untrusted(&error))?;

    let shown = |path: &str| {
        let object = root.open_strictly(path.as_bytes(), OFlags::PATH)?;
        identity(&object)
    };
    let mount = shown(LAUNCHER_MOUNT).map_err(|error| covered(&error))?.mount;
    let found = shown(&format!("{LAUNCHER_MOUNT}/{file}")).map_err(|error| covered(&error))?;
    if found.object != on_node.object || found.mount != mount {
        return Err(covered(&"another file is there, or one that is mounted over it"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;
    use crate::configuration::testing::JSON;

    /// A node's launcher directory, and a container's root that shows it at `/nono`. A hard link is the same object,
    /// and what a bind mount would add is left to the end-to-end tests.
    struct Node {
        directory: tempfile::TempDir,
        root: tempfile::TempDir,
    }

    impl Node {
        fn new() -> Self {
            let node = Self { directory: tempfile::tempdir().unwrap(), root: tempfile::tempdir().unwrap() };
            fs::create_dir(node.directory.path().join("seccomp")).unwrap();
            fs::create_dir_all(node.root.path().join("nono/seccomp")).unwrap();
            fs::write(node.on_node(), "filter").unwrap();
            fs::set_permissions(node.on_node(), fs::Permissions::from_mode(0o644)).unwrap();
            fs::hard_link(node.on_node(), node.in_container()).unwrap();
            node
        }

        fn on_node(&self) -> std::path::PathBuf {
            self.directory.path().join("seccomp/restricted.bpf")
        }

        fn in_container(&self) -> std::path::PathBuf {
            self.root.path().join("nono/seccomp/restricted.bpf")
        }

        fn verify(&self, policy: Option<&str>) -> Result<(), Code> {
            let json = JSON.replace("/opt/nono-nri", self.directory.path().to_str().unwrap());
            let configuration = Configuration::parse(json.as_bytes()).unwrap();
            let root = ContainerRoot::open(self.root.path()).unwrap();
            let policy = policy.map(|name| ProfileName::parse(name.as_bytes()).unwrap());
            verify(&root, &configuration, policy.as_ref()).map_err(|refusal| refusal.code)
        }
    }

    #[test]
    fn the_nodes_own_file_passes() {
        let node = Node::new();
        assert_eq!(node.verify(Some("restricted")), Ok(()));
        assert_eq!(node.verify(Some("other")), Err(Code::LauncherUntrusted));
        assert_eq!(node.verify(None), Ok(()));
    }

    #[test]
    fn another_file_does_not() {
        let node = Node::new();
        fs::remove_file(node.in_container()).unwrap();
        assert_eq!(node.verify(Some("restricted")), Err(Code::SeccompCovered));
        fs::write(node.in_container(), "filter").unwrap();
        assert_eq!(node.verify(Some("restricted")), Err(Code::SeccompCovered));
        fs::remove_file(node.in_container()).unwrap();
        std::os::unix::fs::symlink(node.on_node(), node.in_container()).unwrap();
        assert_eq!(node.verify(Some("restricted")), Err(Code::SeccompCovered));
    }

    #[test]
    fn what_others_can_change_is_not_trusted() {
        let node = Node::new();
        fs::set_permissions(node.on_node(), fs::Permissions::from_mode(0o666)).unwrap();
        assert_eq!(node.verify(Some("restricted")), Err(Code::LauncherUntrusted));
    }
}
