//! One SQLite file.

use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use rusqlite::{Connection, OpenFlags};

/// How long whoever has it open may take to close it, and how often that is looked at.
const CLOSE_MAX: Duration = Duration::from_secs(10);
const LOOK_EVERY: Duration = Duration::from_millis(5);

#[derive(Debug)]
pub(in super::super) struct SqliteHouse {
    file: PathBuf,
    copies: PathBuf,
}

impl SqliteHouse {
    pub(super) fn at(directory: &Path, aside: &Path) -> Self {
        SqliteHouse { file: directory.join("chaos.db"), copies: aside.join("copies") }
    }

    pub(super) fn url(&self) -> String {
        format!("sqlite://{}", self.file.display())
    }

    pub(in super::super) fn file(&self) -> &Path {
        &self.file
    }

    /// A directory for a copy, on the same file system; it is there only while one is made.
    pub(in super::super) fn copies(&self) -> &Path {
        &self.copies
    }

    /// Waits until nobody has it open any more: the last one takes the log along.
    pub(super) fn wait_until_closed(&self) -> Result<()> {
        let log = self.file.with_extension("db-wal");
        let deadline = Instant::now() + CLOSE_MAX;
        while log.exists() {
            ensure!(Instant::now() < deadline, "{} was not closed within {CLOSE_MAX:?}", self.file.display());
            sleep(LOOK_EVERY);
        }
        Ok(())
    }

    pub(super) fn complaints(&self) -> Result<Vec<String>> {
        check(&self.file)
    }
}

/// What SQLite finds wrong with a file, a line each.
pub(in super::super) fn check(file: &Path) -> Result<Vec<String>> {
    let opened = Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_WRITE);
    let connection = opened.with_context(|| format!("failed to open {}", file.display()))?;
    let mut statement = connection.prepare("PRAGMA integrity_check(10)")?;
    let lines = statement.query_map([], |row| row.get(0))?.collect::<Result<Vec<String>, _>>()?;
    Ok(lines.into_iter().filter(|line| line != "ok").map(|line| format!("integrity_check: {line}")).collect())
}
