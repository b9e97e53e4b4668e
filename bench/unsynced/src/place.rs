//! Which files are watched: found out at each call from the kernel, so that no table of descriptors can be wrong.

use std::ffi::{CStr, c_char, c_int};
use std::mem::MaybeUninit;

use crate::cycle::{self, Cycle};

/// Bytes of the longest path.
const PATH_MAX: usize = libc::PATH_MAX as usize;

/// A descriptor of a watched file or directory.
pub(crate) struct Held {
    pub(crate) cycle: &'static Cycle,
    pub(crate) inode: u64,
    pub(crate) is_directory: bool,
}

/// What a descriptor holds, if that is watched.
pub(crate) fn held(file: c_int) -> Option<Held> {
    let cycle = cycle::current()?;
    let status = status(file)?;
    let kind = status.st_mode & libc::S_IFMT;
    if kind != libc::S_IFREG && kind != libc::S_IFDIR {
        return None;
    }
    let mut buffer = [0; PATH_MAX];
    below(cycle, path_of(file, &mut buffer)?)?;
    Some(Held { cycle, inode: status.st_ino, is_directory: kind == libc::S_IFDIR })
}

/// The path of a watched directory, relative to the watched one.
pub(crate) fn directory(held: &Held, file: c_int) -> Option<Vec<u8>> {
    let mut buffer = [0; PATH_MAX];
    Some(below(held.cycle, path_of(file, &mut buffer)?)?.to_vec())
}

/// A name in a watched directory, which need not be there.
pub(crate) struct Name {
    pub(crate) cycle: &'static Cycle,
    /// Relative to the watched directory.
    pub(crate) path: Vec<u8>,
}

/// The watched name that a path means, as the `…at` calls take it.
///
/// # Safety
/// The path is one that a caller gave to the C library.
pub(crate) unsafe fn name(at: c_int, path: *const c_char) -> Option<Name> {
    let cycle = cycle::current()?;
    if path.is_null() {
        return None;
    }
    // SAFETY: the caller's promise.
    let path = unsafe { CStr::from_ptr(path) }.to_bytes();
    let end = path.iter().rposition(|&byte| byte != b'/')? + 1;
    let (above, last) = match path[..end].iter().rposition(|&byte| byte == b'/') {
        Some(slash) => (&path[..slash + 1], &path[slash + 1..end]),
        None => (&b"."[..], &path[..end]),
    };
    let above = [above, b"\0"].concat();
    let flags = libc::O_PATH | libc::O_DIRECTORY | libc::O_CLOEXEC;
    // SAFETY: the path ends with a zero; the descriptor is our own.
    let opened = unsafe { libc::syscall(libc::SYS_openat, at, above.as_ptr(), flags) } as c_int;
    if opened < 0 {
        return None;
    }
    let mut buffer = [0; PATH_MAX];
    let directory = path_of(opened, &mut buffer).and_then(|directory| below(cycle, directory));
    // SAFETY: as above.
    unsafe { libc::close(opened) };
    let directory = directory?;
    let path = if directory.is_empty() { last.to_vec() } else { [directory, b"/", last].concat() };
    Some(Name { cycle, path })
}

/// What the kernel says of a descriptor.
pub(crate) fn status(file: c_int) -> Option<libc::stat64> {
    let mut status = MaybeUninit::uninit();
    // SAFETY: it is filled when the call answers zero.
    unsafe { if libc::fstat64(file, status.as_mut_ptr()) == 0 { Some(status.assume_init()) } else { None } }
}

/// What the kernel says of a path, if something is there.
///
/// # Safety
/// The path is one that a caller gave to the C library.
pub(crate) unsafe fn status_at(at: c_int, path: *const c_char) -> Option<libc::stat64> {
    let mut status = MaybeUninit::uninit();
    // SAFETY: the caller's promise; it is filled when the call answers zero.
    unsafe { if libc::fstatat64(at, path, status.as_mut_ptr(), 0) == 0 { Some(status.assume_init()) } else { None } }
}

fn path_of(file: c_int, buffer: &mut [u8; PATH_MAX]) -> Option<&[u8]> {
    let mut link = *b"/proc/self/fd/\0\0\0\0\0\0\0\0\0\0\0\0";
    let mut digits = [0; 10];
    let mut rest = u32::try_from(file).ok()?;
    let mut first = digits.len();
    loop {
        first -= 1;
        digits[first] = b'0' + (rest % 10) as u8;
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    link[14..14 + digits.len() - first].copy_from_slice(&digits[first..]);
    // SAFETY: the link ends with a zero, and the buffer has as many bytes.
    let length = unsafe { libc::readlink(link.as_ptr().cast(), buffer.as_mut_ptr().cast(), PATH_MAX) };
    buffer.get(..usize::try_from(length).ok()?)
}

/// A path's rest below the watched directory.
fn below<'p>(cycle: &Cycle, path: &'p [u8]) -> Option<&'p [u8]> {
    match path.strip_prefix(&cycle.watched[..])? {
        [] => Some(b""),
        [b'/', rest @ ..] => Some(rest),
        _ => None,
    }
}
