//! A system call made in a process of its own, so that nothing it does or becomes outlives it.

/// What became of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Its error, 0 for success.
    Errno(i32),
    /// A filter ended the process.
    Killed,
    /// It could not be tried.
    Untried,
}

/// Runs `attempt`, which answers an error or 0, in a child.
pub fn in_child(attempt: impl FnOnce() -> i32) -> Answer {
    // SAFETY: this program has one thread, so the child may do what the parent may.
    let child = unsafe { libc::fork() };
    if child == 0 {
        let errno = attempt();
        // SAFETY: ends the child without running what the parent is to run at its end.
        unsafe { libc::_exit(errno) };
    }
    let mut status = 0;
    // SAFETY: the status is a live integer.
    if child < 0 || unsafe { libc::waitpid(child, &raw mut status, 0) } != child {
        return Answer::Untried;
    }
    if libc::WIFEXITED(status) {
        Answer::Errno(libc::WEXITSTATUS(status))
    } else if libc::WTERMSIG(status) == libc::SIGSYS {
        Answer::Killed
    } else {
        Answer::Untried
    }
}

/// Makes a call; its error, or 0.
pub fn make(number: i64, arguments: &[i64]) -> i32 {
    match value_of(number, arguments) {
        Ok(_) => 0,
        Err(errno) => errno,
    }
}

/// Makes a call; what it gives, or its error.
pub fn value_of(number: i64, arguments: &[i64]) -> Result<i64, i32> {
    let mut all = [0; 6];
    for (argument, value) in all.iter_mut().zip(arguments) {
        *argument = *value;
    }
    // SAFETY: callers pass numbers, null pointers, or pointers to what outlives the call and is as the call expects it.
    let value = unsafe { libc::syscall(number, all[0], all[1], all[2], all[3], all[4], all[5]) };
    if value < 0 {
        Err(std::io::Error::last_os_error().raw_os_error().unwrap_or(libc::EINVAL))
    } else {
        Ok(value)
    }
}
