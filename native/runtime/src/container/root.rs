//! The root directory of a running container. A path looked up below it never leaves it: `/proc/<pid>/root/x` would
//! follow an absolute symbolic link of the image into the node.

use std::ffi::OsStr;
use std::os::fd::{AsFd, AsRawFd as _, OwnedFd};
use std::os::unix::ffi::OsStrExt as _;

use kubefence_policy::path::AbsolutePath;
use rustix::fs::{AtFlags, Mode, OFlags, ResolveFlags, Statx, StatxFlags};
use rustix::io::Errno;

use crate::container::kernel::open_root_of_mount_namespace;

/// How often a lookup that a rename disturbed is tried again.
const MAX_TRIES: u32 = 16;

/// A container's root directory, held open.
#[derive(Debug)]
pub struct ContainerRoot {
    root: OwnedFd,
}

/// Which object something is, and through which mount it is seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Identity {
    /// Device and inode.
    pub object: (u32, u32, u64),
    /// The mount's number.
    pub mount: u64,
}

impl ContainerRoot {
    /// The root that a process has which joins the container of one whose `/proc/<pid>` is open. Not that one's own
    /// root: it may have called chroot.
    ///
    /// # Errors
    /// The process has ended, or the kernel's.
    pub fn of_process<Fd: AsFd>(process: Fd) -> Result<Self, Errno> {
        let namespace =
            rustix::fs::openat(process, "ns/mnt", OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty())?;
        Ok(Self { root: open_root_of_mount_namespace(namespace.as_fd())? })
    }

    /// A folder that stands for a container's root.
    ///
    /// # Errors
    /// The error of the open.
    pub fn open(folder: &std::path::Path) -> Result<Self, Errno> {
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        Ok(Self { root: rustix::fs::open(folder, flags, Mode::empty())? })
    }

    /// Opens `path` without following any symbolic link.
    ///
    /// # Errors
    /// The kernel's; `ELOOP` for a symbolic link.
    pub fn open_strictly(&self, path: &[u8], flags: OFlags) -> Result<OwnedFd, Errno> {
        self.look_up(path, flags, ResolveFlags::NO_SYMLINKS)
    }

    /// Opens what a process in the container would find at `path`, apart from what `/proc` makes up for each process.
    ///
    /// # Errors
    /// The kernel's.
    pub fn open_following(&self, path: &[u8], flags: OFlags) -> Result<OwnedFd, Errno> {
        self.look_up(path, flags, ResolveFlags::empty())
    }

    fn look_up(&self, path: &[u8], flags: OFlags, resolve: ResolveFlags) -> Result<OwnedFd, Errno> {
        let resolve = resolve | ResolveFlags::IN_ROOT | ResolveFlags::NO_MAGICLINKS;
        let path = OsStr::from_bytes(path);
        let mut tries = 0;
        loop {
            tries += 1;
            match rustix::fs::openat2(&self.root, path, flags | OFlags::CLOEXEC, Mode::empty(), resolve) {
                // `..` while something was renamed or mounted.
                Err(Errno::AGAIN | Errno::INTR) if tries < MAX_TRIES => {}
                answer => return answer,
            }
        }
    }

    /// Where an object that is open really is in the container; `None` when that cannot be said or has changed.
    #[must_use]
    pub fn path_of(&self, object: &OwnedFd) -> Option<AbsolutePath> {
        let link = format!("/proc/self/fd/{}", object.as_raw_fd());
        // The kernel's word for it stops at the root of the mount namespace, which is the container's.
        let reported = rustix::fs::readlink(link, Vec::new()).ok()?;
        let path = AbsolutePath::parse(reported.as_bytes()).ok()?;
        let there = self.open_strictly(path.as_bytes(), OFlags::PATH).ok()?;
        (identity(&there).ok()? == identity(object).ok()?).then_some(path)
    }
}

/// The identity of an open object.
///
/// # Errors
/// The kernel's.
pub fn identity<Fd: AsFd>(object: Fd) -> Result<Identity, Errno> {
    Ok(identity_of(&status(object)?))
}

/// The identity in a status.
#[must_use]
pub fn identity_of(statx: &Statx) -> Identity {
    Identity { object: (statx.stx_dev_major, statx.stx_dev_minor, statx.stx_ino), mount: statx.stx_mnt_id }
}

/// The status of an open object, with the number of its mount.
///
/// # Errors
/// The kernel's.
pub fn status<Fd: AsFd>(object: Fd) -> Result<Statx, Errno> {
    let mask = StatxFlags::BASIC_STATS | StatxFlags::MNT_ID;
    rustix::fs::statx(object, "", AtFlags::EMPTY_PATH, mask)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn absolute_links_stay_inside() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        fs::create_dir_all(path("opt/real")).unwrap();
        fs::write(path("opt/real/file"), "inside").unwrap();
        symlink("/opt/real", path("link")).unwrap();
        symlink("/../../../../etc", path("up")).unwrap();
        symlink("/etc/passwd", path("passwd")).unwrap();
        let root = ContainerRoot::open(folder.path()).unwrap();

        let open = |name: &str| root.open_following(name.as_bytes(), OFlags::PATH);
        assert!(open("/link/file").is_ok());
        assert!(open("/opt/../link/./file").is_ok());
        assert_eq!(open("/up").unwrap_err(), Errno::NOENT);
        assert_eq!(open("/passwd").unwrap_err(), Errno::NOENT);
        assert_eq!(open("/../../../etc/passwd").unwrap_err(), Errno::NOENT);
        assert_eq!(root.open_strictly(b"/link/file", OFlags::PATH).unwrap_err(), Errno::LOOP);
        assert_eq!(root.open_strictly(b"/passwd", OFlags::PATH).unwrap_err(), Errno::LOOP);
        assert!(root.open_strictly(b"/opt/real/file", OFlags::PATH).is_ok());
    }

    #[test]
    fn identity_tells_objects_apart() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("a"), "").unwrap();
        fs::hard_link(folder.path().join("a"), folder.path().join("b")).unwrap();
        fs::write(folder.path().join("c"), "").unwrap();
        let root = ContainerRoot::open(folder.path()).unwrap();
        let of = |name: &str| identity(root.open_strictly(name.as_bytes(), OFlags::PATH).unwrap()).unwrap();
        assert_eq!(of("a"), of("b"));
        assert_ne!(of("a"), of("c"));
        assert_eq!(of("a").mount, of("c").mount);
    }
}
