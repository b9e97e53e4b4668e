//! A power cut for tests: what a disk keeps of writes that nobody synced, decided by a seed.
//!
//! Programs run with the library `unsynced` loaded before the C library. It sees each call by which they change one
//! directory, and writes it into a [journal](record): what was written, and what was synced. At a cut it lets nobody
//! change anything more; their owner kills all of them, and [`Supply::restore`] replays the journal. What was synced is
//! kept; what was not is dropped, kept, torn or kept out of order, as a real disk may do. The seed decides.
//!
//! ```no_run
//! use power::{Fuse, Supply, Survival};
//!
//! let supply = Supply::on("work/data".as_ref(), "work/power".as_ref())?;
//! let mut child = std::process::Command::new("redis-server").envs(supply.environment()?).spawn()?;
//! supply.cut()?;
//! child.kill()?;
//! child.wait()?;
//! let restored = supply.restore(7, Survival::Any)?;
//! println!("{restored:?}");
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! # What a file system keeps here
//!
//! - The bytes of a file: what stood there when it was last synced. Of later writes anything, sector by sector.
//! - A name: what its directory had when that was last synced. Of later changes of names, the first so many: file
//!   systems keep their own journals in order. This is stricter than ext4, xfs and btrfs, which keep a new file's name
//!   when the file itself is synced; POSIX promises it for a sync of the directory alone.
//! - What is written past the C library (stdio, a shared mapping, `copy_file_range`) is seen as a file that changed
//!   somehow: its bytes are taken from the file when it is synced, and at the cut.
//!
//! # What it does not see
//!
//! System calls that do not pass through the C library: io_uring, static programs, Go. [`Restored::strays`] names the
//! files where that has happened.

#![forbid(unsafe_code)]

pub mod control;
mod dice;
mod disk;
mod file;
pub mod record;
mod supply;
mod tree;

pub use disk::Survival;
pub use supply::{Fuse, Restored, Supply};
