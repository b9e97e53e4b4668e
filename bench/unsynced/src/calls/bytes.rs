//! Writes and lengths.

use std::ffi::{c_char, c_int, c_void};

use libc::{iovec, off64_t, size_t, ssize_t};
use power::record::Kind;

use super::Answer;
use crate::place;

/// Writes down and does a write, at an offset or where the descriptor stands.
unsafe fn write_parts(file: c_int, at: Option<off64_t>, parts: &[iovec], real: impl FnOnce() -> i64) -> ssize_t {
    let Some(held) = place::held(file).filter(|held| !held.is_directory) else {
        return real() as ssize_t;
    };
    let turn = held.cycle.lock();
    // SAFETY: neither call takes a pointer.
    let (flags, stands) = unsafe { (libc::fcntl(file, libc::F_GETFL), libc::lseek64(file, 0, libc::SEEK_CUR)) };
    // Linux appends whatever the offset. The length is looked at again, now that nobody else changes it.
    let offset = match at {
        _ if flags & libc::O_APPEND != 0 => place::status(file).map_or(0, |status| status.st_size),
        Some(at) => at,
        None => stands,
    };
    let (inode, offset) = (held.inode, offset as u64);
    // It is written down first: of a process that is killed in between, the journal has rather too much.
    let mark = turn.note_write(inode, offset, parts);
    let answer = Answer::of(real());
    let wanted: usize = parts.iter().map(|part| part.iov_len).sum();
    match u64::try_from(answer.value) {
        Ok(written) if written < wanted as u64 => turn.shorten(mark, inode, offset, written),
        Ok(_) => {}
        Err(_) => turn.take_back(mark),
    }
    if answer.is_good() {
        turn.count();
        if flags & (libc::O_DSYNC | libc::O_SYNC) != 0 {
            turn.note(Kind::Sync, inode, 0);
        }
    }
    drop(turn);
    answer.give() as ssize_t
}

fn one(bytes: *const c_void, length: size_t) -> [iovec; 1] {
    [iovec { iov_base: bytes.cast_mut(), iov_len: length }]
}

/// # Safety
/// As the C library's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn write(file: c_int, bytes: *const c_void, length: size_t) -> ssize_t {
    // SAFETY: the caller's promise, passed on.
    unsafe { write_parts(file, None, &one(bytes, length), || libc::syscall(libc::SYS_write, file, bytes, length)) }
}

/// # Safety
/// As the C library's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pwrite64(file: c_int, bytes: *const c_void, length: size_t, at: off64_t) -> ssize_t {
    let real = || {
        // SAFETY: the caller's promise, passed on.
        unsafe { libc::syscall(libc::SYS_pwrite64, file, bytes, length, at) }
    };
    // SAFETY: as above.
    unsafe { write_parts(file, Some(at), &one(bytes, length), real) }
}

/// # Safety
/// As the C library's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pwrite(file: c_int, bytes: *const c_void, length: size_t, at: off64_t) -> ssize_t {
    // SAFETY: the caller's promise, passed on.
    unsafe { pwrite64(file, bytes, length, at) }
}

/// # Safety
/// As the C library's.
unsafe fn parts<'p>(parts: *const iovec, count: c_int) -> &'p [iovec] {
    match usize::try_from(count) {
        // SAFETY: the caller's promise.
        Ok(count @ 1..) => unsafe { std::slice::from_raw_parts(parts, count) },
        _ => &[],
    }
}

/// # Safety
/// As the C library's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn writev(file: c_int, all: *const iovec, count: c_int) -> ssize_t {
    // SAFETY: the caller's promise, passed on.
    unsafe {
        write_parts(file, None, parts(all, count), || libc::syscall(libc::SYS_writev, file, all, i64::from(count)))
    }
}

/// # Safety
/// As the C library's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pwritev64(file: c_int, all: *const iovec, count: c_int, at: off64_t) -> ssize_t {
    let real = || {
        // SAFETY: the caller's promise, passed on.
        unsafe { libc::syscall(libc::SYS_pwritev, file, all, i64::from(count), at, 0_i64) }
    };
    // SAFETY: as above.
    unsafe { write_parts(file, Some(at), parts(all, count), real) }
}

/// # Safety
/// As the C library's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pwritev(file: c_int, all: *const iovec, count: c_int, at: off64_t) -> ssize_t {
    // SAFETY: the caller's promise, passed on.
    unsafe { pwritev64(file, all, count, at) }
}

/// # Safety
/// As the C library's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ftruncate64(file: c_int, length: off64_t) -> c_int {
    // SAFETY: it takes no pointer.
    let real = || unsafe { libc::syscall(libc::SYS_ftruncate, file, length) };
    let Some(held) = place::held(file) else {
        return real() as c_int;
    };
    let turn = held.cycle.lock();
    let mark = turn.note(Kind::Resize, held.inode, length as u64);
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
pub unsafe extern "C" fn ftruncate(file: c_int, length: off64_t) -> c_int {
    // SAFETY: the caller's promise, passed on.
    unsafe { ftruncate64(file, length) }
}

/// # Safety
/// As the C library's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn truncate64(path: *const c_char, length: off64_t) -> c_int {
    // SAFETY: the caller's promise, passed on; a descriptor of our own, closed here.
    unsafe {
        let flags = libc::O_WRONLY | libc::O_CLOEXEC;
        let file = libc::syscall(libc::SYS_openat, libc::AT_FDCWD, path, flags) as c_int;
        if file < 0 {
            return -1;
        }
        let answer = Answer::of(ftruncate64(file, length).into());
        libc::close(file);
        answer.give() as c_int
    }
}

/// # Safety
/// As the C library's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn truncate(path: *const c_char, length: off64_t) -> c_int {
    // SAFETY: the caller's promise, passed on.
    unsafe { truncate64(path, length) }
}
