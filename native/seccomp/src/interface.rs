//! System call interfaces: which a machine offers, how a filter tells them apart, and the number of each call.

use std::collections::BTreeMap;
use std::sync::OnceLock;

/// A machine that a filter is compiled for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Machine {
    /// x86-64 with its 32-bit and x32 interfaces.
    X86_64,
    /// arm64 with its 32-bit interface.
    Aarch64,
}

impl Machine {
    /// Both.
    pub const ALL: [Self; 2] = [Self::X86_64, Self::Aarch64];

    /// As `uname -m` spells it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::X86_64 => "x86_64",
            Self::Aarch64 => "aarch64",
        }
    }

    /// Every interface that its kernel may offer, the native one first.
    #[must_use]
    pub fn interfaces(self) -> &'static [Interface] {
        match self {
            Self::X86_64 => &[Interface::X86_64, Interface::X32, Interface::X86],
            Self::Aarch64 => &[Interface::Aarch64, Interface::Arm],
        }
    }
}

/// A system call interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Interface {
    /// 64-bit x86.
    X86_64,
    /// x86-64's numbers with bit 30, and some of its own.
    X32,
    /// 32-bit x86.
    X86,
    /// 64-bit arm.
    Aarch64,
    /// 32-bit arm.
    Arm,
}

/// Call numbers by name.
pub type Numbers = BTreeMap<&'static str, u32>;

/// Set in the number of every x32 call; `__X32_SYSCALL_BIT`.
pub const X32_BIT: u32 = 0x4000_0000;
/// Calls of 32-bit arm that are no part of the common table; `__ARM_NR_BASE`.
const ARM_PRIVATE: u32 = 0x000f_0000;

impl Interface {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::X86_64, Self::X32, Self::X86, Self::Aarch64, Self::Arm];

    /// As the policies spell it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::X86_64 => "x86_64",
            Self::X32 => "x32",
            Self::X86 => "x86",
            Self::Aarch64 => "aarch64",
            Self::Arm => "arm",
        }
    }

    /// `AUDIT_ARCH_*`. x32 shares x86-64's.
    #[must_use]
    pub fn audit_value(self) -> u32 {
        match self {
            Self::X86_64 | Self::X32 => 0xc000_003e,
            Self::X86 => 0x4000_0003,
            Self::Aarch64 => 0xc000_00b7,
            Self::Arm => 0x4000_0028,
        }
    }

    /// The number of each call by the name that libseccomp has for it.
    #[must_use]
    pub fn numbers(self) -> &'static Numbers {
        static TABLES: [OnceLock<Numbers>; Interface::ALL.len()] =
            [const { OnceLock::new() }; Interface::ALL.len()];
        TABLES[self as usize].get_or_init(|| self.table())
    }

    fn table(self) -> Numbers {
        let mut numbers: Numbers = match self {
            Self::X86_64 => {
                syscalls::x86_64::Sysno::iter().map(|call| (call.name(), number(call.id()))).collect()
            }
            Self::X86 => syscalls::x86::Sysno::iter().map(|call| (call.name(), number(call.id()))).collect(),
            Self::Arm => syscalls::arm::Sysno::iter().map(|call| (call.name(), number(call.id()))).collect(),
            Self::Aarch64 => {
                syscalls::aarch64::Sysno::iter().map(|call| (call.name(), number(call.id()))).collect()
            }
            Self::X32 => {
                (X32_BIT..X32_BIT + 0x400).filter_map(|call| Some((x32_name(call)?, call))).collect()
            }
        };
        match self {
            Self::Aarch64 => {
                // The names of the common table that this interface has otherwise, or not at all.
                numbers.insert("newfstatat", 79);
                numbers.retain(|_, number| !ONLY_32_BIT.contains(number));
            }
            Self::Arm => numbers.extend([
                ("breakpoint", ARM_PRIVATE + 1),
                ("cacheflush", ARM_PRIVATE + 2),
                ("set_tls", ARM_PRIVATE + 5),
                ("arm_fadvise64_64", 270),
                ("arm_sync_file_range", 341),
            ]),
            Self::X86_64 | Self::X32 | Self::X86 => {}
        }
        numbers
    }

    /// True for a call that comes with new kernels in turn: the highest of these tells how new a policy is.
    #[must_use]
    pub fn is_in_common_table(self, number: u32) -> bool {
        self != Self::Arm || number < ARM_PRIVATE
    }
}

/// `clock_gettime64` to `sched_rr_get_interval_time64`.
const ONLY_32_BIT: std::ops::RangeInclusive<u32> = 403..=423;

fn number(id: i32) -> u32 {
    id.cast_unsigned()
}

fn x32_name(number: u32) -> Option<&'static str> {
    syscall_numbers::x32::sys_call_name(number.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_that_are_easily_wrong() {
        let number = |interface: Interface, name: &str| interface.numbers().get(name).copied();
        assert_eq!(number(Interface::X86_64, "socket"), Some(41));
        assert_eq!(number(Interface::X86, "socket"), Some(359));
        assert_eq!(number(Interface::X86, "clock_gettime"), Some(265));
        assert_eq!(number(Interface::X86, "mq_notify"), Some(281));
        assert_eq!(number(Interface::X32, "socket"), Some(X32_BIT + 41));
        assert_eq!(number(Interface::X32, "execve"), Some(X32_BIT + 520));
        assert_eq!(number(Interface::X32, "arch_prctl"), Some(X32_BIT + 158));
        assert_eq!(number(Interface::X32, "nfsservctl"), None);
        assert_eq!(number(Interface::Arm, "clock_gettime"), Some(263));
        assert_eq!(number(Interface::Arm, "cacheflush"), Some(0xf_0002));
        assert_eq!(number(Interface::Aarch64, "newfstatat"), Some(79));
        assert_eq!(number(Interface::Aarch64, "clock_gettime64"), None);
        for interface in Interface::ALL {
            assert!(number(interface, "removexattrat").is_some(), "{}", interface.name());
        }
    }
}
