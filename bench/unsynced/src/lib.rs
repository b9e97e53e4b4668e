//! Loaded before the C library, it writes down what a program writes and what it syncs, and stops the disk at a cut.
//!
//! This is the half of [`power`] that lives in the watched programs. It takes the place of the C library's calls that
//! change files (`calls/`), does each as a system call, and writes it into the cycle's journal under one lock of all
//! processes, so that the journal has the order in which things happened. A sync is written down and not done: the
//! machine does not fail, and the page cache survives the processes. When the power is off, whoever would change or
//! sync anything waits for its end instead.
//!
//! Without its variables in the environment it passes everything on. With them it never fails in silence: what it
//! cannot do ends the process, with a line on standard error.
//!
//! # Why there is unsafe code
//!
//! The crates of this repository forbid it. A function that takes the place of `write` is called from C with raw
//! pointers, and a lock that outlives a process that is killed lies in memory that processes share: neither can be had
//! otherwise. All of it stands in this crate, which no product of ours contains.
//!
//! # What is deliberately absent
//!
//! `msync`, `sync`, `syncfs`, `O_TMPFILE` and io_uring: nobody here uses them. `sync_file_range` promises nothing of a
//! file's length, and is passed on as the hint that it is.

#[cfg(not(all(target_os = "linux", target_pointer_width = "64")))]
compile_error!("this library knows the system calls of 64-bit Linux alone");

mod calls;
mod cycle;
mod journal;
mod place;
