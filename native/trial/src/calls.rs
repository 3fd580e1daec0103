//! System calls by number, with arguments that the caller chose.

use std::arch::asm;
use std::fs;

/// Makes each call of a file, a line each: `64` or `32` for the interface, the number, up to six arguments (five for 32).
/// Answers their errors in a line, 0 for success. `None` when a line is no call.
pub fn calls(file: &str) -> Option<String> {
    let lines = fs::read_to_string(file).ok()?;
    let errors: Option<Vec<String>> = lines.lines().map(|line| Some(call(line)?.to_string())).collect();
    Some(errors?.join(" "))
}

fn call(line: &str) -> Option<i64> {
    let (interface, numbers) = line.split_once(' ')?;
    let mut words = [0_u64; 7];
    for (word, text) in words.iter_mut().zip(numbers.split(' ')) {
        *word = text.parse().ok()?;
    }
    let result = match interface {
        "64" => native(words),
        "32" => in_32_bit(words)?,
        _ => return None,
    };
    Some(if (-4095..0).contains(&result) { -result } else { 0 })
}

#[cfg(target_arch = "x86_64")]
fn native(words: [u64; 7]) -> i64 {
    let result: i64;
    // SAFETY: the caller of this program, a test, sees to it that the call touches no memory of ours.
    unsafe {
        asm!("syscall", inlateout("rax") words[0] => result, in("rdi") words[1], in("rsi") words[2], in("rdx") words[3], in("r10") words[4],
            in("r8") words[5], in("r9") words[6], lateout("rcx") _, lateout("r11") _);
    }
    result
}

/// `int 0x80`, the way of 32-bit programs, which 64-bit ones may go too.
#[cfg(target_arch = "x86_64")]
fn in_32_bit(words: [u64; 7]) -> Option<i64> {
    let result: i32;
    // SAFETY: as above. rbx belongs to the compiler, so it is put back.
    unsafe {
        asm!("xchg {first}, rbx", "int 0x80", "xchg {first}, rbx", first = inout(reg) words[1] => _,
            inlateout("eax") u32::try_from(words[0]).ok()? => result, in("rcx") words[2], in("rdx") words[3], in("rsi") words[4], in("rdi") words[5],
            lateout("r8") _, lateout("r9") _, lateout("r10") _, lateout("r11") _);
    }
    Some(result.into())
}

#[cfg(target_arch = "aarch64")]
fn native(words: [u64; 7]) -> i64 {
    let result: i64;
    // SAFETY: the caller of this program, a test, sees to it that the call touches no memory of ours.
    unsafe {
        asm!("svc 0", in("x8") words[0], inlateout("x0") words[1] => result, in("x1") words[2], in("x2") words[3], in("x3") words[4], in("x4") words[5],
            in("x5") words[6]);
    }
    result
}

/// A 64-bit program of arm has no way to 32-bit calls.
#[cfg(target_arch = "aarch64")]
fn in_32_bit(_: [u64; 7]) -> Option<i64> {
    None
}
