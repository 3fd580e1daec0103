//! What the node says about processes that come through the shim: `/nono/shims/profile`, written when it is installed.

use std::ffi::{CStr, CString};

use kubefence_launcher::error::{Code, LaunchError};
use kubefence_launcher::installed;
use kubefence_policy::arguments::ProfileName;
use rustix::fs::CWD;

use crate::call::Call;

const FOLDER: &str = "/nono/shims";
const FILE: &str = "profile";
/// Two names of 64 bytes, each on a line of its own.
const MAX_BYTES: usize = 2 * 65;

/// Which profile, and which seccomp policy if any.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    profile: ProfileName,
    seccomp: Option<ProfileName>,
}

/// Reads the node's settings.
///
/// # Errors
/// `SHIM_PROFILE`
pub fn read() -> Result<Settings, LaunchError> {
    let failed = |why: &dyn std::fmt::Display| {
        LaunchError::new(
            Code::ShimProfile,
            format!("{FOLDER}/{FILE} does not name the node's default profile"),
            why,
            "install the shims again: kubefence install-launcher",
        )
    };
    let folder = installed::open_directory(CWD, FOLDER).map_err(|error| failed(&error))?;
    let content = installed::read(&folder, FILE, MAX_BYTES).map_err(|error| failed(&error))?;
    parse(&content).ok_or_else(|| failed(&"it holds something else"))
}

/// One line with the profile, and one with the seccomp policy where there is one.
fn parse(content: &[u8]) -> Option<Settings> {
    let mut lines = content.strip_suffix(b"\n")?.split(|byte| *byte == b'\n');
    let profile = ProfileName::parse(lines.next()?)?;
    let seccomp = match lines.next() {
        Some(line) => Some(ProfileName::parse(line)?),
        None => None,
    };
    lines.next().is_none().then_some(Settings { profile, seccomp })
}

impl Settings {
    /// The launcher's whole argument vector. It looks the name up itself, and not in `/nono`.
    #[must_use]
    pub fn launcher_arguments(&self, call: &Call) -> Vec<&'static CStr> {
        let mut arguments = vec![c"/nono/nono", c"wrap", c"--profile", leak(&self.profile)];
        if let Some(policy) = &self.seccomp {
            arguments.extend([c"--seccomp", leak(policy)]);
        }
        arguments.extend([c"--", call.name]);
        arguments.extend(call.arguments.iter().copied());
        arguments
    }
}

/// The process is about to be replaced.
fn leak(name: &ProfileName) -> &'static CStr {
    Box::leak(CString::new(name.as_str()).unwrap_or_default().into_boxed_c_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_name_a_line() {
        let call = Call::of(c"/nono/sh", &[c"sh", c"-c", c"x"]).unwrap();
        let words = |content: &[u8]| parse(content).unwrap().launcher_arguments(&call);
        assert_eq!(
            words(b"default\n"),
            [c"/nono/nono", c"wrap", c"--profile", c"default", c"--", c"sh", c"-c", c"x"]
        );
        assert_eq!(
            words(b"strict\nrestricted\n")[2..6],
            [c"--profile", c"strict", c"--seccomp", c"restricted"]
        );
    }

    #[test]
    fn nothing_else() {
        for content in
            [&b""[..], b"\n", b"default", b"a b\n", b"--rw\n", b"a\n\n", b"a\nb\nc\n", b"../x\n", b"a\0\n"]
        {
            assert_eq!(parse(content), None, "{}", content.escape_ascii());
        }
    }
}
