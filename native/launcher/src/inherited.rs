//! Descriptors left open by whoever started us: each could be a way out, since Landlock judges opening.

use rustix::fs::{Mode, OFlags, PROC_SUPER_MAGIC, RawDir};
use rustix::io::Errno;
use std::mem::MaybeUninit;
use std::os::fd::AsRawFd;

use crate::error::{Code, LaunchError};
use crate::kernel;

/// Everything above standard error.
const FIRST: u32 = 3;

/// Closes everything above standard error. Call it before anything is opened.
///
/// # Errors
/// `INHERITED_DESCRIPTORS` when neither `close_range` nor `/proc/self/fd` can be used.
pub fn close() -> Result<(), LaunchError> {
    let Err(error) = kernel::close_range(FIRST) else { return Ok(()) };
    close_listed().map_err(|_| {
        LaunchError::new(
            Code::InheritedDescriptors,
            "file descriptors above 2 cannot be closed",
            format!("close_range: {error}, and /proc/self/fd cannot be read"),
            "allow close_range in the container's seccomp profile",
        )
    })
}

/// What a seccomp profile older than the call leaves us.
fn close_listed() -> Result<(), Errno> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let directory = rustix::fs::open("/proc/self/fd", flags, Mode::empty())?;
    if rustix::fs::fstatfs(&directory)?.f_type != PROC_SUPER_MAGIC {
        return Err(Errno::NODEV);
    }
    let own = directory.as_raw_fd();
    let mut buffer = [MaybeUninit::uninit(); 4096];
    let mut entries = RawDir::new(&directory, &mut buffer);
    let mut open = Vec::new();
    while let Some(entry) = entries.next() {
        let entry = entry?;
        open.extend(entry.file_name().to_str().ok().and_then(|name| name.parse::<i32>().ok()));
    }
    for descriptor in open {
        if descriptor > 2 && descriptor != own {
            kernel::close_inherited(descriptor);
        }
    }
    Ok(())
}
