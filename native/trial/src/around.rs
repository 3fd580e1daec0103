//! What a hostile or unusual surrounding hands to the launcher.

use std::os::fd::IntoRawFd as _;

use landlock::{
    ABI, Access as _, AccessFs, PathBeneath, PathFd, Ruleset, RulesetAttr as _, RulesetCreatedAttr as _,
};

/// Stacks domains that allow everything they handle.
pub fn layers(count: &str, program: &[&str]) -> Option<String> {
    let count: u32 = count.parse().ok()?;
    for _ in 0..count {
        let all = AccessFs::from_all(ABI::V1);
        let everything = PathBeneath::new(PathFd::new("/").ok()?, all);
        let ruleset = Ruleset::default().handle_access(all).ok()?.create().ok()?;
        ruleset.add_rule(everything).ok()?.restrict_self().ok()?;
    }
    become_program(program)
}

/// Answers one system call without making it.
pub fn answer(call: &str, error: &str, program: &[&str]) -> Option<String> {
    let number = match call {
        "landlock_create_ruleset" => libc::SYS_landlock_create_ruleset,
        "landlock_restrict_self" => libc::SYS_landlock_restrict_self,
        "close_range" => libc::SYS_close_range,
        "openat2" => libc::SYS_openat2,
        "statx" => libc::SYS_statx,
        "prctl" | "set-filter" => libc::SYS_prctl,
        _ => return None,
    };
    let error: u32 = error.parse().ok()?;
    let statement = |code: u32, if_false: u8, value: u32| {
        Some(libc::sock_filter { code: u16::try_from(code).ok()?, jt: 0, jf: if_false, k: value })
    };
    let load = libc::BPF_LD | libc::BPF_W | libc::BPF_ABS;
    let compare = libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K;
    let mut filter = vec![statement(load, 0, 0)?];
    if call == "set-filter" {
        // Only prctl(PR_SET_SECCOMP), by the low half of its first argument.
        filter.push(statement(compare, 3, u32::try_from(number).ok()?)?);
        filter.push(statement(load, 0, 16)?);
        filter.push(statement(compare, 1, libc::PR_SET_SECCOMP.cast_unsigned())?);
    } else {
        filter.push(statement(compare, 1, u32::try_from(number).ok()?)?);
    }
    filter.extend([
        statement(libc::BPF_RET | libc::BPF_K, 0, libc::SECCOMP_RET_ERRNO | error)?,
        statement(libc::BPF_RET | libc::BPF_K, 0, libc::SECCOMP_RET_ALLOW)?,
    ]);
    let header = libc::sock_fprog { len: u16::try_from(filter.len()).ok()?, filter: filter.as_mut_ptr() };
    // SAFETY: the kernel copies the instructions, which outlive the call. Without no_new_privs it takes
    // root, and the launcher is to find the flag unset.
    let installed =
        unsafe { libc::prctl(libc::PR_SET_SECCOMP, libc::SECCOMP_MODE_FILTER, &raw const header) };
    if installed != 0 {
        return None;
    }
    become_program(program)
}

/// Takes capabilities out of the bounding set.
pub fn bounding(capabilities: &str, program: &[&str]) -> Option<String> {
    for capability in capabilities.split(',') {
        let capability: libc::c_ulong = capability.parse().ok()?;
        // SAFETY: plain numbers go in.
        if unsafe { libc::prctl(libc::PR_CAPBSET_DROP, capability, 0, 0, 0) } != 0 {
            return None;
        }
    }
    become_program(program)
}

/// Leaves directories open that the program inherits.
pub fn descriptors(count: &str, program: &[&str]) -> Option<String> {
    for _ in 0..count.parse::<u32>().ok()? {
        let descriptor = std::fs::File::open("/").ok()?.into_raw_fd();
        // SAFETY: clears a flag of a descriptor that was just made.
        unsafe { libc::fcntl(descriptor, libc::F_SETFD, 0) };
    }
    become_program(program)
}

/// Changes the root and keeps the working directory, which then lies outside.
pub fn leaked_directory(root: &str, program: &[&str]) -> Option<String> {
    std::os::unix::fs::chroot(root).ok()?;
    become_program(program)
}

/// Ignores and blocks one signal.
pub fn ignoring(signal: &str, program: &[&str]) -> Option<String> {
    let signal: i32 = signal.parse().ok()?;
    // SAFETY: SIG_IGN is a valid disposition, and the set is initialised before it is read.
    unsafe {
        libc::signal(signal, libc::SIG_IGN);
        let mut set = std::mem::zeroed();
        libc::sigemptyset(&raw mut set);
        libc::sigaddset(&raw mut set, signal);
        libc::sigprocmask(libc::SIG_BLOCK, &raw const set, std::ptr::null_mut());
    }
    execute(program)
}

/// `execve` as it is, apart from SIGPIPE, which this program's own start set to ignored.
fn become_program(program: &[&str]) -> Option<String> {
    // SAFETY: SIG_DFL is a valid disposition.
    unsafe { libc::signal(libc::SIGPIPE, libc::SIG_DFL) };
    execute(program)
}

/// `execve` as it is, without what Rust's `Command` does about signals.
fn execute(program: &[&str]) -> Option<String> {
    let strings: Vec<std::ffi::CString> =
        program.iter().map(|word| std::ffi::CString::new(*word).ok()).collect::<Option<_>>()?;
    let mut pointers: Vec<*const libc::c_char> = strings.iter().map(|string| string.as_ptr()).collect();
    pointers.push(std::ptr::null());
    let path = strings.first()?;
    // SAFETY: C strings and a null-terminated array of them; `environ` is the process's own.
    unsafe { libc::execv(path.as_ptr(), pointers.as_ptr()) };
    Some(format!("{} cannot be executed", program.first()?))
}
