//! The passwd home of a uid, read without the C library: no NSS module of the image is asked.

use kubefence_policy::passwd::MAX_PASSWD_BYTES;
pub use kubefence_policy::passwd::find_home;
use kubefence_policy::path::AbsolutePath;
use rustix::fs::{FileType, Mode, OFlags, Stat};
use rustix::io::Errno;

/// The home that the image's passwd gives `uid`; `None` when there is no entry, no usable path in it, or
/// no regular passwd of a sane size.
#[must_use]
pub fn home_of(uid: u32) -> Option<AbsolutePath> {
    find_home(&read_regular(c"/etc/passwd").ok()?, uid)
}

fn read_regular(path: &std::ffi::CStr) -> Result<Vec<u8>, Errno> {
    let open = |flags| rustix::fs::open(path, flags | OFlags::NOFOLLOW | OFlags::CLOEXEC, Mode::empty());
    // Looked at before it is opened: opening a FIFO blocks, and opening a device does things.
    let expected = regular(rustix::fs::fstat(open(OFlags::PATH)?)?)?;
    let file = open(OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY)?;
    let found = regular(rustix::fs::fstat(&file)?)?;
    if (expected.st_dev, expected.st_ino) != (found.st_dev, found.st_ino) {
        return Err(Errno::STALE);
    }
    let mut content = Vec::new();
    let mut chunk = [0; 4096];
    loop {
        match rustix::io::read(&file, &mut chunk)? {
            0 => return Ok(content),
            length => content.extend_from_slice(&chunk[..length]),
        }
        if content.len() > MAX_PASSWD_BYTES {
            return Err(Errno::FBIG);
        }
    }
}

fn regular(stat: Stat) -> Result<Stat, Errno> {
    match FileType::from_raw_mode(stat.st_mode) {
        FileType::RegularFile => Ok(stat),
        _ => Err(Errno::INVAL),
    }
}
