//! Files that are made or emptied when they are opened.
//!
//! C declares these calls with as many arguments as one likes. On the machines that this library is for, the last one
//! comes in the same register whether it was declared or not, and is garbage where it was not given and not used.

use std::ffi::{c_char, c_int};

use libc::mode_t;
use power::record::Kind;

use super::Answer;
use crate::place;

unsafe fn open_at(at: c_int, path: *const c_char, flags: c_int, mode: mode_t) -> c_int {
    // SAFETY: the caller's promise, passed on.
    let real = || unsafe { libc::syscall(libc::SYS_openat, at, path, flags, mode) };
    if flags & (libc::O_CREAT | libc::O_TRUNC) == 0 {
        return real() as c_int;
    }
    // SAFETY: as above.
    let Some(name) = (unsafe { place::name(at, path) }) else {
        return real() as c_int;
    };
    let turn = name.cycle.lock();
    // SAFETY: as above.
    let before = unsafe { place::status_at(at, path) };
    let answer = Answer::of(real());
    let after = if answer.is_good() { place::status(answer.value as c_int) } else { None };
    match (before, after) {
        (None, Some(made)) => {
            turn.forget_unseen(made.st_ino);
            turn.note_path(Kind::Create, made.st_ino, &name.path, b"");
            turn.count();
        }
        (Some(before), Some(after)) if before.st_size != after.st_size => {
            turn.note(Kind::Resize, after.st_ino, after.st_size as u64);
            turn.count();
        }
        _ => {}
    }
    drop(turn);
    answer.give() as c_int
}

/// # Safety
/// As the C library's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn open(path: *const c_char, flags: c_int, mode: mode_t) -> c_int {
    // SAFETY: the caller's promise, passed on.
    unsafe { open_at(libc::AT_FDCWD, path, flags, mode) }
}

/// # Safety
/// As the C library's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn open64(path: *const c_char, flags: c_int, mode: mode_t) -> c_int {
    // SAFETY: the caller's promise, passed on.
    unsafe { open_at(libc::AT_FDCWD, path, flags, mode) }
}

/// # Safety
/// As the C library's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn openat(at: c_int, path: *const c_char, flags: c_int, mode: mode_t) -> c_int {
    // SAFETY: the caller's promise, passed on.
    unsafe { open_at(at, path, flags, mode) }
}

/// # Safety
/// As the C library's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn openat64(at: c_int, path: *const c_char, flags: c_int, mode: mode_t) -> c_int {
    // SAFETY: the caller's promise, passed on.
    unsafe { open_at(at, path, flags, mode) }
}

/// # Safety
/// As the C library's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn creat(path: *const c_char, mode: mode_t) -> c_int {
    // SAFETY: the caller's promise, passed on.
    unsafe { open_at(libc::AT_FDCWD, path, libc::O_CREAT | libc::O_WRONLY | libc::O_TRUNC, mode) }
}

/// # Safety
/// As the C library's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn creat64(path: *const c_char, mode: mode_t) -> c_int {
    // SAFETY: the caller's promise, passed on.
    unsafe { creat(path, mode) }
}

/// What a fortified program calls where it gives no mode.
///
/// # Safety
/// As the C library's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn __open_2(path: *const c_char, flags: c_int) -> c_int {
    // SAFETY: the caller's promise, passed on.
    unsafe { open_at(libc::AT_FDCWD, path, flags, 0) }
}

/// # Safety
/// As the C library's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn __open64_2(path: *const c_char, flags: c_int) -> c_int {
    // SAFETY: the caller's promise, passed on.
    unsafe { open_at(libc::AT_FDCWD, path, flags, 0) }
}

/// # Safety
/// As the C library's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn __openat_2(at: c_int, path: *const c_char, flags: c_int) -> c_int {
    // SAFETY: the caller's promise, passed on.
    unsafe { open_at(at, path, flags, 0) }
}

/// # Safety
/// As the C library's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn __openat64_2(at: c_int, path: *const c_char, flags: c_int) -> c_int {
    // SAFETY: the caller's promise, passed on.
    unsafe { open_at(at, path, flags, 0) }
}
