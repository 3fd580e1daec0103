//! Every way in which the launcher refuses: one table of stable codes, one line for people.

use std::fmt;

/// Exit status: the sandbox cannot be set up.
pub const EXIT_REFUSED: u8 = 125;
/// Exit status: the command was found and cannot be executed.
pub const EXIT_NOT_EXECUTABLE: u8 = 126;
/// Exit status: the command was not found.
pub const EXIT_NOT_FOUND: u8 = 127;

macro_rules! codes {
    ($($(#[doc = $doc:literal])+ $name:ident = $text:literal, $exit:expr;)+) => {
        /// Stable code of an error, the first word of its line after `nono:`.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Code {
            $($(#[doc = $doc])+ $name,)+
        }

        impl Code {
            /// Every code, in the order of the page that lists them.
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];

            /// The code as it is printed.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)+ }
            }

            /// The exit status that goes with it.
            #[must_use]
            pub fn exit_status(self) -> u8 {
                match self { $(Self::$name => $exit,)+ }
            }
        }
    };
}

codes! {
    /// The command line is none of the known forms.
    Usage = "USAGE", EXIT_REFUSED;
    /// File descriptors inherited from the runtime could not be closed.
    InheritedDescriptors = "INHERITED_DESCRIPTORS", EXIT_REFUSED;
    /// `/nono` is missing or is not a directory.
    LauncherDirectory = "LAUNCHER_DIRECTORY", EXIT_REFUSED;
    /// `/nono/profiles` or a manifest in it exists and cannot be read.
    ProfileUnreadable = "PROFILE_UNREADABLE", EXIT_REFUSED;
    /// No manifest of that name.
    ProfileNotInstalled = "PROFILE_NOT_INSTALLED", EXIT_REFUSED;
    /// The manifest is not the JSON that is expected.
    ManifestInvalid = "MANIFEST_INVALID", EXIT_REFUSED;
    /// The manifest asks for something that cannot be enforced here.
    ManifestUnsupported = "MANIFEST_UNSUPPORTED", EXIT_REFUSED;
    /// The kernel has no Landlock, or it is switched off.
    LandlockUnavailable = "LANDLOCK_UNAVAILABLE", EXIT_REFUSED;
    /// The manifest asks for rules that this kernel's Landlock does not have.
    LandlockTooOld = "LANDLOCK_TOO_OLD", EXIT_REFUSED;
    /// The process is inside 16 Landlock domains already.
    LandlockLayers = "LANDLOCK_LAYERS", EXIT_REFUSED;
    /// A Landlock call failed.
    LandlockFailed = "LANDLOCK_FAILED", EXIT_REFUSED;
    /// A path that matters could not be looked up.
    PathUnreadable = "PATH_UNREADABLE", EXIT_REFUSED;
    /// Granting around exceptions would take too many directory entries.
    TooManyEntries = "TOO_MANY_ENTRIES", EXIT_REFUSED;
    /// `no_new_privs` could not be set.
    NoNewPrivileges = "NO_NEW_PRIVILEGES", EXIT_REFUSED;
    /// The filter that stands in for truncation rights on old kernels could not be installed.
    TruncateFilter = "TRUNCATE_FILTER", EXIT_REFUSED;
    /// The filter that keeps programs from going around TCP rules could not be installed.
    SocketFilter = "SOCKET_FILTER", EXIT_REFUSED;
    /// The file of the seccomp policy is missing or is none.
    SeccompPolicy = "SECCOMP_POLICY", EXIT_REFUSED;
    /// The filter of the seccomp policy could not be installed.
    SeccompFilter = "SECCOMP_FILTER", EXIT_REFUSED;
    /// `/nono` could not be listed before the restriction, so nothing could be proved by it.
    ProofImpossible = "PROOF_IMPOSSIBLE", EXIT_REFUSED;
    /// The restriction was reported as done and is not in force.
    ProofFailed = "PROOF_FAILED", EXIT_REFUSED;
    /// The shim was called by a name that it does not stand for.
    ShimName = "SHIM_NAME", EXIT_REFUSED;
    /// `/nono/shims/profile` is missing or names no profile.
    ShimProfile = "SHIM_PROFILE", EXIT_REFUSED;
    /// The command exists and cannot be executed.
    CommandNotExecutable = "COMMAND_NOT_EXECUTABLE", EXIT_NOT_EXECUTABLE;
    /// The command does not exist.
    CommandNotFound = "COMMAND_NOT_FOUND", EXIT_NOT_FOUND;
}

/// A refusal: what failed with which value, why, and what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LaunchError {
    /// Stable code.
    pub code: Code,
    what: String,
    why: String,
    advice: &'static str,
}

impl LaunchError {
    /// A refusal; `what` names the value that failed.
    pub fn new(code: Code, what: impl Into<String>, why: impl fmt::Display, advice: &'static str) -> Self {
        Self { code, what: what.into(), why: why.to_string(), advice }
    }
}

impl fmt::Display for LaunchError {
    /// `nono: CODE: what: why; what to do`, on one line whatever the values hold.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let line = format!("nono: {}: {}: {}; {}", self.code.as_str(), self.what, self.why, self.advice);
        for character in line.chars() {
            if character.is_control() {
                write!(formatter, "{}", character.escape_default())?;
            } else {
                write!(formatter, "{character}")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_one_line() {
        let error = LaunchError::new(Code::Usage, "a\nb", "\u{1b}[31mred\u{85}", "do this");
        assert_eq!(error.to_string(), "nono: USAGE: a\\nb: \\u{1b}[31mred\\u{85}; do this");
    }

    #[test]
    fn every_code_is_on_its_page_with_its_exit_status() {
        let page = include_str!("../../../docs/reference/launcher.md");
        for code in Code::ALL {
            let row = format!("| `{}` | {} |", code.as_str(), code.exit_status());
            assert!(page.contains(&row), "docs/reference/launcher.md has no row {row}");
        }
        assert_eq!(
            page.matches("| 125 |").count()
                + page.matches("| 126 |").count()
                + page.matches("| 127 |").count(),
            Code::ALL.len()
        );
    }

    #[test]
    fn codes_are_distinct() {
        let mut texts: Vec<_> = Code::ALL.iter().map(|code| code.as_str()).collect();
        texts.sort_unstable();
        texts.dedup();
        assert_eq!(texts.len(), Code::ALL.len());
    }
}
