//! One SQLite file.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use rusqlite::{Connection, OpenFlags};

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
