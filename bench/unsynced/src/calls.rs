//! The calls of the C library that are taken over, by what they do.
//!
//! What a system call takes as 64 bits is given as 64 bits: `syscall` is declared with as many arguments as one likes,
//! and the upper half of a shorter number is garbage.

mod bytes;
mod names;
mod open;
mod sync;
mod unseen;

use std::ffi::c_int;

/// The answer of a system call, and what it left in `errno`, which our own calls after it would spoil.
#[derive(Clone, Copy)]
struct Answer {
    value: i64,
    errno: c_int,
}

impl Answer {
    /// Takes an answer right after its call.
    fn of(value: i64) -> Self {
        // SAFETY: the pointer to this thread's `errno` is always good.
        Answer { value, errno: unsafe { *libc::__errno_location() } }
    }

    fn is_good(self) -> bool {
        self.value >= 0
    }

    /// Gives the answer to the caller.
    fn give(self) -> i64 {
        // SAFETY: as in `of`.
        unsafe { *libc::__errno_location() = self.errno };
        self.value
    }
}
