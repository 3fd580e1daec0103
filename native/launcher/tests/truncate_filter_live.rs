//! The filter of kernels below Landlock ABI 3, installed for real on whatever kernel runs this test. A
//! filter belongs to the thread that installed it, so each test keeps it to a thread of its own.
#![allow(unsafe_code, reason = "system calls that must be made by number")]

use std::ffi::CString;
use std::os::unix::ffi::OsStrExt as _;
use std::path::PathBuf;
use std::{fs, thread};

const EACCES: i32 = 13;
const ENOSYS: i32 = 38;

/// A file with content, and its path for system calls.
fn victim(name: &str) -> (PathBuf, CString) {
    let path = std::env::temp_dir().join(format!("kubefence-truncate-{}-{name}", std::process::id()));
    fs::write(&path, "content").unwrap();
    let c_path = CString::new(path.as_os_str().as_bytes()).unwrap();
    (path, c_path)
}

fn filtered<T: Send>(test: impl FnOnce() -> T + Send) -> T {
    thread::scope(|scope| {
        let run = scope.spawn(|| {
            rustix::thread::set_no_new_privs(true).unwrap();
            kubefence_launcher::truncate_filter::install().unwrap();
            test()
        });
        run.join().unwrap()
    })
}

/// The error of a system call made by number, 0 when it succeeded.
fn error_of(number: i64, arguments: [i64; 4]) -> i32 {
    // SAFETY: the callers pass pointers to live C strings and otherwise plain numbers.
    let result = unsafe { libc::syscall(number, arguments[0], arguments[1], arguments[2], arguments[3]) };
    if result < 0 { std::io::Error::last_os_error().raw_os_error().unwrap() } else { 0 }
}

#[test]
fn truncation_without_write_access_is_refused_and_the_file_keeps_its_content() {
    let (path, c_path) = victim("native");
    let pointer = c_path.as_ptr() as i64;
    let truncating_read = i64::from(libc::O_RDONLY | libc::O_TRUNC);
    let truncating_mode_3 = i64::from(libc::O_ACCMODE | libc::O_TRUNC);
    filtered(|| {
        for flags in [truncating_read, truncating_mode_3] {
            assert_eq!(error_of(libc::SYS_openat, [i64::from(libc::AT_FDCWD), pointer, flags, 0]), EACCES);
            #[cfg(target_arch = "x86_64")]
            assert_eq!(error_of(libc::SYS_open, [pointer, flags, 0, 0]), EACCES);
        }
        assert_eq!(error_of(libc::SYS_truncate, [pointer, 0, 0, 0]), EACCES);
        assert_eq!(error_of(libc::SYS_openat2, [i64::from(libc::AT_FDCWD), pointer, 0, 0]), ENOSYS);
        assert_eq!(error_of(libc::SYS_io_uring_setup, [1, 0, 0, 0]), ENOSYS);
    });
    assert_eq!(fs::read_to_string(&path).unwrap(), "content");
    fs::remove_file(path).unwrap();
}

#[test]
fn honest_writing_passes() {
    let (path, _) = victim("honest");
    filtered(|| {
        assert_eq!(fs::read_to_string(&path).unwrap(), "content");
        fs::write(&path, "new").unwrap();
        fs::File::options().write(true).open(&path).unwrap().set_len(1).unwrap();
    });
    assert_eq!(fs::read_to_string(&path).unwrap(), "n");
    fs::remove_file(path).unwrap();
}

#[test]
fn without_the_filter_a_reader_can_empty_the_file() {
    // The hole that the filter closes; were it gone from the kernel, the tests above would prove nothing.
    let (path, c_path) = victim("unfiltered");
    let flags = i64::from(libc::O_RDONLY | libc::O_TRUNC);
    let error = error_of(libc::SYS_openat, [i64::from(libc::AT_FDCWD), c_path.as_ptr() as i64, flags, 0]);
    assert_eq!(error, 0);
    assert_eq!(fs::read_to_string(&path).unwrap(), "");
    fs::remove_file(path).unwrap();
}

#[cfg(target_arch = "x86_64")]
mod other_interfaces {
    use super::*;

    /// A 32-bit system call. The pointers given are not valid there: the filter answers before that.
    fn int_0x80(number: u64, arguments: [u64; 3]) -> i64 {
        let result: i64;
        // SAFETY: the calls below open or truncate nothing, whatever the answer; registers are declared.
        unsafe {
            std::arch::asm!(
                "push rbx", "mov rbx, {first}", "int 0x80", "pop rbx",
                first = in(reg) arguments[0],
                inlateout("rax") number => result,
                in("rcx") arguments[1],
                in("rdx") arguments[2],
                out("r8") _, out("r9") _, out("r10") _, out("r11") _,
            );
        }
        result
    }

    #[test]
    fn the_32_bit_interface_is_closed_too() {
        let truncating_read = libc::O_TRUNC as u64;
        filtered(|| {
            assert_eq!(int_0x80(5, [0, truncating_read, 0]), -i64::from(EACCES), "open");
            assert_eq!(int_0x80(295, [0, 0, truncating_read]), -i64::from(EACCES), "openat");
            assert_eq!(int_0x80(92, [0, 0, 0]), -i64::from(EACCES), "truncate");
            assert_eq!(int_0x80(193, [0, 0, 0]), -i64::from(EACCES), "truncate64");
            assert_eq!(int_0x80(437, [0, 0, 0]), -i64::from(ENOSYS), "openat2");
            assert!(int_0x80(20, [0, 0, 0]) > 0, "getpid works, so the interface exists here");
        });
    }

    #[test]
    fn the_x32_interface_is_closed_too() {
        const X32: i64 = 0x4000_0000;
        let (path, c_path) = victim("x32");
        let pointer = c_path.as_ptr() as i64;
        filtered(|| {
            let flags = i64::from(libc::O_TRUNC);
            assert_eq!(
                error_of(X32 | libc::SYS_openat, [i64::from(libc::AT_FDCWD), pointer, flags, 0]),
                EACCES
            );
            assert_eq!(error_of(X32 | libc::SYS_truncate, [pointer, 0, 0, 0]), EACCES);
        });
        assert_eq!(fs::read_to_string(&path).unwrap(), "content");
        fs::remove_file(path).unwrap();
    }
}
