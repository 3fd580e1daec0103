//! Where a path really is. Each lookup hands back an `O_PATH` descriptor together with the path that led
//! to it free of symbolic links, so what is judged is what is granted, and `/proc` is not needed.

use std::cell::Cell;
use std::collections::VecDeque;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, OwnedFd};

use kubefence_policy::path::{AbsolutePath, MAX_PATH_BYTES};
use rustix::fs::{AtFlags, FileType, Mode, OFlags, RawDir, ResolveFlags, Statx, StatxAttributes, StatxFlags};
use rustix::io::Errno;

/// The kernel's own limit on symbolic links in one lookup.
const MAX_SYMLINKS: u32 = 40;

/// Directory entries that one start may list, over all directories. A start that needs more would take
/// seconds, and each entry costs kernel memory for its rule.
pub const MAX_LISTED_ENTRIES: u32 = 65_536;

/// An object of the container's file tree, held open.
#[derive(Debug)]
pub struct Place {
    /// `O_PATH`: never reads, never blocks, never wakes a device.
    pub fd: OwnedFd,
    /// Where it is, symbolic links resolved.
    pub path: AbsolutePath,
    /// What it is.
    pub kind: Kind,
    /// The mount that holds the first symbolic link on the way; `None` when there was none.
    pub symlink_mount: Option<u64>,
}

/// What matters about an object's type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A directory.
    Directory,
    /// A symbolic link; only [`Walker::entry`] answers it.
    Symlink,
    /// Anything else: file, device, socket, FIFO.
    File,
}

/// Why a lookup found nothing.
#[derive(Debug, PartialEq, Eq)]
pub enum WalkError {
    /// Nothing is there, or the path leads in circles.
    Missing,
    /// This directory may not be searched or listed by the process.
    Unreachable(AbsolutePath),
    /// Listing this directory goes past [`MAX_LISTED_ENTRIES`].
    TooManyEntries(AbsolutePath),
    /// Anything else: nobody knows what is there.
    Failed(AbsolutePath, Errno),
}

/// Looks paths up below one root directory.
#[derive(Debug)]
pub struct Walker {
    root: OwnedFd,
    listed: Cell<u32>,
}

impl Walker {
    /// A walker below `root`: the container's `/`, or a folder that stands for it in a test.
    ///
    /// # Errors
    /// The error of the open.
    pub fn new(root: &std::path::Path) -> Result<Self, Errno> {
        let root = rustix::fs::open(root, OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
        Ok(Self { root, listed: Cell::new(0) })
    }

    /// The object at `path`, symbolic links followed as text (so a magic link of `/proc` leads to what
    /// its text names, or nowhere).
    ///
    /// # Errors
    /// [`WalkError`]
    pub fn resolve(&self, path: &AbsolutePath) -> Result<Place, WalkError> {
        match self.resolve_without_symlinks(path) {
            // A link on the way; a directory closed to us, whose name is wanted; or a seccomp filter that
            // does not know openat2.
            Err(Errno::LOOP | Errno::ACCESS | Errno::NOSYS | Errno::PERM | Errno::AGAIN) => {
                self.resolve_stepwise(path)
            }
            Err(error) => Err(judge(error, path)),
            Ok(fd) => Place::describe(fd, path.clone(), None),
        }
    }

    /// One call for what is nearly always true: no symbolic link on the way.
    fn resolve_without_symlinks(&self, path: &AbsolutePath) -> Result<OwnedFd, Errno> {
        let relative = match &path.as_bytes()[1..] {
            b"" => b".",
            relative => relative,
        };
        let flags = OFlags::PATH | OFlags::CLOEXEC;
        rustix::fs::openat2(&self.root, relative, flags, Mode::empty(), ResolveFlags::NO_SYMLINKS)
    }

    fn resolve_stepwise(&self, path: &AbsolutePath) -> Result<Place, WalkError> {
        let mut pending: VecDeque<Vec<u8>> = path.components().map(<[u8]>::to_vec).collect();
        let mut symlink_mount = None;
        let mut symlinks = 0;
        let mut current = self.root()?;
        while let Some(name) = pending.pop_front() {
            if current.kind != Kind::Directory {
                return Err(WalkError::Missing);
            }
            if name == b"." || name.is_empty() {
                continue;
            }
            if name == b".." {
                current = self.parent(&current)?;
                continue;
            }
            let next = self.entry(&current, &name)?;
            if next.kind != Kind::Symlink {
                current = next;
                continue;
            }
            symlinks += 1;
            if symlinks > MAX_SYMLINKS {
                return Err(WalkError::Missing);
            }
            if symlink_mount.is_none() {
                symlink_mount = Some(next.mount()?);
            }
            let target = rustix::fs::readlinkat(&next.fd, "", Vec::new())
                .map_err(|error| WalkError::Failed(next.path.clone(), error))?
                .into_bytes();
            if target.len() > MAX_PATH_BYTES {
                return Err(WalkError::Missing);
            }
            if target.starts_with(b"/") {
                current = self.root()?;
            }
            for component in target.split(|byte| *byte == b'/').rev() {
                pending.push_front(component.to_vec());
            }
        }
        current.symlink_mount = symlink_mount;
        Ok(current)
    }

    /// The root directory itself.
    ///
    /// # Errors
    /// [`WalkError`]
    pub fn root(&self) -> Result<Place, WalkError> {
        let root = AbsolutePath::root();
        let fd = open_entry(&self.root, b".").map_err(|error| judge(error, &root))?;
        Place::describe(fd, root, None)
    }

    fn parent(&self, place: &Place) -> Result<Place, WalkError> {
        if place.path.is_root() {
            return self.root();
        }
        let fd = open_entry(&place.fd, b"..").map_err(|error| judge(error, &place.path))?;
        Place::describe(fd, place.path.parent(), None)
    }

    /// The names in `directory`, without `.` and `..`.
    ///
    /// # Errors
    /// [`WalkError`]; [`WalkError::TooManyEntries`] once all listings together pass the limit.
    pub fn list(&self, directory: &Place) -> Result<Vec<Vec<u8>>, WalkError> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let failed = |error| judge(error, &directory.path);
        let readable = rustix::fs::openat(&directory.fd, ".", flags, Mode::empty()).map_err(failed)?;
        let mut buffer = [MaybeUninit::uninit(); 8192];
        let mut entries = RawDir::new(readable, &mut buffer);
        let mut names = Vec::new();
        while let Some(entry) = entries.next() {
            let entry = entry.map_err(failed)?;
            let name = entry.file_name().to_bytes();
            if name == b"." || name == b".." {
                continue;
            }
            self.listed.set(self.listed.get() + 1);
            if self.listed.get() > MAX_LISTED_ENTRIES {
                return Err(WalkError::TooManyEntries(directory.path.clone()));
            }
            names.push(name.to_vec());
        }
        Ok(names)
    }

    /// The entry `name` of `directory`, a symbolic link as itself.
    ///
    /// # Errors
    /// [`WalkError`]
    pub fn entry(&self, directory: &Place, name: &[u8]) -> Result<Place, WalkError> {
        let path = directory.path.child(name).ok_or(WalkError::Missing)?;
        let fd = open_entry(&directory.fd, name).map_err(|error| judge(error, &directory.path))?;
        Place::describe(fd, path, None)
    }
}

impl Place {
    fn describe(fd: OwnedFd, path: AbsolutePath, symlink_mount: Option<u64>) -> Result<Self, WalkError> {
        let stat = rustix::fs::fstat(&fd).map_err(|error| WalkError::Failed(path.clone(), error))?;
        let kind = match FileType::from_raw_mode(stat.st_mode) {
            FileType::Directory => Kind::Directory,
            FileType::Symlink => Kind::Symlink,
            _ => Kind::File,
        };
        Ok(Self { fd, path, kind, symlink_mount })
    }

    /// The process's working directory. Its path is not known: compare it, never judge it.
    ///
    /// # Errors
    /// [`WalkError::Failed`]
    pub fn working_directory() -> Result<Self, WalkError> {
        let root = AbsolutePath::root();
        let fd = open_entry(rustix::fs::CWD, b".").map_err(|error| WalkError::Failed(root.clone(), error))?;
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

fn open_entry<Fd: AsFd>(directory: Fd, name: &[u8]) -> Result<OwnedFd, Errno> {
    let flags = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    rustix::fs::openat(directory, name, flags, Mode::empty())
}

fn judge(error: Errno, directory: &AbsolutePath) -> WalkError {
    match error {
        Errno::NOENT | Errno::NOTDIR | Errno::NAMETOOLONG | Errno::LOOP => WalkError::Missing,
        Errno::ACCESS => WalkError::Unreachable(directory.clone()),
        other => WalkError::Failed(directory.clone(), other),
    }
}

/// What is missing or out of the process's reach becomes `None`.
///
/// # Errors
/// [`WalkError::TooManyEntries`] and [`WalkError::Failed`].
pub fn skip_absent<T>(result: Result<T, WalkError>) -> Result<Option<T>, WalkError> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(WalkError::Missing | WalkError::Unreachable(_)) => Ok(None),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
#[path = "walk_tests.rs"]
mod tests;
