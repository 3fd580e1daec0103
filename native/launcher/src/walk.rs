//! Where a path really is. Each lookup hands back an `O_PATH` descriptor together with the path that led
//! to it free of symbolic links, so what is judged is what is granted, and `/proc` is not needed.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, OwnedFd};
use std::rc::Rc;

use kubefence_policy::path::{AbsolutePath, MAX_PATH_BYTES};
use rustix::fs::{AtFlags, FileType, Mode, OFlags, RawDir, ResolveFlags, Statx, StatxFlags};
use rustix::io::Errno;

use crate::listing::Listing;
use crate::place::{Kind, Place};

/// The number of no mount, so that nothing is on it.
const SEVERAL_MOUNTS: u64 = u64::MAX;

/// The kernel's own limit on symbolic links in one lookup.
const MAX_SYMLINKS: u32 = 40;

/// Directory entries that one start may list, over all directories. A start that needs more would take
/// seconds, and each entry costs kernel memory for its rule.
pub const MAX_LISTED_ENTRIES: u32 = 65_536;

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

/// What earlier listings say of a path.
#[derive(Clone, Copy)]
enum Known {
    /// Nothing: its directory was not listed.
    Nothing,
    Missing,
    Is(Kind),
}

/// Looks paths up below one root directory.
#[derive(Debug)]
pub struct Walker {
    root: OwnedFd,
    listed: Cell<u32>,
    /// What was listed once is not asked again: exceptions and grants see the same entries.
    listings: RefCell<Vec<(AbsolutePath, Rc<Listing>)>>,
}

impl Walker {
    /// A walker below `root`: the container's `/`, or a folder that stands for it in a test.
    ///
    /// # Errors
    /// The error of the open.
    pub fn new(root: &std::path::Path) -> Result<Self, Errno> {
        let root = rustix::fs::open(root, OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
        Ok(Self { root, listed: Cell::new(0), listings: RefCell::default() })
    }

    /// The object at `path`, symbolic links followed as text (so a magic link of `/proc` leads to what
    /// its text names, or nowhere).
    ///
    /// # Errors
    /// [`WalkError`]
    pub fn resolve(&self, path: &AbsolutePath) -> Result<Place, WalkError> {
        let known = self.known(path);
        let opened = match known {
            Known::Missing => return Err(WalkError::Missing),
            Known::Is(Kind::Symlink) => Err(Errno::LOOP),
            Known::Is(_) | Known::Nothing => self.open_real(path),
        };
        match opened {
            Ok(fd) => match known {
                Known::Is(kind) => Ok(Place { fd, path: path.clone(), kind, symlink_mount: None }),
                _ => Place::describe(fd, path.clone(), None),
            },
            // A link on the way, or a directory closed to us, whose name is wanted.
            Err(Errno::LOOP | Errno::ACCESS) => {
                self.resolve_names(path.components().map(<[u8]>::to_vec).collect())
            }
            Err(error) => Err(judge(error, path)),
        }
    }

    /// The object that `text` names, in whatever spelling; a relative one starts at `directory`.
    ///
    /// # Errors
    /// [`WalkError`]
    pub fn resolve_spelled(&self, directory: &[u8], text: &[u8]) -> Result<Place, WalkError> {
        if let Ok(path) = AbsolutePath::parse(text) {
            return self.resolve(&path);
        }
        let start: &[u8] = if text.starts_with(b"/") { b"" } else { directory };
        let names = [start, text].into_iter().flat_map(|part| part.split(|byte| *byte == b'/'));
        self.resolve_names(names.map(<[u8]>::to_vec).collect())
    }

    fn resolve_names(&self, names: VecDeque<Vec<u8>>) -> Result<Place, WalkError> {
        let (real, symlink_mount) = self.real_path(names)?;
        let fd = self.open_real(&real).map_err(|error| judge(error, &real.parent()))?;
        Place::describe(fd, real, symlink_mount)
    }

    /// True when a symbolic link lies on the way to `path`, so that what it names is elsewhere.
    #[must_use]
    pub fn is_elsewhere(&self, path: &AbsolutePath) -> bool {
        if path.is_root() {
            return false;
        }
        let is_symlink = match self.known(path) {
            Known::Is(kind) => kind == Kind::Symlink,
            Known::Missing => false,
            Known::Nothing => self.kind_of(path) == Ok(Kind::Symlink),
        };
        is_symlink || self.is_elsewhere(&path.parent())
    }

    /// What earlier listings say of `path`.
    fn known(&self, path: &AbsolutePath) -> Known {
        let (Some(listing), Some(name)) = (self.known_listing(&path.parent()), path.name()) else {
            return Known::Nothing;
        };
        match listing.iter().find(|listed| listed.name == name) {
            None => Known::Missing,
            Some(listed) => listed.kind.map_or(Known::Nothing, Known::Is),
        }
    }

    /// Opens what is at `path`; `ELOOP` when a symbolic link is on the way or at its end.
    fn open_real(&self, path: &AbsolutePath) -> Result<OwnedFd, Errno> {
        let flags = OFlags::PATH | OFlags::CLOEXEC;
        match rustix::fs::openat2(&self.root, relative(path), flags, Mode::empty(), ResolveFlags::NO_SYMLINKS)
        {
            // A seccomp filter older than the call.
            Err(Errno::NOSYS | Errno::PERM) => {}
            answer => return answer,
        }
        let mut opened = open_entry(&self.root, b".")?;
        for name in path.components() {
            opened = open_entry(&opened, name)?;
            if rustix::fs::fstat(&opened).map(|stat| FileType::from_raw_mode(stat.st_mode))?
                == FileType::Symlink
            {
                return Err(Errno::LOOP);
            }
        }
        Ok(opened)
    }

    /// The path of the names `pending` without symbolic links, and the mount that holds them; [`SEVERAL_MOUNTS`] where
    /// not one mount holds them all.
    fn real_path(&self, mut pending: VecDeque<Vec<u8>>) -> Result<(AbsolutePath, Option<u64>), WalkError> {
        let mut real = AbsolutePath::root();
        let mut symlink_mount = None;
        let mut symlinks = 0;
        while let Some(name) = pending.pop_front() {
            if name == b".." {
                if self.kind_of(&real) != Ok(Kind::Directory) {
                    return Err(WalkError::Missing);
                }
                real = real.parent();
            }
            let Some(next) = real.child(&name) else { continue };
            if matches!(self.known(&next), Known::Is(Kind::Directory)) {
                real = next;
                continue;
            }
            let target = match rustix::fs::readlinkat(&self.root, relative(&next), Vec::new()) {
                Ok(target) => target.into_bytes(),
                Err(Errno::INVAL) => {
                    real = next;
                    continue;
                }
                Err(error) => return Err(judge(error, &real)),
            };
            symlinks += 1;
            if symlinks > MAX_SYMLINKS || target.len() > MAX_PATH_BYTES {
                return Err(WalkError::Missing);
            }
            let mount = self.statx(&next)?.stx_mnt_id;
            symlink_mount = match symlink_mount {
                Some(earlier) if earlier != mount => Some(SEVERAL_MOUNTS),
                _ => Some(mount),
            };
            if target.starts_with(b"/") {
                real = AbsolutePath::root();
            }
            for component in target.split(|byte| *byte == b'/').rev() {
                pending.push_front(component.to_vec());
            }
        }
        Ok((real, symlink_mount))
    }

    fn statx(&self, path: &AbsolutePath) -> Result<Statx, WalkError> {
        rustix::fs::statx(&self.root, relative(path), AtFlags::SYMLINK_NOFOLLOW, StatxFlags::MNT_ID)
            .map_err(|error| judge(error, &path.parent()))
    }

    fn kind_of(&self, path: &AbsolutePath) -> Result<Kind, Errno> {
        let stat = rustix::fs::statat(&self.root, relative(path), AtFlags::SYMLINK_NOFOLLOW)?;
        Ok(Kind::of(FileType::from_raw_mode(stat.st_mode)).unwrap_or(Kind::File))
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

    /// The kind of the entry `name` of `directory`, a symbolic link as itself.
    ///
    /// # Errors
    /// [`WalkError`]
    pub fn entry_kind(&self, directory: &Place, name: &[u8]) -> Result<Kind, WalkError> {
        let stat = rustix::fs::statat(&directory.fd, name, AtFlags::SYMLINK_NOFOLLOW)
            .map_err(|error| judge(error, &directory.path))?;
        Ok(Kind::of(FileType::from_raw_mode(stat.st_mode)).unwrap_or(Kind::File))
    }

    /// True when nothing of `names` is in the entry `name` of `directory`: found out without opening the
    /// entry. Any other answer than that is false.
    pub fn holds_none<'n>(
        &self,
        directory: &Place,
        name: &[u8],
        mut names: impl Iterator<Item = &'n [u8]>,
    ) -> bool {
        names.all(|inner| {
            let path = [name, b"/", inner].concat();
            rustix::fs::statat(&directory.fd, path, AtFlags::SYMLINK_NOFOLLOW).err() == Some(Errno::NOENT)
        })
    }

    /// The entry of `directory` at `path`, a symbolic link as itself. A `kind` that the listing said is
    /// believed: should it have changed since, it gets no right that an entry of its new kind would not
    /// have got.
    ///
    /// # Errors
    /// [`WalkError`]
    pub fn entry(
        &self,
        directory: &Place,
        path: AbsolutePath,
        kind: Option<Kind>,
    ) -> Result<Place, WalkError> {
        let name = path.name().ok_or(WalkError::Missing)?;
        let fd = open_entry(&directory.fd, name).map_err(|error| judge(error, &directory.path))?;
        match kind {
            Some(kind) => Ok(Place { fd, path, kind, symlink_mount: None }),
            None => Place::describe(fd, path, None),
        }
    }

    /// The names in `directory`, without `.` and `..`.
    ///
    /// # Errors
    /// [`WalkError`]; [`WalkError::TooManyEntries`] once all listings together pass the limit.
    pub fn list(&self, directory: &Place) -> Result<Rc<Listing>, WalkError> {
        if let Some(listing) = self.known_listing(&directory.path) {
            return Ok(listing);
        }
        let listing = Rc::new(self.read_names(directory)?);
        self.listings.borrow_mut().push((directory.path.clone(), listing.clone()));
        Ok(listing)
    }

    #[cfg(test)]
    pub(crate) fn pretend_listed(&self, entries: u32) {
        self.listed.set(entries);
    }

    /// The names in the directory that really is at `path`, if they were asked for before.
    #[must_use]
    pub fn known_listing(&self, path: &AbsolutePath) -> Option<Rc<Listing>> {
        self.listings.borrow().iter().find(|(known, _)| known == path).map(|(_, listing)| listing.clone())
    }

    fn read_names(&self, directory: &Place) -> Result<Listing, WalkError> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let failed = |error| judge(error, &directory.path);
        let readable = rustix::fs::openat(&directory.fd, ".", flags, Mode::empty()).map_err(failed)?;
        let mut buffer = [MaybeUninit::uninit(); 8192];
        let mut entries = RawDir::new(readable, &mut buffer);
        let mut listing = Listing::empty();
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
            listing.push(name, Kind::of(entry.file_type()));
        }
        Ok(listing)
    }
}

/// `path` as seen from the root's descriptor.
fn relative(path: &AbsolutePath) -> &[u8] {
    match &path.as_bytes()[1..] {
        b"" => b".",
        relative => relative,
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
