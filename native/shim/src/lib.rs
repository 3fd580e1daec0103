//! Found as `/nono/sh`, `/nono/python3` and the like, before the program of that name on a container's `PATH`. Outside
//! the sandbox it starts the program under the launcher, with the node's default profile; inside it is out of the way.

mod call;
mod search;
mod settings;

use std::ffi::CStr;
use std::io::Write as _;

use kubefence_launcher::error::{Code, LaunchError};
use kubefence_launcher::kernel::{self, StringVector};
use kubefence_launcher::proof::LAUNCHER_DIRECTORY;
use rustix::fs::{Access, AtFlags, CWD, Mode, OFlags};
use rustix::io::Errno;

use call::Call;

const LAUNCHER: &CStr = c"/nono/nono";

/// Becomes the program that was called, under the launcher or as it is; answers the exit status when it cannot.
#[must_use]
pub fn run(arguments: StringVector, environment: StringVector) -> u8 {
    let error = start(arguments, environment);
    // Nobody is left to tell when standard error is closed.
    let _ = writeln!(std::io::stderr().lock(), "{error}");
    error.code.exit_status()
}

fn start(arguments: StringVector, environment: StringVector) -> LaunchError {
    let strings = arguments.strings();
    let Some(call) = Call::of(rustix::param::linux_execfn(), &strings) else {
        return LaunchError::new(
            Code::ShimName,
            format!(
                "the shim was called as {}",
                strings.first().copied().unwrap_or_default().to_bytes().escape_ascii()
            ),
            "it stands for sh, bash, ash, dash, python3, python, node, ruby and perl",
            "call one of these by its name",
        );
    };
    match is_sandboxed() {
        Ok(true) => search::become_program(&call, environment),
        Ok(false) => become_launcher(&call, environment).unwrap_or_else(|error| error),
        Err(error) => error,
    }
}

/// Under the launcher, which looks the name up in the rest of `PATH`.
fn become_launcher(call: &Call, environment: StringVector) -> Result<LaunchError, LaunchError> {
    let settings = settings::read()?;
    let error = kernel::execute(LAUNCHER, StringVector::leak(settings.launcher_arguments(call)), environment);
    Err(LaunchError::new(
        Code::LauncherDirectory,
        "/nono/nono cannot be executed",
        error,
        "install the release's launcher on the node",
    ))
}

/// No profile grants the listing of `/nono`, so where it is refused, and not by the directory's mode, there is a sandbox
/// already. Another one would be a further Landlock domain, of which the kernel stacks 16.
fn is_sandboxed() -> Result<bool, LaunchError> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let error = match rustix::fs::open(LAUNCHER_DIRECTORY, flags, Mode::empty()) {
        Ok(_) => return Ok(false),
        // Landlock does not look at access(2), so it tells what the mode alone says.
        Err(Errno::ACCESS) => {
            match rustix::fs::accessat(CWD, LAUNCHER_DIRECTORY, Access::READ_OK, AtFlags::EACCESS) {
                Ok(()) => return Ok(true),
                Err(error) => error,
            }
        }
        Err(error) => error,
    };
    Err(LaunchError::new(
        Code::ProofImpossible,
        "the directory /nono cannot be listed",
        error,
        "make the launcher's directory readable for every user (chmod 0755)",
    ))
}
