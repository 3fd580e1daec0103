//! What a sandboxed program may try.

use std::ffi::CString;
use std::fs::{self, OpenOptions};
use std::net::{TcpListener, TcpStream};
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::net::{SocketAddr, UnixListener, UnixStream};
use std::process::Command;

use crate::{check, name_of};

/// Tries `what` on `value`; `None` when there is no such attempt.
pub fn attempt(what: &str, value: &str) -> Option<String> {
    let abstract_address = || SocketAddr::from_abstract_name(value);
    let result = match what {
        "read" => fs::File::open(value).map(drop),
        "write" => OpenOptions::new().write(true).open(value).map(drop),
        "list" => fs::read_dir(value).map(drop),
        "execute" => Command::new(value).spawn().and_then(|mut child| child.wait()).map(drop),
        "truncating-open" => by_number(libc::SYS_openat, value, |path| {
            [libc::AT_FDCWD.into(), path, (libc::O_RDONLY | libc::O_TRUNC).into()]
        }),
        "truncate" => by_number(libc::SYS_truncate, value, |path| [path, 0, 0]),
        "openat2" => by_number(libc::SYS_openat2, value, |path| [libc::AT_FDCWD.into(), path, 0]),
        "connect" => TcpStream::connect(("127.0.0.1", value.parse().ok()?)).map(drop),
        "fast-open" => fast_open(value.parse().ok()?),
        // SAFETY: plain numbers go in, and no ring is made from a null pointer.
        "io-uring" => check(unsafe { libc::syscall(libc::SYS_io_uring_setup, 0, 0) }),
        "socket" => return socket(value),
        "bind" => TcpListener::bind(("127.0.0.1", value.parse().ok()?)).map(drop),
        "abstract-connect" => abstract_address().and_then(|at| UnixStream::connect_addr(&at)).map(drop),
        "abstract-listen" => return listen(&abstract_address().ok()?),
        // SAFETY: plain numbers go in; signal 0 only asks.
        "signal" => check(unsafe { libc::kill(value.parse().ok()?, 0) }.into()),
        _ => return None,
    };
    Some(name_of(result))
}

/// Says that it listens, then waits to be stopped.
fn listen(address: &SocketAddr) -> Option<String> {
    let listener = UnixListener::bind_addr(address).ok()?;
    println!("listening");
    while listener.accept().is_ok() {}
    None
}

/// Makes a socket of `FAMILY,TYPE,PROTOCOL` and lets go of it.
fn socket(numbers: &str) -> Option<String> {
    let mut numbers = numbers.split(',').map(str::parse::<i32>);
    let (family, kind, protocol) = (numbers.next()?.ok()?, numbers.next()?.ok()?, numbers.next()?.ok()?);
    // SAFETY: plain numbers go in; the process ends with the descriptor.
    Some(name_of(check(unsafe { libc::socket(family, kind, protocol) }.into())))
}

/// Connects to a port of the loopback by sending.
fn fast_open(port: u16) -> std::io::Result<()> {
    // SAFETY: plain numbers go in; the process ends with the descriptor.
    let socket = unsafe { libc::socket(libc::AF_INET, libc::SOCK_STREAM, 0) };
    check(socket.into())?;
    let address = libc::sockaddr_in {
        sin_family: libc::sa_family_t::try_from(libc::AF_INET).map_err(std::io::Error::other)?,
        sin_port: port.to_be(),
        sin_addr: libc::in_addr { s_addr: u32::from(std::net::Ipv4Addr::LOCALHOST).to_be() },
        sin_zero: [0; 8],
    };
    let length = libc::socklen_t::try_from(size_of_val(&address)).map_err(std::io::Error::other)?;
    // SAFETY: the buffer is one byte long and the address as long as said; both outlive the call.
    let sent = unsafe {
        libc::sendto(socket, c"x".as_ptr().cast(), 1, libc::MSG_FASTOPEN, (&raw const address).cast(), length)
    };
    check(sent as i64)
}

fn by_number(number: i64, path: &str, arguments: impl FnOnce(i64) -> [i64; 3]) -> std::io::Result<()> {
    let path = CString::new(path)?;
    let [first, second, third] = arguments(path.as_ptr() as i64);
    // SAFETY: the one pointer among the arguments is a C string that outlives the call.
    check(unsafe { libc::syscall(number, first, second, third, 0i64) })
}

/// What a process inherits across `execve`, as one line.
pub fn state() -> String {
    // SAFETY: asks about numbers.
    let is_open = |descriptor: &i32| unsafe { libc::fcntl(*descriptor, libc::F_GETFD) } >= 0;
    let descriptors: Vec<String> = (0..4096).filter(is_open).map(|number| number.to_string()).collect();
    // SAFETY: asks for one flag.
    let no_new_privs = unsafe { libc::prctl(libc::PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) };
    format!("descriptors={} no_new_privs={no_new_privs}", descriptors.join(","))
}
