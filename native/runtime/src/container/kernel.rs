//! The system calls that no safe wrapper offers. The only unsafe code of nono-runc.
#![allow(unsafe_code, reason = "each block says why it is sound")]

use std::os::fd::{AsRawFd as _, BorrowedFd, OwnedFd};

use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;
use rustix::thread::{LinkNameSpaceType, UnshareFlags};

/// The kernel's Landlock ABI, 0 when Landlock is missing or off.
#[must_use]
pub fn landlock_abi() -> i32 {
    const LANDLOCK_CREATE_RULESET_VERSION: u32 = 1;
    // SAFETY: with this flag, no attributes and a size of 0 the call reads nothing and makes nothing.
    let abi = unsafe {
        libc::syscall(
            libc::SYS_landlock_create_ruleset,
            std::ptr::null::<u8>(),
            0_usize,
            LANDLOCK_CREATE_RULESET_VERSION,
        )
    };
    i32::try_from(abi).unwrap_or(0).max(0)
}

/// Whether the calling thread may execute the file that is open.
///
/// # Errors
/// The kernel's answer, `EACCES` for no.
pub fn check_executable(file: BorrowedFd<'_>) -> Result<(), Errno> {
    let flags = libc::AT_EMPTY_PATH | libc::AT_EACCESS;
    // SAFETY: an open descriptor, a static C string and two numbers go in; nothing is written.
    let answer =
        unsafe { libc::syscall(libc::SYS_faccessat2, file.as_raw_fd(), c"".as_ptr(), libc::X_OK, flags) };
    match answer {
        0 => Ok(()),
        _ => Err(Errno::from_io_error(&std::io::Error::last_os_error()).unwrap_or(Errno::INVAL)),
    }
}

/// The root directory of a mount namespace: where a process that joins it looks paths up, whatever root the processes in
/// it have chosen for themselves since. Only a thread that ends here changes.
///
/// # Errors
/// The kernel's; it wants a privileged caller.
pub fn open_root_of_mount_namespace(namespace: BorrowedFd<'_>) -> Result<OwnedFd, Errno> {
    let open = || {
        // SAFETY: root and working directory alone become the thread's own; descriptors stay shared.
        unsafe { rustix::thread::unshare_unsafe(UnshareFlags::FS)? };
        rustix::thread::move_into_link_name_space(namespace, Some(LinkNameSpaceType::Mount))?;
        rustix::fs::open("/", OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())
    };
    std::thread::scope(|scope| scope.spawn(open).join().unwrap_or(Err(Errno::CANCELED)))
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::os::fd::AsFd as _;

    use super::*;

    #[test]
    fn the_abi_is_a_number() {
        assert!((0..100).contains(&landlock_abi()));
    }

    #[test]
    fn the_root_of_our_own_mount_namespace() {
        let open = |name: &str| {
            let namespace = File::open(format!("/proc/self/ns/{name}")).unwrap();
            open_root_of_mount_namespace(namespace.as_fd())
        };
        let identity =
            |file: OwnedFd| rustix::fs::fstat(file).map(|stat| (stat.st_dev, stat.st_ino)).unwrap();
        assert_eq!(open("uts").unwrap_err(), Errno::INVAL);
        if rustix::process::geteuid().is_root() {
            assert_eq!(identity(open("mnt").unwrap()), identity(File::open("/").unwrap().into()));
        } else {
            assert_eq!(open("mnt").unwrap_err(), Errno::PERM);
        }
    }

    #[test]
    fn execution_is_asked_of_the_kernel() {
        let file = tempfile::NamedTempFile::new().unwrap();
        assert_eq!(check_executable(file.as_file().as_fd()), Err(Errno::ACCESS));
        assert_eq!(check_executable(File::open("/bin/sh").unwrap().as_fd()), Ok(()));
    }
}
