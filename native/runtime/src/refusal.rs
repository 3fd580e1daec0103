//! Every way in which nono-runc refuses: one table of stable codes, one line for people.

use std::borrow::Cow;
use std::fmt;

macro_rules! codes {
    ($($(#[doc = $doc:literal])+ $name:ident = $text:literal;)+) => {
        /// Stable code of a refusal, the first word of its message.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Code {
            $($(#[doc = $doc])+ $name,)+
        }

        impl Code {
            /// Every code with its meaning, in the order of docs/reference/nono-runc.md.
            pub const ALL: &'static [(Self, &'static str)] =
                &[$((Self::$name, concat!($($doc),+).trim_ascii_start())),+];

            /// The code as it is written.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)+ }
            }
        }
    };
}

codes! {
    /// The command line is none that a container engine uses.
    Usage = "USAGE";
    /// The subcommand could start a process outside the sandbox, or is not known.
    Subcommand = "SUBCOMMAND";
    /// The configuration beside the program is missing, unsafe or malformed.
    Configuration = "CONFIGURATION";
    /// The kernel's Landlock ABI is below `min_landlock_abi`, or Landlock is off.
    LandlockAbi = "LANDLOCK_ABI_TOO_LOW";
    /// The bundle's config.json is missing, unsafe or malformed.
    Bundle = "BUNDLE";
    /// The container's annotations do not say which pod it belongs to.
    Pod = "POD_UNKNOWN";
    /// The pod's annotation is no profile name, and `invalid_profile` is refuse.
    ProfileName = "PROFILE_NAME_INVALID";
    /// `allowed_profiles` does not give the profile to the pod's namespace.
    ProfileNotAllowed = "PROFILE_NOT_ALLOWED";
    /// The profile is not installed on the node.
    ProfileNotInstalled = "PROFILE_NOT_INSTALLED";
    /// The container's command does not start with the launcher: the plugin was not asked, or was undone.
    Unsandboxed = "UNSANDBOXED";
    /// The container would start under a profile other than its pod's.
    ProfileMismatch = "PROFILE_MISMATCH";
    /// The launcher's options are not those that follow from the container's mounts and namespaces.
    OptionsMismatch = "OPTIONS_MISMATCH";
    /// The launcher's directory is not mounted as it has to be.
    LauncherMount = "LAUNCHER_MOUNT";
    /// Something is mounted at, under or above `/nono`, which could replace the launcher.
    MountOverLauncher = "MOUNT_OVER_LAUNCHER";
    /// Two mounts lie at the same path, and only one of them is for the profile to grant.
    MountAmbiguous = "MOUNT_AMBIGUOUS";
    /// A mount's destination, or where that really is, is no path that can be named to the launcher.
    MountPath = "MOUNT_PATH_INVALID";
    /// The pod asks crun to run the container by other means than starting its command.
    HandlerAnnotation = "HANDLER_ANNOTATION";
    /// A `startContainer` hook would run a program inside the container before the launcher.
    HookInContainer = "HOOK_IN_CONTAINER";
    /// The launcher on the node is none that the configuration accepts, or others could have changed it.
    LauncherUntrusted = "LAUNCHER_UNTRUSTED";
    /// Inside the container `/nono/nono` is not the node's launcher.
    LauncherCovered = "LAUNCHER_COVERED";
    /// Inside the container the profile's manifest is missing or is not the one that the container was created with.
    ManifestCovered = "MANIFEST_COVERED";
    /// Inside the container the filter of `seccomp_profile` is missing or is not the node's.
    SeccompCovered = "SECCOMP_COVERED";
    /// The runtime's own state does not say where the container runs.
    State = "STATE_UNKNOWN";
    /// Nothing is recorded about the container: it was not created, or not started, through nono-runc.
    Record = "NO_RECORD";
    /// The process file of an exec is missing, unsafe or malformed.
    ProcessFile = "PROCESS_FILE";
    /// `exec_policy` of the node or the namespace is deny.
    ExecDenied = "EXEC_DENIED";
    /// A file that the start depends on could not be written.
    Write = "WRITE_FAILED";
    /// The real runtime could not be started.
    Runtime = "RUNTIME";
}

/// A refusal: what failed with which value, why, and what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Stable code.
    pub code: Code,
    what: String,
    why: String,
    advice: Cow<'static, str>,
}

impl Refusal {
    /// A refusal; `what` names the value that failed.
    pub fn new(
        code: Code,
        what: impl Into<String>,
        why: impl fmt::Display,
        advice: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self { code, what: what.into(), why: why.to_string(), advice: advice.into() }
    }
}

impl fmt::Display for Refusal {
    /// `CODE: what: why; what to do`, on one line whatever the values hold.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let line = format!("{}: {}: {}; {}", self.code.as_str(), self.what, self.why, self.advice);
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
        let refusal = Refusal::new(Code::Usage, "a\nb", "\u{1b}[31mred", "do this");
        assert_eq!(refusal.to_string(), "USAGE: a\\nb: \\u{1b}[31mred; do this");
    }

    #[test]
    fn codes_are_distinct() {
        let mut texts: Vec<_> = Code::ALL.iter().map(|(code, _)| code.as_str()).collect();
        texts.sort_unstable();
        texts.dedup();
        assert_eq!(texts.len(), Code::ALL.len());
    }

    #[test]
    fn the_reference_page_lists_every_code() {
        let page = include_str!("../../../docs/reference/nono-runc.md");
        for (code, meaning) in Code::ALL {
            let row = format!("| `{}` | {meaning} |", code.as_str());
            assert!(page.contains(&row), "docs/reference/nono-runc.md lacks: {row}");
        }
        let rows = page.lines().filter(|line| line.starts_with("| `") && line.contains("` | ")).count();
        assert!(rows >= Code::ALL.len());
    }
}
