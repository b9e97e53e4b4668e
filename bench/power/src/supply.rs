//! The supply: it watches one directory for one cycle, from a state that is synced to a cut.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};

use crate::control::{self, Control};
use crate::disk::{Disk, Seen, Survival};
use crate::record::Record;
use crate::tree;

/// When the power goes off by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fuse {
    /// Never: at [`Supply::cut`] alone.
    Never,
    /// After so many changes and syncs of all processes together, at least one. The last change is made and not synced;
    /// the last sync is not made.
    After(u64),
}

/// A cycle of one directory: everything in it is synced when the cycle begins, and at its end the power is cut.
///
/// Nobody may have files of the directory open when the cycle begins, and whoever opens any until its end has to run
/// with [`environment`](Self::environment).
#[derive(Debug)]
pub struct Supply {
    watched: PathBuf,
    cycle: PathBuf,
    control: Control,
    /// As the disk was when the cycle began.
    disk: Disk,
}

/// What a cut has left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Restored {
    /// Changes and syncs that were seen in the cycle.
    pub changes: u64,
    /// Files with bytes that were not synced when the power was cut.
    pub unsynced_files: usize,
    /// Changes of names that were not.
    pub unsynced_names: usize,
    /// Files in which there was something else than the journal says: they were written by a call that is not seen, or
    /// by a process without the [environment](Supply::environment), or by one that was killed in the middle of a
    /// change. After a cut that a [fuse](Fuse) made, with no kill before it, there has to be none.
    pub strays: Vec<PathBuf>,
}

impl Supply {
    /// Begins a cycle: all that the directory `watched` has is taken as synced, and what happens is written down in
    /// the directory `cycle`, which is made anew and must lie outside.
    ///
    /// # Errors
    /// When either cannot be read or written, or one lies in the other.
    pub fn on(watched: &Path, cycle: &Path) -> io::Result<Self> {
        let watched = watched.canonicalize()?;
        if cycle.exists() {
            std::fs::remove_dir_all(cycle)?;
        }
        std::fs::create_dir_all(cycle)?;
        let cycle = cycle.canonicalize()?;
        if cycle.starts_with(&watched) || watched.starts_with(&cycle) {
            return Err(io::Error::other("the cycle's directory and the watched one must lie apart: name another"));
        }
        File::create_new(cycle.join(control::JOURNAL_FILE))?;
        let control = Control::create(&cycle.join(control::FILE))?;
        let mut disk = Disk::default();
        for entry in tree::read(&watched)? {
            match entry.file {
                None => disk.put_directory(entry.path),
                Some((inode, place)) => disk.put_file(entry.path, inode, std::fs::read(place)?),
            }
        }
        Ok(Supply { watched, cycle, control, disk })
    }

    /// What a process needs in its environment to hang on this supply: its children inherit it.
    ///
    /// # Errors
    /// When the library is not beside this program: build it with `cargo build -p unsynced` and the same profile.
    pub fn environment(&self) -> io::Result<[(&'static str, OsString); 3]> {
        Ok([
            ("LD_PRELOAD", library()?.into_os_string()),
            (control::WATCHED_VARIABLE, self.watched.clone().into_os_string()),
            (control::CYCLE_VARIABLE, self.cycle.clone().into_os_string()),
        ])
    }

    /// Sets when the power goes off by itself, counted from now.
    ///
    /// # Errors
    /// When the cycle's files cannot be written.
    pub fn set_fuse(&self, fuse: Fuse) -> io::Result<()> {
        self.control.set_fuse(match fuse {
            Fuse::Never => 0,
            Fuse::After(changes) => changes.max(1),
        })
    }

    /// Turns the power off: from the next call on, nobody who changes or syncs anything comes back from it. Processes
    /// live on until their owner kills them.
    ///
    /// # Errors
    /// When the cycle's files cannot be written.
    pub fn cut(&self) -> io::Result<()> {
        self.control.cut()
    }

    /// Whether the power is off, by [`cut`](Self::cut) or by the fuse.
    ///
    /// # Errors
    /// When the cycle's files cannot be read.
    pub fn is_off(&self) -> io::Result<bool> {
        self.control.is_off()
    }

    /// Changes and syncs so far, of all processes.
    ///
    /// # Errors
    /// When the cycle's files cannot be read.
    pub fn changes(&self) -> io::Result<u64> {
        self.control.changes()
    }

    /// Writes the directory as a disk may have kept it, and ends the cycle. All processes of the cycle have to be dead.
    /// The same journal, seed and survival give the same directory.
    ///
    /// # Errors
    /// When the power is still on, or files cannot be read or written.
    pub fn restore(mut self, seed: u64, survival: Survival) -> io::Result<Restored> {
        if !self.is_off()? {
            return Err(io::Error::other("the power is on: cut it first"));
        }
        self.replay()?;
        let strays = self.strays()?;
        let (unsynced_files, unsynced_names) = self.disk.unsynced();
        let changes = self.changes()?;
        tree::write(&self.watched, &self.disk.survivor(seed, survival))?;
        std::fs::remove_dir_all(&self.cycle)?;
        Ok(Restored { changes, unsynced_files, unsynced_names, strays })
    }

    /// Brings the disk to the moment of the cut.
    fn replay(&mut self) -> io::Result<()> {
        let journal = File::open(self.cycle.join(control::JOURNAL_FILE))?.take(self.control.journal_bytes()?);
        let mut journal = BufReader::with_capacity(1 << 20, journal);
        while let Some(record) = Record::read(&mut journal)? {
            self.disk.apply(record)?;
        }
        for entry in tree::read(&self.watched)? {
            let Some((inode, place)) = entry.file else { continue };
            if let Some(file) = self.disk.file_of_inode(inode).filter(|file| file.unseen) {
                file.bytes.replace(std::fs::read(place)?);
            }
        }
        Ok(())
    }

    /// Files that differ from what the journal says.
    fn strays(&self) -> io::Result<Vec<PathBuf>> {
        let mut strays = BTreeSet::new();
        let mut found = BTreeSet::new();
        for entry in tree::read(&self.watched)? {
            found.insert(self.watched.join(OsString::from_vec(entry.path)));
        }
        for (path, bytes) in self.disk.seen() {
            let place = self.watched.join(OsString::from_vec(path));
            let is_there = found.remove(&place);
            let is_so = match bytes {
                Seen::Directory => place.is_dir(),
                Seen::Bytes(bytes) => is_there && std::fs::read(&place)? == bytes,
                Seen::Unseen => is_there,
            };
            if !is_so {
                strays.insert(place);
            }
        }
        // What is left was made by a call that is not seen.
        strays.extend(found);
        Ok(strays.into_iter().collect())
    }
}

/// The library beside this program, or one directory above it, where test programs find it.
fn library() -> io::Result<PathBuf> {
    let program = std::env::current_exe()?;
    let above = program.ancestors().skip(1).take(2).map(|directory| directory.join("libunsynced.so"));
    let found = above.into_iter().find(|library| library.is_file());
    found.ok_or_else(|| {
        let place = program.parent().unwrap_or(&program).display();
        io::Error::other(format!("libunsynced.so is not in {place}: build it with cargo build -p unsynced"))
    })
}
