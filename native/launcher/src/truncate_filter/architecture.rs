//! System call numbers of every interface that a kernel of one machine may offer. A filter that knows
//! only the native one is walked around with `int 0x80`.

/// One system call interface.
#[derive(Debug)]
pub(super) struct Architecture {
    /// `AUDIT_ARCH_*` of `linux/audit.h`.
    pub audit_value: u32,
    /// What of the number counts: x32 sets bit 30 on x86-64's numbers and shares its audit value.
    pub number_mask: u32,
    pub numbers: SyscallNumbers,
}

/// The calls that matter, by number.
#[derive(Debug)]
pub(super) struct SyscallNumbers {
    pub truncate: &'static [u32],
    pub opens: &'static [OpenCall],
    pub openat2: u32,
    pub io_uring_setup: u32,
}

/// A call that opens a file with flags in one of its arguments.
#[derive(Debug)]
pub(super) struct OpenCall {
    pub number: u32,
    /// Counted from 0.
    pub flags_argument: u32,
}

// arm64 has no plain open, its 32-bit interface does.
const fn open(number: u32) -> OpenCall {
    OpenCall { number, flags_argument: 1 }
}

/// `openat` and `open_by_handle_at` have a descriptor before what they open.
const fn open_at(number: u32) -> OpenCall {
    OpenCall { number, flags_argument: 2 }
}

const EVERY_BIT: u32 = u32::MAX;
#[cfg(any(test, target_arch = "x86_64"))]
const WITHOUT_X32_BIT: u32 = !0x4000_0000;

#[cfg(any(test, target_arch = "x86_64"))]
pub(super) const X86_64: &[Architecture] = &[
    Architecture {
        audit_value: 0xc000_003e,
        number_mask: WITHOUT_X32_BIT,
        numbers: SyscallNumbers {
            truncate: &[76],
            opens: &[open(2), open_at(257), open_at(304)],
            openat2: 437,
            io_uring_setup: 425,
        },
    },
    Architecture {
        audit_value: 0x4000_0003,
        number_mask: EVERY_BIT,
        numbers: SyscallNumbers {
            truncate: &[92, 193],
            opens: &[open(5), open_at(295), open_at(342)],
            openat2: 437,
            io_uring_setup: 425,
        },
    },
];

#[cfg(any(test, target_arch = "aarch64"))]
pub(super) const AARCH64: &[Architecture] = &[
    Architecture {
        audit_value: 0xc000_00b7,
        number_mask: EVERY_BIT,
        numbers: SyscallNumbers {
            truncate: &[45],
            opens: &[open_at(56), open_at(265)],
            openat2: 437,
            io_uring_setup: 425,
        },
    },
    Architecture {
        audit_value: 0x4000_0028,
        number_mask: EVERY_BIT,
        numbers: SyscallNumbers {
            truncate: &[92, 193],
            opens: &[open(5), open_at(322), open_at(371)],
            openat2: 437,
            io_uring_setup: 425,
        },
    },
];

#[cfg(target_arch = "x86_64")]
pub(super) const OF_THIS_MACHINE: &[Architecture] = X86_64;
#[cfg(target_arch = "aarch64")]
pub(super) const OF_THIS_MACHINE: &[Architecture] = AARCH64;
