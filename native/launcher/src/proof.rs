//! The proof that the restriction is in force: the directory `/nono` can be listed before, and not after.
//! No grant ever covers its listing, so a kernel or filter that only says "done" is found out.

use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;

use crate::error::{Code, LaunchError};

/// Where the launcher's directory is mounted in a container.
pub const LAUNCHER_DIRECTORY: &str = "/nono";

/// Half of a proof: the directory could be opened before the restriction.
#[derive(Debug)]
pub struct Unproved(());

/// Opens the directory for listing.
///
/// # Errors
/// `PROOF_IMPOSSIBLE` when it cannot be opened now, so that a refusal later would mean nothing.
pub fn before() -> Result<Unproved, LaunchError> {
    open().map(Unproved).map_err(|error| {
        let advice = if error == Errno::ACCESS {
            "make the launcher's directory readable for every user (chmod 0755), and do not start the launcher \
             inside a sandbox of its own"
        } else {
            "mount the launcher's directory at /nono"
        };
        LaunchError::new(Code::ProofImpossible, "the directory /nono cannot be listed", error, advice)
    })
}

impl Unproved {
    /// Opens the directory again, after the restriction.
    ///
    /// # Errors
    /// `PROOF_FAILED` unless that is refused with exactly `EACCES`.
    pub fn after(self) -> Result<(), LaunchError> {
        let why = match open() {
            Err(Errno::ACCESS) => return Ok(()),
            Err(error) => format!("it now fails with \"{error}\" instead of \"{}\"", Errno::ACCESS),
            Ok(()) => "it can still be listed".to_owned(),
        };
        Err(LaunchError::new(
            Code::ProofFailed,
            "the restriction is not in force: the directory /nono was opened to prove it",
            why,
            "look for a seccomp filter that answers landlock_restrict_self, and for a second mount of the \
             launcher's directory",
        ))
    }
}

fn open() -> Result<(), Errno> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    rustix::fs::open(LAUNCHER_DIRECTORY, flags, Mode::empty()).map(drop)
}
