//! Tries single system calls and prints `ok` or the error's name: what a shell cannot do. The forms with
//! `--` change the process and then become another program, as a hostile surrounding would.
#![allow(unsafe_code, reason = "system calls that must be made by number, in a program for tests")]

mod around;
mod calls;
mod inside;

use std::ffi::OsString;
use std::process::ExitCode;

const USAGE: &str = "\
trial read|write|list|truncating-open|truncate|openat2|execute PATH
trial connect|fast-open|bind PORT
trial socket FAMILY,TYPE,PROTOCOL
trial io-uring 0
trial abstract-listen|abstract-connect NAME
trial signal PID
trial calls FILE                             system calls by number, their errors in a line
trial state                                  open descriptors and no_new_privs
trial bounding CAPABILITY,... -- PROGRAM [ARGS]  becomes PROGRAM without these numbers in its bounding set
trial layers COUNT -- PROGRAM [ARGS]         becomes PROGRAM inside COUNT Landlock domains that allow everything
trial answer CALL ERROR -- PROGRAM [ARGS]    becomes PROGRAM under a filter that answers CALL with ERROR (0: success)
trial descriptors COUNT -- PROGRAM [ARGS]    becomes PROGRAM with COUNT descriptors of / left open
trial leaked-directory ROOT -- PROGRAM [ARGS]  becomes PROGRAM in ROOT, its working directory outside
trial ignoring SIGNAL -- PROGRAM [ARGS]      becomes PROGRAM with SIGNAL ignored and blocked";

fn main() -> ExitCode {
    let arguments: Vec<OsString> = std::env::args_os().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(|word| word.to_str().unwrap_or_default()).collect();
    let outcome = match words.as_slice() {
        ["state"] => Some(inside::state()),
        ["calls", file] => calls::calls(file),
        [what, value] => inside::attempt(what, value),
        ["bounding", capabilities, "--", program @ ..] => around::bounding(capabilities, program),
        ["layers", count, "--", program @ ..] => around::layers(count, program),
        ["answer", call, error, "--", program @ ..] => around::answer(call, error, program),
        ["descriptors", count, "--", program @ ..] => around::descriptors(count, program),
        ["leaked-directory", root, "--", program @ ..] => around::leaked_directory(root, program),
        ["ignoring", signal, "--", program @ ..] => around::ignoring(signal, program),
        _ => None,
    };
    if let Some(answer) = outcome {
        println!("{answer}");
        return ExitCode::SUCCESS;
    }
    eprintln!("{USAGE}");
    ExitCode::from(2)
}

/// `ok`, or the name of the error.
fn name_of(result: std::io::Result<()>) -> String {
    let Err(error) = result else { return "ok".to_owned() };
    let number = error.raw_os_error().unwrap_or_default();
    let name = match number {
        libc::EPERM => "EPERM",
        libc::ENOENT => "ENOENT",
        libc::ESRCH => "ESRCH",
        libc::EACCES => "EACCES",
        libc::EFAULT => "EFAULT",
        libc::ENOTDIR => "ENOTDIR",
        libc::EINVAL => "EINVAL",
        libc::ENOSYS => "ENOSYS",
        libc::EROFS => "EROFS",
        libc::EPROTONOSUPPORT => "EPROTONOSUPPORT",
        libc::ECONNREFUSED => "ECONNREFUSED",
        libc::ENXIO => "ENXIO",
        _ => return format!("errno {number}"),
    };
    name.to_owned()
}

/// What a system call made by number answered.
fn check(result: i64) -> std::io::Result<()> {
    if result < 0 { Err(std::io::Error::last_os_error()) } else { Ok(()) }
}
