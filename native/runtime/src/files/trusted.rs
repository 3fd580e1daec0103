//! Reading files that only root can have written.

use std::fmt;
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;

use rustix::fs::{CWD, FileType, Mode, OFlags, Stat};
use rustix::io::Errno;

/// Why a file is not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileError {
    /// The kernel's answer.
    Failed(Errno),
    /// It is a directory, device, socket, FIFO or symbolic link.
    NotRegular,
    /// It belongs to this user, not to root.
    Owner(u32),
    /// Others than its owner can write it; the permission bits.
    Writable(u32),
    /// It is longer than this many bytes.
    TooLong(usize),
}

impl fmt::Display for FileError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failed(error) => write!(formatter, "{error}"),
            Self::NotRegular => formatter.write_str("it is no regular file"),
            Self::Owner(uid) => write!(formatter, "it belongs to user {uid} instead of root"),
            Self::Writable(mode) => write!(formatter, "others than root can write it (mode {mode:04o})"),
            Self::TooLong(limit) => write!(formatter, "it is longer than {limit} bytes"),
        }
    }
}

impl From<Errno> for FileError {
    fn from(error: Errno) -> Self {
        Self::Failed(error)
    }
}

/// The content and status of a regular file of root's that nobody else can write.
///
/// # Errors
/// [`FileError`]
pub fn read(path: &Path, limit: usize) -> Result<(Vec<u8>, Stat), FileError> {
    let file = open(CWD, path)?;
    let stat = check(&file)?;
    Ok((read_bounded(&file, limit)?, stat))
}

/// Opens without following a last symbolic link, waiting for a FIFO's writer or becoming a terminal's owner.
///
/// # Errors
/// The error of the open; a symbolic link is [`FileError::NotRegular`].
pub fn open<Fd: AsFd>(directory: Fd, path: &Path) -> Result<OwnedFd, FileError> {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    rustix::fs::openat(directory, path, flags, Mode::empty()).map_err(|error| match error {
        Errno::LOOP => FileError::NotRegular,
        error => error.into(),
    })
}

/// Checks that an open file is regular and that only root can have written it.
///
/// # Errors
/// [`FileError`]
pub fn check(file: &OwnedFd) -> Result<Stat, FileError> {
    let stat = rustix::fs::fstat(file)?;
    if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
        return Err(FileError::NotRegular);
    }
    // Whoever runs us could write as himself anyway; as root, which is the only way it is installed, that is root.
    if stat.st_uid != 0 && stat.st_uid != rustix::process::geteuid().as_raw() {
        return Err(FileError::Owner(stat.st_uid));
    }
    if stat.st_mode & 0o022 != 0 {
        return Err(FileError::Writable(stat.st_mode & 0o7777));
    }
    Ok(stat)
}

/// The content of an open file, however it grows meanwhile.
///
/// # Errors
/// [`FileError::TooLong`] past the limit, or the error of a read.
pub fn read_bounded(file: &OwnedFd, limit: usize) -> Result<Vec<u8>, FileError> {
    let mut content = Vec::with_capacity(16 << 10);
    loop {
        let filled = content.len();
        if filled > limit {
            return Err(FileError::TooLong(limit));
        }
        content.resize(filled + (16 << 10), 0);
        let length = match rustix::io::read(file, &mut content[filled..]) {
            Err(Errno::INTR) => 0,
            Ok(0) => {
                content.truncate(filled);
                return Ok(content);
            }
            answer => answer?,
        };
        content.truncate(filled + length);
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use super::*;

    #[test]
    fn only_regular_files_of_ours_that_others_cannot_write() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("file");
        fs::write(&file, "content").unwrap();
        let mode = |mode| fs::set_permissions(&file, fs::Permissions::from_mode(mode)).unwrap();
        mode(0o644);
        assert_eq!(read(&file, 7).unwrap().0, b"content");
        assert_eq!(read(&file, 6).unwrap_err(), FileError::TooLong(6));
        for bad in [0o664, 0o646, 0o666] {
            mode(bad);
            assert_eq!(read(&file, 100).unwrap_err(), FileError::Writable(bad));
        }

        let link = directory.path().join("link");
        symlink(&file, &link).unwrap();
        assert_eq!(read(&link, 100).unwrap_err(), FileError::NotRegular);
        assert_eq!(read(directory.path(), 100).unwrap_err(), FileError::NotRegular);
        assert_eq!(read(&directory.path().join("no"), 100).unwrap_err(), FileError::Failed(Errno::NOENT));
        assert_eq!(read(Path::new("/dev/null"), 100).unwrap_err(), FileError::NotRegular);
    }

    #[test]
    fn long_files_are_read_whole() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("file");
        let content: Vec<u8> = (0..100_000_u32).map(|index| index.to_le_bytes()[0]).collect();
        fs::write(&file, &content).unwrap();
        assert_eq!(read(&file, 100_000).unwrap().0, content);
        assert_eq!(read(&file, 99_999).unwrap_err(), FileError::TooLong(99_999));
    }
}
