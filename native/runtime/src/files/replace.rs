//! Replacing files so that nobody reads half of one, and no second file is left.

use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, Gid, Mode, OFlags, Stat, Uid};
use rustix::io::Errno;

/// Puts `content` under `path`, by a rename. With `like`, owner and permissions are that file's; else it is
/// root's alone.
///
/// # Errors
/// The first error; `path` then has its old content, or nothing when the very last step failed.
pub fn replace(path: &Path, content: &[u8], like: Option<&Stat>) -> Result<(), Errno> {
    let temporary = beside(path)?;
    let result = write_new(&temporary, content, like).and_then(|()| {
        // Nobody reads the old one any more, and without it ext4 has no reason to write the new one to the disk at
        // once (auto_da_alloc in the kernel's Documentation/admin-guide/ext4.rst).
        match rustix::fs::unlink(path) {
            Ok(()) | Err(Errno::NOENT) => rustix::fs::rename(&temporary, path),
            Err(error) => Err(error),
        }
    });
    if result.is_err() {
        let _ = rustix::fs::unlink(&temporary);
    }
    result
}

/// A name in the same directory that no other process of ours uses.
fn beside(path: &Path) -> Result<PathBuf, Errno> {
    let name = path.file_name().ok_or(Errno::INVAL)?;
    let mut hidden = std::ffi::OsString::from(".");
    hidden.push(name);
    hidden.push(format!(".{}", std::process::id()));
    Ok(path.with_file_name(hidden))
}

fn write_new(path: &Path, content: &[u8], like: Option<&Stat>) -> Result<(), Errno> {
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let own = Mode::RUSR | Mode::WUSR;
    let open = || rustix::fs::openat(CWD, path, flags, own);
    let file = match open() {
        // Left by a process of this pid that was killed half-way.
        Err(Errno::EXIST) => {
            rustix::fs::unlink(path)?;
            open()?
        }
        answer => answer?,
    };
    write_all(&file, content)?;
    if let Some(stat) = like {
        rustix::fs::fchown(&file, Some(Uid::from_raw(stat.st_uid)), Some(Gid::from_raw(stat.st_gid)))?;
        rustix::fs::fchmod(&file, Mode::from_raw_mode(stat.st_mode & 0o7777))?;
    }
    Ok(())
}

fn write_all(file: &OwnedFd, mut content: &[u8]) -> Result<(), Errno> {
    while !content.is_empty() {
        match rustix::io::write(file, content) {
            Err(Errno::INTR) => {}
            answer => content = &content[answer?..],
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn the_new_content_has_the_old_permissions_and_nothing_is_left() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("file");
        fs::write(&file, "old").unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
        let stat = rustix::fs::stat(&file).unwrap();
        fs::write(beside(&file).unwrap(), "left over").unwrap();

        replace(&file, b"new", Some(&stat)).unwrap();
        assert_eq!(fs::read(&file).unwrap(), b"new");
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o7777, 0o640);
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_new_file_is_its_owners_alone() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("file");
        replace(&file, b"new", None).unwrap();
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o7777, 0o600);
    }

    #[test]
    fn a_failure_changes_nothing() {
        let directory = tempfile::tempdir().unwrap();
        let folder = directory.path().join("folder");
        fs::create_dir(&folder).unwrap();
        assert_eq!(replace(&folder, b"new", None), Err(Errno::ISDIR));
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
    }
}
