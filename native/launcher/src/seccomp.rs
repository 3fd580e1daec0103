//! The seccomp policy that `--seccomp` names: its compiled filter, from `/nono/seccomp`, else from inside the binary,
//! completed by what this process may ever hold, and stacked on whatever filters the container has. The kernel takes the
//! strictest answer of all.

use kubefence_policy::arguments::ProfileName;
use kubefence_policy::filter::{Capabilities, Filter, MAX_FILTER_BYTES, PROOF_ERRNO};
use rustix::io::Errno;
use rustix::thread::{CapabilitySet, capability_is_in_bounding_set};

use crate::error::{Code, LaunchError};
use crate::installed::{self, open_directory};
use crate::{kernel, proof};

const FOLDER: &str = "seccomp";

/// Compiled-in filters by policy name, for this machine.
const BUILT_IN: &[(&str, &[u8])] = include!(concat!(env!("OUT_DIR"), "/built_in_filters.rs"));

/// `AUDIT_ARCH_*` of this machine's native interface.
#[cfg(target_arch = "x86_64")]
const MACHINE: u32 = 0xc000_003e;
#[cfg(target_arch = "aarch64")]
const MACHINE: u32 = 0xc000_00b7;

/// A filter that is ready to be installed.
#[derive(Debug)]
pub struct SeccompFilter {
    name: ProfileName,
    program: Vec<libc::sock_filter>,
}

impl SeccompFilter {
    /// Reads the filter of policy `name`; before the restriction, which closes `/nono`. As with profiles, the built-in
    /// ones count only where the folder does not exist.
    ///
    /// # Errors
    /// `SECCOMP_POLICY`
    pub fn load(name: &ProfileName) -> Result<Self, LaunchError> {
        let shown = format!("{}/{FOLDER}/{}.bpf", proof::LAUNCHER_DIRECTORY, name.as_str());
        let refused = |why: &dyn std::fmt::Display| {
            LaunchError::new(
                Code::SeccompPolicy,
                format!("{shown} cannot be used"),
                why,
                "install the release's seccomp folder beside its launcher, or change seccomp_profile",
            )
        };
        let directory = open_directory(rustix::fs::CWD, proof::LAUNCHER_DIRECTORY);
        let directory = directory.map_err(|error| refused(&error))?;
        let filter = match open_directory(&directory, FOLDER) {
            Ok(folder) => {
                let file_name = format!("{}.bpf", name.as_str());
                let content = installed::read(&folder, &file_name, MAX_FILTER_BYTES);
                Filter::parse(&content.map_err(|error| refused(&error))?)
            }
            Err(Errno::NOENT) => {
                let built_in = BUILT_IN.iter().find(|(known, _)| *known == name.as_str());
                let Some((_, content)) = built_in else {
                    return Err(refused(&"it is not built in, and /nono/seccomp does not exist"));
                };
                Filter::parse(content)
            }
            Err(error) => return Err(refused(&error)),
        };
        let filter = filter.map_err(|error| refused(&error))?;
        if filter.machine != MACHINE {
            return Err(refused(&"it is a filter for another machine"));
        }
        let program = filter_for_this_process(filter);
        Ok(Self { name: name.clone(), program })
    }

    /// Installs the filter and shows that it works. The process must have `no_new_privs`; the last thing before the
    /// command, because from here on its rules hold for the launcher too.
    ///
    /// # Errors
    /// `SECCOMP_FILTER`
    pub fn install(&self) -> Result<(), LaunchError> {
        kernel::install_filter(&self.program).map_err(|error| self.failed(error.to_string()))?;
        match kernel::error_of_execve_without_path() {
            error if error.raw_os_error() == i32::from(PROOF_ERRNO) => Ok(()),
            other => {
                Err(self.failed(format!("it was taken, and an execve of nothing still answers \"{other}\"")))
            }
        }
    }

    fn failed(&self, why: String) -> LaunchError {
        LaunchError::new(
            Code::SeccompFilter,
            format!("the filter of the seccomp policy {} is not in force", self.name.as_str()),
            why,
            "allow prctl(PR_SET_SECCOMP) in the container's own seccomp profile",
        )
    }
}

/// What it can never hold decides, as for the container runtime, which goes by the bounding set as well.
fn filter_for_this_process(filter: Filter) -> Vec<libc::sock_filter> {
    let asked = CapabilitySet::from_bits_retain(filter.capabilities().0);
    // One that the kernel does not know cannot be held.
    let held = asked.iter().filter(|one| capability_is_in_bounding_set(*one) == Ok(true));
    let held = Capabilities(held.fold(CapabilitySet::empty(), |set, one| set | one).bits());
    let program = filter.program(held);
    program.iter().map(|one| libc::sock_filter { code: one.code, jt: one.jt, jf: one.jf, k: one.k }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn built_in_filters_are_for_this_machine() {
        let names: Vec<&str> = BUILT_IN.iter().map(|(name, _)| *name).collect();
        assert_eq!(
            names,
            ["original-restricted", "original-runtime-default", "restricted", "runtime-default"]
        );
        for (_, content) in BUILT_IN {
            assert_eq!(Filter::parse(content).unwrap().machine, MACHINE);
        }
    }
}
