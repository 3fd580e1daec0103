//! Files of the launcher's own directory, `/nono`, as containers see it.

use std::fmt;
use std::os::fd::{AsFd, OwnedFd};

use rustix::fs::{FileType, Mode, OFlags};
use rustix::io::Errno;

/// Why a file of the launcher's directory is not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReadError {
    /// It does not exist.
    Missing,
    /// It is a symbolic link, which would be followed inside the container, where the image decides what is there.
    Link,
    /// It is a directory, a pipe or a device.
    NotRegular,
    /// The kernel's reason.
    Failed(Errno),
}

impl fmt::Display for ReadError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => formatter.write_str("it does not exist"),
            Self::Link => formatter.write_str("it is a symbolic link"),
            Self::NotRegular => formatter.write_str("it is no regular file"),
            Self::Failed(error) => error.fmt(formatter),
        }
    }
}

/// Opens a directory that is itself one, for looking up what is in it.
///
/// # Errors
/// The kernel's reason; `ELOOP` and `ENOTDIR` for a symbolic link.
pub fn open_directory<Fd: AsFd>(parent: Fd, name: &str) -> Result<OwnedFd, Errno> {
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    rustix::fs::openat(parent, name, flags, Mode::empty())
}

/// Reads a file. Of one that is larger than `limit` more bytes than that come back, enough to refuse it.
///
/// # Errors
/// Why not.
pub fn read(folder: &OwnedFd, file_name: &str, limit: usize) -> Result<Vec<u8>, ReadError> {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    let file = rustix::fs::openat(folder, file_name, flags, Mode::empty()).map_err(|error| match error {
        Errno::NOENT => ReadError::Missing,
        Errno::LOOP => ReadError::Link,
        error => ReadError::Failed(error),
    })?;
    let status = rustix::fs::fstat(&file).map_err(ReadError::Failed)?;
    if FileType::from_raw_mode(status.st_mode) != FileType::RegularFile {
        return Err(ReadError::NotRegular);
    }
    // One byte more, so that the last read finds room and nothing to put there.
    let mut content = Vec::with_capacity(usize::try_from(status.st_size).unwrap_or(limit).min(limit) + 1);
    while content.len() <= limit {
        content.reserve(1);
        if rustix::io::read(&file, rustix::buffer::spare_capacity(&mut content)).map_err(ReadError::Failed)?
            == 0
        {
            break;
        }
    }
    Ok(content)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn only_regular_files_are_read() {
        let directory = tempfile::tempdir().unwrap();
        std::fs::write(directory.path().join("file"), "content").unwrap();
        std::fs::create_dir(directory.path().join("folder")).unwrap();
        symlink("file", directory.path().join("link")).unwrap();
        let folder = open_directory(rustix::fs::CWD, directory.path().to_str().unwrap()).unwrap();
        std::fs::write(directory.path().join("empty"), "").unwrap();
        rustix::fs::mknodat(&folder, "pipe", FileType::Fifo, Mode::RWXU, 0).unwrap();
        assert_eq!(read(&folder, "file", 7), Ok(b"content".to_vec()));
        assert_eq!(read(&folder, "empty", 7), Ok(Vec::new()));
        assert!(read(&folder, "file", 3).unwrap().len() > 3);
        assert_eq!(read(&folder, "missing", 7), Err(ReadError::Missing));
        assert_eq!(read(&folder, "link", 7), Err(ReadError::Link));
        assert_eq!(read(&folder, "folder", 7), Err(ReadError::NotRegular));
        assert_eq!(read(&folder, "pipe", 7), Err(ReadError::NotRegular), "and does not wait for a writer");
        assert_eq!(open_directory(&folder, "file").unwrap_err(), Errno::NOTDIR);
        assert!(open_directory(&folder, "link").is_err());
        let failed = read(&folder, &"n".repeat(256), 7).unwrap_err();
        assert_eq!(failed, ReadError::Failed(Errno::NAMETOOLONG));
        let texts = [ReadError::Missing, ReadError::Link, ReadError::NotRegular, failed]
            .map(|error| error.to_string());
        for (text, part) in texts.iter().zip(["not exist", "symbolic link", "no regular", "too long"]) {
            assert!(text.contains(part), "{text}");
        }
    }

    #[test]
    fn a_file_that_is_longer_than_it_says_is_read_to_its_end() {
        let folder = open_directory(rustix::fs::CWD, "/proc/sys/kernel").unwrap();
        assert_eq!(read(&folder, "ostype", 100), Ok(b"Linux\n".to_vec()));
    }
}
