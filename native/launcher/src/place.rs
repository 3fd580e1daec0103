//! Objects of the container's file tree, held open without reading them.

use std::os::fd::OwnedFd;

use kubefence_policy::path::AbsolutePath;
use rustix::fs::{AtFlags, FileType, Mode, OFlags, Statx, StatxAttributes, StatxFlags};

use crate::walk::WalkError;

/// An object of the container's file tree, held open.
#[derive(Debug)]
pub struct Place {
    /// `O_PATH`: never reads, never blocks, never wakes a device.
    pub fd: OwnedFd,
    /// Where it is, symbolic links resolved.
    pub path: AbsolutePath,
    /// What it is.
    pub kind: Kind,
    /// The mount that holds the symbolic links on the way, a number of none where there are several mounts; `None` when
    /// there was no link.
    pub symlink_mount: Option<u64>,
}

/// What matters about an object's type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A directory.
    Directory,
    /// A symbolic link; what was resolved is never one.
    Symlink,
    /// Anything else: file, device, socket, FIFO.
    File,
}

impl Kind {
    /// `None` when the type is not said.
    pub(crate) fn of(file_type: FileType) -> Option<Self> {
        match file_type {
            FileType::Unknown => None,
            FileType::Directory => Some(Self::Directory),
            FileType::Symlink => Some(Self::Symlink),
            _ => Some(Self::File),
        }
    }
}

impl Place {
    /// What `fd`, opened at `path`, is.
    ///
    /// # Errors
    /// [`WalkError::Failed`]
    pub(crate) fn describe(
        fd: OwnedFd,
        path: AbsolutePath,
        symlink_mount: Option<u64>,
    ) -> Result<Self, WalkError> {
        let stat = rustix::fs::fstat(&fd).map_err(|error| WalkError::Failed(path.clone(), error))?;
        let kind = Kind::of(FileType::from_raw_mode(stat.st_mode)).unwrap_or(Kind::File);
        Ok(Self { fd, path, kind, symlink_mount })
    }

    /// The process's working directory. Its path is not known: compare it, never judge it.
    ///
    /// # Errors
    /// [`WalkError::Failed`]
    pub fn working_directory() -> Result<Self, WalkError> {
        let root = AbsolutePath::root();
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let fd = rustix::fs::openat(rustix::fs::CWD, ".", flags, Mode::empty())
            .map_err(|error| WalkError::Failed(root.clone(), error))?;
        Self::describe(fd, root, None)
    }

    /// True when both are the same object seen through the same mount.
    ///
    /// # Errors
    /// [`WalkError::Failed`]
    pub fn is_same(&self, other: &Self) -> Result<bool, WalkError> {
        let identity =
            |statx: Statx| (statx.stx_dev_major, statx.stx_dev_minor, statx.stx_ino, statx.stx_mnt_id);
        Ok(identity(self.statx()?) == identity(other.statx()?))
    }

    /// The number of the mount that shows this object.
    ///
    /// # Errors
    /// [`WalkError::Failed`]
    pub fn mount(&self) -> Result<u64, WalkError> {
        Ok(self.statx()?.stx_mnt_id)
    }

    /// True when this is the top of a mount, as every volume of a pod is.
    ///
    /// # Errors
    /// [`WalkError::Failed`]
    pub fn is_mount_root(&self) -> Result<bool, WalkError> {
        Ok(self.statx()?.stx_attributes.contains(StatxAttributes::MOUNT_ROOT))
    }

    fn statx(&self) -> Result<Statx, WalkError> {
        rustix::fs::statx(&self.fd, "", AtFlags::EMPTY_PATH, StatxFlags::INO | StatxFlags::MNT_ID)
            .map_err(|error| WalkError::Failed(self.path.clone(), error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_go_by_what_can_be_below() {
        for (file_type, kind) in [
            (FileType::Unknown, None),
            (FileType::Directory, Some(Kind::Directory)),
            (FileType::Symlink, Some(Kind::Symlink)),
            (FileType::RegularFile, Some(Kind::File)),
            (FileType::Socket, Some(Kind::File)),
        ] {
            assert_eq!(Kind::of(file_type), kind, "{file_type:?}");
        }
    }
}
