//! The Landlock domain: from rules to a restricted process.

use std::os::fd::{AsFd as _, OwnedFd};

use kubefence_policy::manifest::{Access, TcpRules};
use landlock::{
    ABI, Access as _, AccessFs, AccessNet, BitFlags, LandlockStatus, NetPort, RestrictSelf, Ruleset,
    RulesetAttr as _, RulesetCreated, RulesetCreatedAttr as _, RulesetError, RulesetStatus, Scope,
};
use rustix::io::Errno;

use crate::error::{Code, LaunchError};
use crate::grants::{Rights, RuleSink};
use crate::kernel;
use crate::place::{Kind, Place};

/// The newest ABI whose rights are asked for. The crate drops what the kernel does not have.
const NEWEST: ABI = ABI::V9;

/// The kernel's Landlock ABI, 0 when Landlock is missing or off.
#[must_use]
pub fn kernel_abi() -> i32 {
    // Without a flag set this restricts nothing and only asks the kernel.
    match RestrictSelf::default().no_new_privs(false).apply().map(|status| status.landlock) {
        Ok(LandlockStatus::Available { kernel_abi: Some(newer), .. }) => newer,
        Ok(LandlockStatus::Available { effective_abi, .. }) => effective_abi as i32,
        _ => 0,
    }
}

/// A domain under construction.
#[derive(Debug)]
pub struct Domain {
    ruleset: RulesetCreated,
    /// The same ruleset, for rules about files: the crate asks what each file is before it adds one, and
    /// with hundreds of rules that is a tenth of a start. Here it is known already.
    file_rules: OwnedFd,
    /// What the kernel lets a ruleset handle.
    handled: BitFlags<AccessFs>,
}

impl Domain {
    /// A domain without any rule about files, for a kernel with this Landlock ABI.
    ///
    /// # Errors
    /// `LANDLOCK_FAILED`
    pub fn new(kernel_abi: i32, tcp: &TcpRules, scope_signals: bool) -> Result<Self, LaunchError> {
        let ruleset = Self::build(tcp, scope_signals).map_err(|error| failed(&error))?;
        let file_rules: Option<OwnedFd> = ruleset.try_clone().map_err(|error| failed(&error))?.into();
        let handled = AccessFs::from_all(ABI::from(kernel_abi)) & AccessFs::from_all(NEWEST);
        Ok(Self { ruleset, file_rules: file_rules.ok_or_else(|| failed(&"it makes no ruleset"))?, handled })
    }

    fn build(tcp: &TcpRules, scope_signals: bool) -> Result<RulesetCreated, RulesetError> {
        let mut ruleset =
            Ruleset::default().handle_access(AccessFs::from_all(NEWEST))?.scope(Scope::AbstractUnixSocket)?;
        if scope_signals {
            ruleset = ruleset.scope(Scope::Signal)?;
        }
        let directions = [(&tcp.connect, AccessNet::ConnectTcp), (&tcp.bind, AccessNet::BindTcp)];
        for (ports, access) in directions {
            if ports.is_some() {
                ruleset = ruleset.handle_access(access)?;
            }
        }
        let mut created = ruleset.create()?;
        for (ports, access) in directions {
            for port in ports.iter().flatten() {
                created = created.add_rule(NetPort::new(*port, access))?;
            }
        }
        Ok(created)
    }

    /// Lets `place` be executed and, which that takes, read.
    ///
    /// # Errors
    /// `LANDLOCK_FAILED`
    pub fn allow_execute(&mut self, place: &Place) -> Result<(), LaunchError> {
        self.add(place, AccessFs::Execute | AccessFs::ReadFile)
    }

    /// Restricts the process for good, `no_new_privs` included.
    ///
    /// # Errors
    /// `LANDLOCK_LAYERS`, `LANDLOCK_FAILED`, `NO_NEW_PRIVILEGES`
    pub fn enforce(self) -> Result<(), LaunchError> {
        // From ABI 7 on the kernel logs denials up to the next execve, which would be the proof's, and not
        // beyond it, where the command's are.
        let audited = self.ruleset.log_same_exec(false).and_then(|ruleset| ruleset.log_new_exec(true));
        let restricted = audited.and_then(RulesetCreated::restrict_self);
        let status = restricted.map_err(|error| match errno(&error) {
            Some(Errno::TOOBIG) => LaunchError::new(
                Code::LandlockLayers,
                "this process cannot be restricted further",
                "the kernel stacks at most 16 Landlock domains",
                "start the command from fewer nested sandboxes",
            ),
            _ => failed(&error),
        })?;
        if status.ruleset == RulesetStatus::NotEnforced {
            return Err(LaunchError::new(
                Code::LandlockFailed,
                "nothing was restricted",
                "the kernel took the rules and enforces none",
                "check that landlock is in the kernel's lsm= list",
            ));
        }
        // Asked again: a filter of the container could have answered the setting call.
        if !rustix::thread::no_new_privs().unwrap_or(false) {
            return Err(LaunchError::new(
                Code::NoNewPrivileges,
                "no_new_privs is not set",
                "the kernel took the call and the flag is still off",
                "allow prctl(PR_SET_NO_NEW_PRIVS) in the container's seccomp profile",
            ));
        }
        Ok(())
    }

    fn add(&mut self, place: &Place, rights: BitFlags<AccessFs>) -> Result<(), LaunchError> {
        let rights = rights & self.handled;
        let of_file = rights & AccessFs::from_file(NEWEST);
        let mut added = self.add_path_rule(place, rights);
        // Listed as a directory, and a file by now.
        if added == Err(Errno::INVAL) && of_file != rights {
            added = self.add_path_rule(place, of_file);
        }
        match added {
            // An object of a file system that Landlock never restricts, such as a bound namespace file.
            Ok(()) | Err(Errno::BADFD) => Ok(()),
            Err(error) => Err(failed(&error)),
        }
    }

    /// No right at all is no rule.
    fn add_path_rule(&self, place: &Place, rights: BitFlags<AccessFs>) -> Result<(), Errno> {
        if rights.is_empty() {
            return Ok(());
        }
        kernel::add_path_rule(self.file_rules.as_fd(), place.fd.as_fd(), rights.bits())
    }
}

impl RuleSink for Domain {
    type Error = LaunchError;

    fn allow(&mut self, place: &Place, rights: Rights) -> Result<(), LaunchError> {
        self.add(place, file_rights(rights, place.kind))
    }
}

fn file_rights(rights: Rights, kind: Kind) -> BitFlags<AccessFs> {
    let read = AccessFs::from_read(NEWEST);
    // Device nodes are never made in a sandbox, whatever a manifest calls writable.
    let write = AccessFs::from_write(NEWEST) & !(AccessFs::MakeBlock | AccessFs::MakeChar);
    let all = match rights {
        Rights::ListOnly => AccessFs::ReadDir.into(),
        Rights::Access(Access::Read) => read,
        Rights::Access(Access::Write) => write,
        Rights::Access(Access::ReadWrite) => read | write,
    };
    if kind == Kind::Directory { all } else { all & AccessFs::from_file(NEWEST) }
}

fn failed(error: &impl std::fmt::Display) -> LaunchError {
    LaunchError::new(
        Code::LandlockFailed,
        "Landlock refuses the rules",
        error,
        "check that the container's seccomp profile allows the landlock_* calls, and the kernel log",
    )
}

/// The kernel's answer at the bottom of an error of the crate.
fn errno(error: &RulesetError) -> Option<Errno> {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(current) = cause {
        if let Some(io_error) = current.downcast_ref::<std::io::Error>() {
            return Errno::from_io_error(io_error);
        }
        cause = current.source();
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_get_file_rights_only() {
        let rights = file_rights(Rights::Access(Access::ReadWrite), Kind::File);
        let expected = AccessFs::Execute
            | AccessFs::ReadFile
            | AccessFs::WriteFile
            | AccessFs::Truncate
            | AccessFs::IoctlDev
            | AccessFs::ResolveUnix;
        assert_eq!(rights, expected);
        assert!(file_rights(Rights::ListOnly, Kind::File).is_empty());
    }

    /// Needs a kernel with Landlock. Restricts nothing: the domain is never enforced.
    #[test]
    fn a_directory_that_became_a_file_gets_file_rights() {
        let domain = || Domain::new(kernel_abi(), &TcpRules::default(), false).unwrap();
        let walker = crate::walk::Walker::new(std::path::Path::new("/")).unwrap();
        let mut place = walker.resolve(&crate::tree::path("/dev/null")).unwrap();
        place.kind = Kind::Directory;
        let everything = file_rights(Rights::Access(Access::ReadWrite), Kind::Directory);
        assert_eq!(domain().add_path_rule(&place, everything & domain().handled), Err(Errno::INVAL));
        assert!(domain().allow(&place, Rights::Access(Access::ReadWrite)).is_ok());
        assert!(domain().allow(&place, Rights::ListOnly).is_ok());
    }

    #[test]
    fn rights_that_the_kernel_does_not_have_are_left_out() {
        let mut domain = Domain::new(kernel_abi(), &TcpRules::default(), false).unwrap();
        let walker = crate::walk::Walker::new(std::path::Path::new("/")).unwrap();
        let place = walker.resolve(&crate::tree::path("/tmp")).unwrap();
        domain.handled = AccessFs::ReadFile.into();
        assert!(domain.allow(&place, Rights::Access(Access::ReadWrite)).is_ok());
        assert!(domain.allow(&place, Rights::Access(Access::Write)).is_ok(), "nothing left is no rule");
    }

    #[test]
    fn write_never_makes_devices() {
        for access in [Access::Write, Access::ReadWrite] {
            let rights = file_rights(Rights::Access(access), Kind::Directory);
            assert!(!rights.intersects(AccessFs::MakeBlock | AccessFs::MakeChar));
            assert!(rights.contains(AccessFs::Refer | AccessFs::MakeReg | AccessFs::RemoveDir));
        }
        let read = file_rights(Rights::Access(Access::Read), Kind::Directory);
        assert_eq!(read, AccessFs::Execute | AccessFs::ReadFile | AccessFs::ReadDir);
        let write = file_rights(Rights::Access(Access::Write), Kind::Directory);
        assert!(!write.intersects(read));
    }
}
