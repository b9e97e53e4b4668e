//! The control file: one page that the driver and every process of a cycle share.
//!
//! The processes map it; the driver reads and writes it as a file, which on Linux is the same memory. The driver writes
//! [`OFF`] and [`FUSE`] alone, so that it needs no lock: what the processes do in the meantime is whole, because each of
//! their steps is taken under the lock that lies in this page.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;

/// Bytes of the file.
pub const BYTES: usize = 1 << 17;

/// `u32`: one when the lock is made.
pub const LOCK_MADE: usize = 0;
/// `u32`: one when the power is off.
pub const OFF: usize = 8;
/// `u64`: after so many changes the power goes off; zero for never.
pub const FUSE: usize = 16;
/// `u64`: bytes of the journal that count.
pub const JOURNAL: usize = 24;
/// `u64`: changes that were made or synced.
pub const CHANGES: usize = 32;
/// The lock of the processes, with room for the C library's.
pub const LOCK: usize = 64;
/// `u64` each: inodes of files that change unseen; zero is a free place.
pub const UNSEEN: usize = 256;
/// How many files may change unseen in one cycle.
pub const UNSEEN_MAX: usize = (BYTES - UNSEEN) / 8;

/// Bytes after which the power goes off by itself, so that a driver that forgets its processes fills no disk.
pub const JOURNAL_MAX: u64 = 6 << 30;

/// The name of the control file in the directory of a cycle, and of the journal beside it.
pub const FILE: &str = "control";
/// The name of the journal.
pub const JOURNAL_FILE: &str = "journal";

/// The variables that tell `unsynced` what to watch, and where its cycle's files are.
pub const WATCHED_VARIABLE: &str = "UNSYNCED_WATCHED";
/// See [`WATCHED_VARIABLE`].
pub const CYCLE_VARIABLE: &str = "UNSYNCED_CYCLE";

/// The driver's hold of the page.
#[derive(Debug)]
pub(crate) struct Control(File);

impl Control {
    pub(crate) fn create(file: &Path) -> io::Result<Self> {
        let created = File::options().read(true).write(true).create_new(true).open(file)?;
        created.set_len(BYTES as u64)?;
        Ok(Control(created))
    }

    pub(crate) fn cut(&self) -> io::Result<()> {
        self.0.write_all_at(&1_u32.to_ne_bytes(), OFF as u64)
    }

    pub(crate) fn is_off(&self) -> io::Result<bool> {
        let mut word = [0; 4];
        self.0.read_exact_at(&mut word, OFF as u64)?;
        Ok(u32::from_ne_bytes(word) != 0)
    }

    pub(crate) fn set_fuse(&self, changes: u64) -> io::Result<()> {
        self.0.write_all_at(&changes.to_ne_bytes(), FUSE as u64)
    }

    pub(crate) fn changes(&self) -> io::Result<u64> {
        self.number(CHANGES)
    }

    pub(crate) fn journal_bytes(&self) -> io::Result<u64> {
        self.number(JOURNAL)
    }

    fn number(&self, at: usize) -> io::Result<u64> {
        let mut word = [0; 8];
        self.0.read_exact_at(&mut word, at as u64)?;
        Ok(u64::from_ne_bytes(word))
    }
}
