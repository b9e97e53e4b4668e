//! Names: directories, renamings, links and removals.

use std::ffi::{c_char, c_int, c_uint};

use libc::{AT_FDCWD, mode_t};
use power::record::Kind;

use super::Answer;
use crate::cycle::die;
use crate::place;

/// Writes down and does what concerns one name.
unsafe fn change(kind: Kind, at: c_int, path: *const c_char, real: impl FnOnce() -> i64) -> c_int {
    // SAFETY: the caller's promise, passed on.
    let Some(name) = (unsafe { place::name(at, path) }) else {
        return real() as c_int;
    };
    let turn = name.cycle.lock();
    let mark = turn.note_path(kind, 0, &name.path, b"");
    let answer = Answer::of(real());
    if answer.is_good() {
        turn.count()
    } else {
        turn.take_back(mark)
    }
    drop(turn);
    answer.give() as c_int
}

/// # Safety
/// As the C library's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mkdirat(at: c_int, path: *const c_char, mode: mode_t) -> c_int {
    // SAFETY: the caller's promise, passed on.
    unsafe { change(Kind::MakeDirectory, at, path, || libc::syscall(libc::SYS_mkdirat, at, path, mode)) }
}

/// # Safety
/// As the C library's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mkdir(path: *const c_char, mode: mode_t) -> c_int {
    // SAFETY: the caller's promise, passed on.
    unsafe { mkdirat(AT_FDCWD, path, mode) }
}

/// # Safety
/// As the C library's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn unlinkat(at: c_int, path: *const c_char, flags: c_int) -> c_int {
    // SAFETY: the caller's promise, passed on.
    unsafe { change(Kind::Remove, at, path, || libc::syscall(libc::SYS_unlinkat, at, path, flags)) }
}

/// # Safety
/// As the C library's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn unlink(path: *const c_char) -> c_int {
    // SAFETY: the caller's promise, passed on.
    unsafe { unlinkat(AT_FDCWD, path, 0) }
}

/// # Safety
/// As the C library's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rmdir(path: *const c_char) -> c_int {
    // SAFETY: the caller's promise, passed on.
    unsafe { unlinkat(AT_FDCWD, path, libc::AT_REMOVEDIR) }
}

/// # Safety
/// As the C library's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn remove(path: *const c_char) -> c_int {
    // SAFETY: the caller's promise, passed on.
    unsafe {
        let is_directory =
            place::status_at(AT_FDCWD, path).is_some_and(|status| status.st_mode & libc::S_IFMT == libc::S_IFDIR);
        unlinkat(AT_FDCWD, path, if is_directory { libc::AT_REMOVEDIR } else { 0 })
    }
}

/// # Safety
/// As the C library's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn renameat2(
    from_at: c_int,
    from: *const c_char,
    to_at: c_int,
    to: *const c_char,
    flags: c_uint,
) -> c_int {
    // SAFETY: the caller's promise, passed on.
    let (real, old, new) = unsafe {
        let real = || libc::syscall(libc::SYS_renameat2, from_at, from, to_at, to, flags);
        (real, place::name(from_at, from), place::name(to_at, to))
    };
    let (old, new) = match (old, new) {
        (None, None) => return real() as c_int,
        (Some(old), Some(new)) if flags & libc::RENAME_EXCHANGE == 0 => (old, new),
        _ => die("a name that is exchanged, or moved into the watched directory or out of it, cannot be followed"),
    };
    let turn = old.cycle.lock();
    let mark = turn.note_path(Kind::Rename, 0, &old.path, &new.path);
    let answer = Answer::of(real());
    if answer.is_good() {
        turn.count()
    } else {
        turn.take_back(mark)
    }
    drop(turn);
    answer.give() as c_int
}

/// # Safety
/// As the C library's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn renameat(from_at: c_int, from: *const c_char, to_at: c_int, to: *const c_char) -> c_int {
    // SAFETY: the caller's promise, passed on.
    unsafe { renameat2(from_at, from, to_at, to, 0) }
}

/// # Safety
/// As the C library's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rename(from: *const c_char, to: *const c_char) -> c_int {
    // SAFETY: the caller's promise, passed on.
    unsafe { renameat2(AT_FDCWD, from, AT_FDCWD, to, 0) }
}

/// # Safety
/// As the C library's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn linkat(
    from_at: c_int,
    from: *const c_char,
    to_at: c_int,
    to: *const c_char,
    flags: c_int,
) -> c_int {
    // SAFETY: the caller's promise, passed on.
    let (real, old, new, linked) = unsafe {
        let real = || libc::syscall(libc::SYS_linkat, from_at, from, to_at, to, flags);
        (real, place::name(from_at, from), place::name(to_at, to), place::status_at(from_at, from))
    };
    let (new, linked) = match (old, new, linked) {
        (_, None, _) | (_, _, None) => return real() as c_int,
        (Some(_), Some(new), Some(linked)) => (new, linked),
        (None, Some(_), Some(_)) => die("a file that is linked into the watched directory cannot be followed"),
    };
    let turn = new.cycle.lock();
    let mark = turn.note_path(Kind::Link, linked.st_ino, &new.path, b"");
    let answer = Answer::of(real());
    if answer.is_good() {
        turn.count()
    } else {
        turn.take_back(mark)
    }
    drop(turn);
    answer.give() as c_int
}

/// # Safety
/// As the C library's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn link(from: *const c_char, to: *const c_char) -> c_int {
    // SAFETY: the caller's promise, passed on.
    unsafe { linkat(AT_FDCWD, from, AT_FDCWD, to, 0) }
}
