//! Syncs: what makes earlier changes durable. They are written down and not done.

use std::ffi::c_int;

use power::record::Kind;

use crate::place;

unsafe fn sync(file: c_int, real: i64) -> c_int {
    let Some(held) = place::held(file) else {
        // SAFETY: it takes no pointer.
        return unsafe { libc::syscall(real, file) } as c_int;
    };
    let turn = held.cycle.lock();
    // The power goes off before the sync, not after it.
    turn.count();
    if held.is_directory {
        // One that was removed meanwhile has no names to keep.
        if let Some(path) = place::directory(&held, file) {
            turn.note_path(Kind::SyncDirectory, 0, &path, b"");
        }
    } else {
        if turn.is_unseen(held.inode) {
            turn.note_contents(held.inode, file);
        }
        turn.note(Kind::Sync, held.inode, 0);
    }
    0
}

/// # Safety
/// As the C library's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fsync(file: c_int) -> c_int {
    // SAFETY: the caller's promise, passed on.
    unsafe { sync(file, libc::SYS_fsync) }
}

/// # Safety
/// As the C library's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fdatasync(file: c_int) -> c_int {
    // SAFETY: the caller's promise, passed on.
    unsafe { sync(file, libc::SYS_fdatasync) }
}
