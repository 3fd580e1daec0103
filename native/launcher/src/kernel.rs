//! The system calls that no safe wrapper offers. The only unsafe code of the launcher is here and in the
//! entry point.
#![allow(unsafe_code, reason = "each block says why it is sound")]

use std::ffi::{CStr, c_char};
use std::os::fd::{AsRawFd, BorrowedFd};

use rustix::io::Errno;

/// Closes every descriptor from `first` up.
///
/// # Errors
/// `ENOSYS` before Linux 5.9 or under a seccomp filter that does not know the call.
pub fn close_range(first: u32) -> Result<(), Errno> {
    // SAFETY: plain numbers go in. The caller owns no descriptor from `first` up: it runs before any is
    // opened.
    match unsafe { libc::syscall(libc::SYS_close_range, first, u32::MAX, 0u32) } {
        0 => Ok(()),
        _ => Err(last_error()),
    }
}

/// Closes one descriptor that the process inherited and nothing in it owns.
pub fn close_inherited(descriptor: i32) {
    // SAFETY: a number goes in, and no owned descriptor has it: it was open before the program started.
    unsafe { libc::close(descriptor) };
}

/// `struct landlock_path_beneath_attr`, which the kernel packs.
#[repr(C, packed)]
struct PathBeneathAttribute {
    allowed_access: u64,
    parent_fd: i32,
}

/// Allows `access`, in the bits of `LANDLOCK_ACCESS_FS_*`, on what `parent` holds open and below it.
///
/// # Errors
/// The error of `landlock_add_rule`: among others `ENOMSG` without any bit, `EINVAL` with one that the
/// ruleset does not handle or that is not for a file, where `parent` is one.
pub fn add_path_rule(ruleset: BorrowedFd<'_>, parent: BorrowedFd<'_>, access: u64) -> Result<(), Errno> {
    const PATH_BENEATH: i32 = 1;
    let rule = PathBeneathAttribute { allowed_access: access, parent_fd: parent.as_raw_fd() };
    // SAFETY: the kernel reads one attribute of this type from `rule`, which outlives the call; both
    // descriptors are open.
    let added = unsafe {
        libc::syscall(libc::SYS_landlock_add_rule, ruleset.as_raw_fd(), PATH_BENEATH, &raw const rule, 0u32)
    };
    if added == 0 { Ok(()) } else { Err(last_error()) }
}

/// Adds a seccomp filter to the process. Needs `no_new_privs`.
///
/// # Errors
/// The error of `prctl`.
pub fn install_filter(program: &[libc::sock_filter]) -> Result<(), Errno> {
    let length = u16::try_from(program.len()).map_err(|_| Errno::INVAL)?;
    let header = libc::sock_fprog { len: length, filter: program.as_ptr().cast_mut() };
    // SAFETY: the kernel copies `len` instructions from `program`, which outlives the call, and writes
    // nothing back.
    match unsafe { libc::prctl(libc::PR_SET_SECCOMP, libc::SECCOMP_MODE_FILTER, &raw const header) } {
        0 => Ok(()),
        _ => Err(last_error()),
    }
}

/// Opens the empty path with `O_RDONLY|O_TRUNC` and answers the error, which is `ENOENT` unless a filter
/// looks at the flags first.
#[must_use]
pub fn error_of_truncating_open() -> Errno {
    // SAFETY: the path is a static C string, and opening the empty path opens nothing.
    let opened = unsafe { libc::openat(libc::AT_FDCWD, c"".as_ptr(), libc::O_RDONLY | libc::O_TRUNC) };
    if opened >= 0 { Errno::EXIST } else { last_error() }
}

/// Makes a socket of no family and answers the error, which is `EAFNOSUPPORT` unless a filter looks at the
/// family first.
#[must_use]
pub fn error_of_socket_without_family() -> Errno {
    // SAFETY: plain numbers go in, and no kernel makes a socket of this family.
    let made = unsafe { libc::socket(libc::AF_UNSPEC, libc::SOCK_STREAM, 0) };
    if made >= 0 { Errno::EXIST } else { last_error() }
}

/// Executes no path and answers the error, which is `EFAULT` unless a filter looks at the arguments first.
#[must_use]
pub fn error_of_execve_without_path() -> Errno {
    // SAFETY: three null pointers go in, and the kernel, which reads through the first before anything else happens,
    // executes nothing.
    unsafe { libc::syscall(libc::SYS_execve, 0_usize, 0_usize, 0_usize) };
    last_error()
}

/// An argument vector or environment as `main` gets it and `execve` takes it.
#[derive(Clone, Copy)]
pub struct StringVector {
    first: *const *const c_char,
}

impl StringVector {
    /// # Safety
    /// `first` points to a null-terminated array of C strings that are never freed or changed.
    #[must_use]
    pub unsafe fn new(first: *const *const c_char) -> Self {
        Self { first }
    }

    /// A vector of other strings, never freed: the process is about to be replaced.
    #[must_use]
    pub fn leak(strings: Vec<&'static CStr>) -> Self {
        let terminated = strings.into_iter().map(CStr::as_ptr).chain([std::ptr::null()]);
        let array: Box<[*const c_char]> = terminated.collect();
        Self { first: Box::leak(array).as_ptr() }
    }

    /// The strings.
    #[must_use]
    pub fn strings(self) -> Vec<&'static CStr> {
        let mut strings = Vec::new();
        let mut next = self.first;
        if next.is_null() {
            return strings;
        }
        // SAFETY: by `new`, everything up to the null pointer is a C string that lives forever.
        while let Some(string) = unsafe { (*next).as_ref() } {
            // SAFETY: as above.
            strings.push(unsafe { CStr::from_ptr(string) });
            // SAFETY: the element just read was not the terminator, so the next one is in the array.
            next = unsafe { next.add(1) };
        }
        strings
    }

    /// The vector without its first `count` strings, or its end.
    #[must_use]
    pub fn skip(self, count: usize) -> Self {
        let count = count.min(self.strings().len());
        // SAFETY: the array has at least `count` strings before its terminator.
        Self { first: unsafe { self.first.add(count) } }
    }
}

/// Replaces the process; returns only with the reason why not.
#[must_use]
pub fn execute(path: &CStr, arguments: StringVector, environment: StringVector) -> Errno {
    // SAFETY: `path` is a C string and both vectors are null-terminated arrays of C strings.
    unsafe { libc::execve(path.as_ptr(), arguments.first, environment.first) };
    last_error()
}

fn last_error() -> Errno {
    Errno::from_io_error(&std::io::Error::last_os_error()).unwrap_or(Errno::INVAL)
}
