//! Closes the ways around Landlock's TCP rules, which (up to ABI 7 at least) are asked by `connect` and `bind`
//! on plain TCP sockets only:
//!
//! - `sendto`, `sendmsg` and `sendmmsg` with `MSG_FASTOPEN` connect as well.
//!   <https://github.com/landlock-lsm/linux/issues/41>
//! - MPTCP and SMC speak TCP through sockets that are not TCP's, and so do raw and packet sockets with a
//!   TCP of the program's own. <https://github.com/landlock-lsm/linux/issues/54>
//! - `io_uring` makes sockets and sends without a system call that a filter sees.
//!
//! So only the kinds of socket are made that cannot carry TCP past the rules. Mode `blocked` leaves unix
//! sockets only, as upstream nono does, which stops UDP and `listen` on a socket that was never bound, too.

use kubefence_policy::manifest::TcpRules;
use rustix::io::Errno;

use crate::error::{Code, LaunchError};
use crate::filter::architecture::{self, Architecture, SocketCalls, SyscallNumbers};
use crate::filter::{self, Assembler, Field, Label};
use crate::kernel;

/// Installs the filter that these rules need and shows that it works. The process must have
/// `no_new_privs`.
///
/// # Errors
/// `SOCKET_FILTER`
pub fn install(rules: &TcpRules) -> Result<(), LaunchError> {
    let program = program(architecture::OF_THIS_MACHINE, rules).ok_or(Errno::TOOBIG);
    let installed = program.and_then(|program| kernel::install_filter(&program));
    installed.map_err(|error| failed(error.to_string()))?;
    match kernel::error_of_socket_without_family() {
        Errno::PERM => Ok(()),
        other => Err(failed(format!("it was taken, and a socket of no family still answers \"{other}\""))),
    }
}

fn failed(why: String) -> LaunchError {
    LaunchError::new(
        Code::SocketFilter,
        "the filter against ways around the profile's TCP rules is not in force",
        why,
        "allow prctl(PR_SET_SECCOMP) in the container's seccomp profile, or use a profile without network rules",
    )
}

/// Where refused calls go.
#[derive(Clone, Copy)]
struct Refusals {
    /// As Landlock answers a connection.
    not_allowed: Label,
    /// As upstream nono answers a socket.
    not_permitted: Label,
    /// As a kernel without MPTCP answers, upon which programs take TCP.
    no_such_protocol: Label,
    no_such_call: Label,
}

/// The filter for a machine with these system call interfaces.
fn program(architectures: &[Architecture], rules: &TcpRules) -> Option<Vec<libc::sock_filter>> {
    let mut code = Assembler::default();
    let refusals = Refusals {
        not_allowed: code.label(),
        not_permitted: code.label(),
        no_such_protocol: code.label(),
        no_such_call: code.label(),
    };
    let checks = |code: &mut Assembler, numbers: &SyscallNumbers, allow| {
        check_calls(code, numbers, rules, allow, refusals);
    };
    filter::program(code, architectures, checks, |code| {
        for (label, error) in [
            (refusals.not_allowed, Errno::ACCESS),
            (refusals.not_permitted, Errno::PERM),
            (refusals.no_such_protocol, Errno::PROTONOSUPPORT),
            (refusals.no_such_call, Errno::NOSYS),
        ] {
            code.place(label);
            code.finish_error(error);
        }
    })
}

fn check_calls(
    code: &mut Assembler,
    numbers: &SyscallNumbers,
    rules: &TcpRules,
    allow: Label,
    refusals: Refusals,
) {
    let calls = &numbers.sockets;
    for hides_arguments in [Some(numbers.io_uring_setup), calls.socketcall].into_iter().flatten() {
        code.jump_if_equal(hides_arguments, refusals.no_such_call);
    }
    let socket = code.label();
    let socketpair = code.label();
    code.jump_if_equal(calls.socket, socket);
    code.jump_if_equal(calls.socketpair, socketpair);
    if rules.connect.is_some() {
        check_fast_open(code, calls, allow, refusals);
    } else {
        code.jump(allow);
    }
    // Who asks for a pair says the family as who asks for a socket does; the kernel makes pairs for unix only.
    code.place(socket);
    code.place(socketpair);
    code.load(Field::Argument(0));
    code.jump_if_equal(UNIX, allow);
    if !rules.blocked {
        check_kind(code, allow, refusals);
    }
    code.jump(refusals.not_permitted);
}

/// Sends that connect, and the option that makes others do so.
fn check_fast_open(code: &mut Assembler, calls: &SocketCalls, allow: Label, refusals: Refusals) {
    let flags_in_2 = code.label();
    let flags_in_3 = code.label();
    let flags_loaded = code.label();
    let option = code.label();
    let tcp_option = code.label();
    for call in calls.sendmsg {
        code.jump_if_equal(*call, flags_in_2);
    }
    for call in calls.send_and_sendto.iter().chain(calls.sendmmsg) {
        code.jump_if_equal(*call, flags_in_3);
    }
    for call in calls.setsockopt {
        code.jump_if_equal(*call, option);
    }
    code.jump(allow);

    code.place(flags_in_2);
    code.load(Field::Argument(2));
    code.jump(flags_loaded);
    code.place(flags_in_3);
    code.load(Field::Argument(3));
    code.place(flags_loaded);
    code.and(FAST_OPEN);
    code.jump_if_equal(FAST_OPEN, refusals.not_allowed);
    code.jump(allow);

    code.place(option);
    code.load(Field::Argument(1));
    code.jump_if_equal(TCP, tcp_option);
    code.jump(allow);
    code.place(tcp_option);
    code.load(Field::Argument(2));
    code.jump_if_equal(FAST_OPEN_CONNECT, refusals.not_allowed);
    code.jump(allow);
}

/// The family is loaded. Falls through for families and types that are not permitted.
fn check_kind(code: &mut Assembler, allow: Label, refusals: Refusals) {
    let internet = code.label();
    let stream = code.label();
    let not_permitted = refusals.not_permitted;
    code.jump_if_equal(NETLINK, allow);
    code.jump_if_equal(INTERNET_4, internet);
    code.jump_if_equal(INTERNET_6, internet);
    code.jump(not_permitted);

    code.place(internet);
    code.load(Field::Argument(1));
    code.and(TYPE_MASK);
    code.jump_if_equal(DATAGRAM, allow);
    code.jump_if_equal(STREAM, stream);
    code.jump(not_permitted);

    code.place(stream);
    code.load(Field::Argument(2));
    code.jump_if_equal(DEFAULT_PROTOCOL, allow);
    code.jump_if_equal(TCP, allow);
    code.jump(refusals.no_such_protocol);
}

const UNIX: u32 = libc::AF_UNIX.cast_unsigned();
const NETLINK: u32 = libc::AF_NETLINK.cast_unsigned();
const INTERNET_4: u32 = libc::AF_INET.cast_unsigned();
const INTERNET_6: u32 = libc::AF_INET6.cast_unsigned();
const STREAM: u32 = libc::SOCK_STREAM.cast_unsigned();
const DATAGRAM: u32 = libc::SOCK_DGRAM.cast_unsigned();
/// The kernel's `SOCK_TYPE_MASK`: what is above are flags.
const TYPE_MASK: u32 = 0xf;
const DEFAULT_PROTOCOL: u32 = 0;
const TCP: u32 = libc::IPPROTO_TCP.cast_unsigned();
const FAST_OPEN: u32 = libc::MSG_FASTOPEN.cast_unsigned();
const FAST_OPEN_CONNECT: u32 = libc::TCP_FASTOPEN_CONNECT.cast_unsigned();

#[cfg(test)]
mod tests;
