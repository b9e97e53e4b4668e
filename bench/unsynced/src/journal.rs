//! What a turn writes into the journal. A record counts once it is whole.

use std::ffi::c_int;
use std::ptr;

use libc::iovec;
use power::record::{HEAD, Head, Kind};

use crate::cycle::{Turn, die};

/// Bytes that are read at once from a file that changes unseen.
const CHUNK: usize = 1 << 20;

/// Where a record begins, so that it can be taken back.
#[derive(Clone, Copy)]
pub(crate) struct Mark(u64);

impl Turn<'_> {
    /// A record of a file and nothing else than a number.
    pub(crate) fn note(&self, kind: Kind, file: u64, number: u64) -> Mark {
        self.append(Head { kind, file, number, first: 0, second: 0 }, b"", &[])
    }

    /// A record with a path, and a second one where there is one.
    pub(crate) fn note_path(&self, kind: Kind, file: u64, first: &[u8], second: &[u8]) -> Mark {
        let head = Head { kind, file, number: 0, first: first.len() as u32, second: second.len() as u64 };
        let second = iovec { iov_base: second.as_ptr().cast_mut().cast(), iov_len: second.len() };
        self.append(head, first, &[second])
    }

    /// A record of bytes that are about to be written.
    pub(crate) fn note_write(&self, file: u64, offset: u64, parts: &[iovec]) -> Mark {
        let bytes = parts.iter().map(|part| part.iov_len as u64).sum();
        self.append(Head { kind: Kind::Write, file, number: offset, first: 0, second: bytes }, b"", parts)
    }

    /// Takes a record back: what it says did not happen.
    pub(crate) fn take_back(&self, mark: Mark) {
        self.set_journal_bytes(mark.0);
    }

    /// Makes the record of a write shorter: only so much was written.
    pub(crate) fn shorten(&self, mark: Mark, file: u64, offset: u64, written: u64) {
        let head = Head { kind: Kind::Write, file, number: offset, first: 0, second: written };
        self.put(mark.0, &[part(&head.to_bytes())]);
        self.set_journal_bytes(mark.0 + HEAD as u64 + written);
    }

    /// Records of all bytes that a file has now, for one that changed unseen.
    pub(crate) fn note_contents(&self, inode: u64, file: c_int) {
        let path = format!("/proc/self/fd/{file}\0");
        // A descriptor may be for writing alone.
        // SAFETY: the path ends with a zero; the buffer has as many bytes; the descriptor is our own.
        unsafe {
            let flags = libc::O_RDONLY | libc::O_CLOEXEC;
            let readable = libc::syscall(libc::SYS_openat, libc::AT_FDCWD, path.as_ptr(), flags) as c_int;
            if readable < 0 {
                die("a file that changed unseen cannot be read");
            }
            self.note(Kind::Resize, inode, 0);
            let mut buffer = vec![0_u8; CHUNK];
            let mut offset = 0;
            loop {
                let read = libc::pread64(readable, buffer.as_mut_ptr().cast(), CHUNK, offset);
                match read {
                    0 => break,
                    1.. => self.note_write(inode, offset as u64, &[part(&buffer[..read as usize])]),
                    _ => die("a file that changed unseen cannot be read"),
                };
                offset += read as i64;
            }
            libc::close(readable);
        }
    }

    fn append(&self, head: Head, first: &[u8], second: &[iovec]) -> Mark {
        let mark = self.journal_bytes();
        self.put(mark, &[part(&head.to_bytes()), part(first)]);
        let bodies = mark + (HEAD + first.len()) as u64;
        if head.second > 0 {
            self.put(bodies, second);
        }
        self.set_journal_bytes(bodies + head.second);
        Mark(mark)
    }

    /// Writes parts at a place of the journal, all of them.
    fn put(&self, at: u64, parts: &[iovec]) {
        let bytes: usize = parts.iter().map(|part| part.iov_len).sum();
        let (low, high) = (at, 0_u64);
        // SAFETY: each part is memory of this process that outlives the call.
        let put = unsafe { libc::syscall(libc::SYS_pwritev, self.0.journal, parts.as_ptr(), parts.len(), low, high) };
        if put != bytes as i64 {
            die("the cycle's journal cannot be written: is its disk full?");
        }
    }
}

/// A part of a write.
pub(crate) fn part(bytes: &[u8]) -> iovec {
    let base = if bytes.is_empty() { ptr::null_mut() } else { bytes.as_ptr().cast_mut().cast() };
    iovec { iov_base: base, iov_len: bytes.len() }
}
