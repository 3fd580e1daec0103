//! Capabilities by name, as `linux/capability.h` numbers them.

use kubefence_policy::filter::Capabilities;

/// Names without `CAP_`, in the order of their numbers.
const NAMES: [&str; 41] = [
    "CHOWN",
    "DAC_OVERRIDE",
    "DAC_READ_SEARCH",
    "FOWNER",
    "FSETID",
    "KILL",
    "SETGID",
    "SETUID",
    "SETPCAP",
    "LINUX_IMMUTABLE",
    "NET_BIND_SERVICE",
    "NET_BROADCAST",
    "NET_ADMIN",
    "NET_RAW",
    "IPC_LOCK",
    "IPC_OWNER",
    "SYS_MODULE",
    "SYS_RAWIO",
    "SYS_CHROOT",
    "SYS_PTRACE",
    "SYS_PACCT",
    "SYS_ADMIN",
    "SYS_BOOT",
    "SYS_NICE",
    "SYS_RESOURCE",
    "SYS_TIME",
    "SYS_TTY_CONFIG",
    "MKNOD",
    "LEASE",
    "AUDIT_WRITE",
    "AUDIT_CONTROL",
    "SETFCAP",
    "MAC_OVERRIDE",
    "MAC_ADMIN",
    "SYSLOG",
    "WAKE_ALARM",
    "BLOCK_SUSPEND",
    "AUDIT_READ",
    "PERFMON",
    "BPF",
    "CHECKPOINT_RESTORE",
];

/// The set of these capabilities.
///
/// # Errors
/// The name that is none.
pub fn set_of<'a>(names: impl IntoIterator<Item = &'a str>) -> Result<Capabilities, &'a str> {
    names.into_iter().try_fold(Capabilities::default(), |set, name| {
        let number = name.strip_prefix("CAP_").and_then(|name| NAMES.iter().position(|known| *known == name));
        number.map(|number| Capabilities(set.0 | 1 << number)).ok_or(name)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_have_their_numbers() {
        assert_eq!(set_of(["CAP_CHOWN", "CAP_CHECKPOINT_RESTORE"]), Ok(Capabilities(1 | 1 << 40)));
        assert!(set_of(["CAP_SYS_ADMIN"]).unwrap().contains(21));
        assert_eq!(set_of(["CAP_BPF", "SYS_ADMIN"]), Err("SYS_ADMIN"));
        assert_eq!(set_of(["CAP_FLY"]), Err("CAP_FLY"));
    }
}
