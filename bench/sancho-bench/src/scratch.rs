//! Where the files of a run are made, and how a store on one of them is opened.

use std::fmt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use sancho::Client;
use tempfile::TempDir;

/// The kind of a file system that keeps files in memory, as `statfs` names it.
const TMPFS_MAGIC: i64 = 0x0102_1994;

/// A directory on a disk, which whoever started the program removes.
#[derive(Debug)]
pub struct Scratch(PathBuf);

impl Scratch {
    /// Checks that the directory is on a disk: a commit to memory costs nothing, and every ratio would be wrong.
    pub fn new(directory: PathBuf) -> Result<Self> {
        let looked_at = || format!("failed to look at {}", directory.display());
        let stat = rustix::fs::statfs(&directory).with_context(looked_at)?;
        let on_disk = i128::from(stat.f_type) != i128::from(TMPFS_MAGIC);
        ensure!(on_disk, "{} is kept in memory: name a directory on a disk, SANCHO_BENCH_DIR=…", directory.display());
        // Whole, for programs that are started elsewhere.
        Ok(Scratch(directory.canonicalize().with_context(looked_at)?))
    }

    /// A fresh database, alone in a directory of its own, which goes with the answer.
    pub fn database(&self) -> Result<Database> {
        let directory = self.directory()?;
        Ok(Database { file: directory.path().join("bench.db"), _directory: directory })
    }

    /// A fresh directory, which goes with the answer.
    pub fn directory(&self) -> Result<TempDir> {
        TempDir::new_in(&self.0).with_context(|| format!("failed to make a directory in {}", self.0.display()))
    }

    /// The directory.
    pub fn path(&self) -> &Path {
        &self.0
    }
}

/// A database file, removed on drop. Drop whoever has it open first.
#[derive(Debug)]
pub struct Database {
    file: PathBuf,
    _directory: TempDir,
}

impl Database {
    /// The file.
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// The store's address.
    pub fn url(&self, durability: Durability) -> String {
        format!("sqlite://{}?durability={durability}", self.file.display())
    }

    /// A client of the store.
    pub async fn connect(&self, durability: Durability) -> Result<Client> {
        sancho::connect(&self.url(durability)).await.context("failed to open the store")
    }
}

/// What a commit promises; the same for the store and for the raw limit beside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// A commit survives a power cut.
    Full,
    /// A power cut may take the last commits.
    Normal,
}

impl Durability {
    /// The value of SQLite's own pragma `synchronous`.
    pub fn synchronous(self) -> &'static str {
        match self {
            Durability::Full => "FULL",
            Durability::Normal => "NORMAL",
        }
    }
}

impl fmt::Display for Durability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Durability::Full => "full",
            Durability::Normal => "normal",
        })
    }
}
