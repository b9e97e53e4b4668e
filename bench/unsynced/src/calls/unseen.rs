//! Calls after which a file changes without a call that could be taken over, or in a way that is not worth following:
//! its bytes are looked up in it when it is synced, and at the cut.

use std::ffi::{CStr, c_char, c_int, c_uint, c_void};

use libc::{FILE, iovec, off64_t, size_t, ssize_t};
use power::record::Kind;

use super::Answer;
use crate::cycle::{Turn, die};
use crate::place::{self, Held};

fn note(turn: &Turn<'_>, inode: u64) {
    if turn.note_unseen(inode) {
        turn.note(Kind::Unseen, inode, 0);
    }
}

/// The file of this descriptor changes unseen from now on.
fn changes_unseen(file: c_int) {
    if let Some(Held { cycle, inode, .. }) = place::held(file).filter(|held| !held.is_directory) {
        let turn = cycle.lock();
        note(&turn, inode);
        turn.count();
    }
}

/// # Safety
/// As the C library's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fopen64(path: *const c_char, mode: *const c_char) -> *mut FILE {
    // SAFETY: the caller's promise, passed on; the name ends with a zero, and a C library has the call.
    unsafe {
        let real = libc::dlsym(libc::RTLD_NEXT, c"fopen64".as_ptr());
        if real.is_null() {
            die("the C library has no fopen64");
        }
        let real: unsafe extern "C" fn(*const c_char, *const c_char) -> *mut FILE = std::mem::transmute(real);
        let writes = CStr::from_ptr(mode).to_bytes().iter().any(|byte| b"wa+".contains(byte));
        let Some(name) = place::name(libc::AT_FDCWD, path).filter(|_| writes) else {
            return real(path, mode);
        };
        let turn = name.cycle.lock();
        let before = place::status_at(libc::AT_FDCWD, path);
        let opened = real(path, mode);
        let answer = Answer::of(0);
        let after = if opened.is_null() { None } else { place::status(libc::fileno(opened)) };
        if let Some(after) = after {
            if before.is_none() {
                turn.forget_unseen(after.st_ino);
                turn.note_path(Kind::Create, after.st_ino, &name.path, b"");
            }
            note(&turn, after.st_ino);
            turn.count();
        }
        drop(turn);
        answer.give();
        opened
    }
}

/// # Safety
/// As the C library's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fopen(path: *const c_char, mode: *const c_char) -> *mut FILE {
    // SAFETY: the caller's promise, passed on.
    unsafe { fopen64(path, mode) }
}

/// # Safety
/// As the C library's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mmap64(
    place: *mut c_void,
    length: size_t,
    access: c_int,
    flags: c_int,
    file: c_int,
    at: off64_t,
) -> *mut c_void {
    let is_shared = matches!(flags & libc::MAP_TYPE, libc::MAP_SHARED | libc::MAP_SHARED_VALIDATE);
    if is_shared && access & libc::PROT_WRITE != 0 && flags & libc::MAP_ANONYMOUS == 0 {
        changes_unseen(file);
    }
    // SAFETY: the caller's promise, passed on.
    unsafe { libc::syscall(libc::SYS_mmap, place, length, access, flags, file, at) as *mut c_void }
}

/// # Safety
/// As the C library's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mmap(
    place: *mut c_void,
    length: size_t,
    access: c_int,
    flags: c_int,
    file: c_int,
    at: off64_t,
) -> *mut c_void {
    // SAFETY: the caller's promise, passed on.
    unsafe { mmap64(place, length, access, flags, file, at) }
}

/// # Safety
/// As the C library's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fallocate64(file: c_int, mode: c_int, at: off64_t, length: off64_t) -> c_int {
    changes_unseen(file);
    // SAFETY: it takes no pointer.
    unsafe { libc::syscall(libc::SYS_fallocate, file, mode, at, length) as c_int }
}

/// # Safety
/// As the C library's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fallocate(file: c_int, mode: c_int, at: off64_t, length: off64_t) -> c_int {
    // SAFETY: the caller's promise, passed on.
    unsafe { fallocate64(file, mode, at, length) }
}

/// # Safety
/// As the C library's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn posix_fallocate64(file: c_int, at: off64_t, length: off64_t) -> c_int {
    // SAFETY: the caller's promise, passed on.
    let answer = Answer::of(unsafe { fallocate64(file, 0, at, length) }.into());
    // This one answers with the error itself.
    if answer.is_good() { 0 } else { answer.errno }
}

/// # Safety
/// As the C library's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn posix_fallocate(file: c_int, at: off64_t, length: off64_t) -> c_int {
    // SAFETY: the caller's promise, passed on.
    unsafe { posix_fallocate64(file, at, length) }
}

/// # Safety
/// As the C library's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn copy_file_range(
    from: c_int,
    from_at: *mut off64_t,
    to: c_int,
    to_at: *mut off64_t,
    length: size_t,
    flags: c_uint,
) -> ssize_t {
    changes_unseen(to);
    // SAFETY: the caller's promise, passed on.
    unsafe { libc::syscall(libc::SYS_copy_file_range, from, from_at, to, to_at, length, flags) as ssize_t }
}

/// # Safety
/// As the C library's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sendfile64(to: c_int, from: c_int, at: *mut off64_t, length: size_t) -> ssize_t {
    changes_unseen(to);
    // SAFETY: the caller's promise, passed on.
    unsafe { libc::syscall(libc::SYS_sendfile, to, from, at, length) as ssize_t }
}

/// # Safety
/// As the C library's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sendfile(to: c_int, from: c_int, at: *mut off64_t, length: size_t) -> ssize_t {
    // SAFETY: the caller's promise, passed on.
    unsafe { sendfile64(to, from, at, length) }
}

/// # Safety
/// As the C library's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn splice(
    from: c_int,
    from_at: *mut off64_t,
    to: c_int,
    to_at: *mut off64_t,
    length: size_t,
    flags: c_uint,
) -> ssize_t {
    changes_unseen(to);
    // SAFETY: the caller's promise, passed on.
    unsafe { libc::syscall(libc::SYS_splice, from, from_at, to, to_at, length, flags) as ssize_t }
}

/// # Safety
/// As the C library's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pwritev64v2(
    file: c_int,
    parts: *const iovec,
    count: c_int,
    at: off64_t,
    flags: c_int,
) -> ssize_t {
    changes_unseen(file);
    // SAFETY: the caller's promise, passed on.
    unsafe { libc::syscall(libc::SYS_pwritev2, file, parts, i64::from(count), at, 0_i64, flags) as ssize_t }
}

/// # Safety
/// As the C library's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pwritev2(
    file: c_int,
    parts: *const iovec,
    count: c_int,
    at: off64_t,
    flags: c_int,
) -> ssize_t {
    // SAFETY: the caller's promise, passed on.
    unsafe { pwritev64v2(file, parts, count, at, flags) }
}
