//! System call numbers of every interface that a kernel of one machine may offer. A filter that knows
//! only the native one is walked around with `int 0x80`.

/// One system call interface.
#[derive(Debug)]
pub(crate) struct Architecture {
    /// `AUDIT_ARCH_*` of `linux/audit.h`.
    pub audit_value: u32,
    /// What of the number counts: x32 sets bit 30 on x86-64's numbers and shares its audit value.
    pub number_mask: u32,
    pub numbers: SyscallNumbers,
}

/// The calls that matter, by number.
#[derive(Debug)]
pub(crate) struct SyscallNumbers {
    pub truncate: &'static [u32],
    pub opens: &'static [OpenCall],
    pub openat2: u32,
    pub io_uring_setup: u32,
    pub sockets: SocketCalls,
}

/// The calls on sockets.
#[derive(Debug)]
pub(crate) struct SocketCalls {
    pub socket: u32,
    pub socketpair: u32,
    pub setsockopt: &'static [u32],
    /// Their flags are argument 3.
    pub send_and_sendto: &'static [u32],
    /// Its flags are argument 2.
    pub sendmsg: &'static [u32],
    /// Its flags are argument 3.
    pub sendmmsg: &'static [u32],
    /// All of the above in one, its arguments in memory.
    pub socketcall: Option<u32>,
}

/// A call that opens a file with flags in one of its arguments.
#[derive(Debug)]
pub(crate) struct OpenCall {
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
pub(crate) const X86_64: &[Architecture] = &[
    Architecture {
        audit_value: 0xc000_003e,
        number_mask: WITHOUT_X32_BIT,
        numbers: SyscallNumbers {
            truncate: &[76],
            opens: &[open(2), open_at(257), open_at(304)],
            openat2: 437,
            io_uring_setup: 425,
            // x32 has numbers of its own for calls that pass structures.
            sockets: SocketCalls {
                socket: 41,
                socketpair: 53,
                setsockopt: &[54, 541],
                send_and_sendto: &[44],
                sendmsg: &[46, 518],
                sendmmsg: &[307, 538],
                socketcall: None,
            },
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
            sockets: SocketCalls {
                socket: 359,
                socketpair: 360,
                setsockopt: &[366],
                send_and_sendto: &[369],
                sendmsg: &[370],
                sendmmsg: &[345],
                socketcall: Some(102),
            },
        },
    },
];

#[cfg(any(test, target_arch = "aarch64"))]
pub(crate) const AARCH64: &[Architecture] = &[
    Architecture {
        audit_value: 0xc000_00b7,
        number_mask: EVERY_BIT,
        numbers: SyscallNumbers {
            truncate: &[45],
            opens: &[open_at(56), open_at(265)],
            openat2: 437,
            io_uring_setup: 425,
            sockets: SocketCalls {
                socket: 198,
                socketpair: 199,
                setsockopt: &[208],
                send_and_sendto: &[206],
                sendmsg: &[211],
                sendmmsg: &[269],
                socketcall: None,
            },
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
            sockets: SocketCalls {
                socket: 281,
                socketpair: 288,
                setsockopt: &[294],
                send_and_sendto: &[289, 290],
                sendmsg: &[296],
                sendmmsg: &[374],
                socketcall: None,
            },
        },
    },
];

#[cfg(target_arch = "x86_64")]
pub(crate) const OF_THIS_MACHINE: &[Architecture] = X86_64;
#[cfg(target_arch = "aarch64")]
pub(crate) const OF_THIS_MACHINE: &[Architecture] = AARCH64;
