//! The role that tests of the disk play: plain steps on files, and rows in a file of SQLite's.

use std::fs::File;
use std::io::{Read, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use anyhow::{Context, Result, bail};

/// One step, as `verb:file:…`.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    /// `write:FILE:OFFSET:BYTE:COUNT`: writes one byte so often, and makes the file if it is not there.
    Write { file: PathBuf, offset: u64, byte: u8, count: usize },
    /// `resize:FILE:BYTES`
    Resize { file: PathBuf, bytes: u64 },
    /// `sync:PATH`: of a file, or of a directory.
    Sync { path: PathBuf },
    /// `rename:FROM:TO`
    Rename { from: PathBuf, to: PathBuf },
    /// `remove:FILE`
    Remove { file: PathBuf },
}

impl FromStr for Step {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Self> {
        let words: Vec<&str> = text.split(':').collect();
        Ok(match words[..] {
            ["write", file, offset, byte, count] => Step::Write {
                file: file.into(),
                offset: offset.parse()?,
                byte: *byte.as_bytes().first().context("no byte to write")?,
                count: count.parse()?,
            },
            ["resize", file, bytes] => Step::Resize { file: file.into(), bytes: bytes.parse()? },
            ["sync", path] => Step::Sync { path: path.into() },
            ["rename", from, to] => Step::Rename { from: from.into(), to: to.into() },
            ["remove", file] => Step::Remove { file: file.into() },
            _ => bail!("{text:?} is no step"),
        })
    }
}

impl Step {
    fn take(&self) -> Result<()> {
        match self {
            Step::Write { file, offset, byte, count } => {
                let opened = File::options().create(true).truncate(false).write(true).open(file)?;
                opened.write_all_at(&vec![*byte; *count], *offset)?;
            }
            Step::Resize { file, bytes } => File::options().write(true).open(file)?.set_len(*bytes)?,
            Step::Sync { path } => File::open(path)?.sync_all()?,
            Step::Rename { from, to } => std::fs::rename(from, to)?,
            Step::Remove { file } => std::fs::remove_file(file)?,
        }
        Ok(())
    }
}

/// Takes the steps, says a number after each, and waits until it is killed.
pub(crate) fn take(steps: &[Step]) -> Result<()> {
    for (number, step) in steps.iter().enumerate() {
        step.take().with_context(|| format!("failed at {step:?}"))?;
        say(number + 1)?;
    }
    wait()
}

/// Commits so many rows, says the number of each after its commit, and waits until it is killed.
pub(crate) fn commit_rows(file: &Path, synchronous: &str, rows: u32) -> Result<()> {
    let connection = rusqlite::Connection::open(file)?;
    connection.query_row("PRAGMA journal_mode = WAL", [], |_| Ok(()))?;
    connection.pragma_update(None, "synchronous", synchronous)?;
    connection.pragma_update(None, "wal_autocheckpoint", 20)?;
    connection.execute("CREATE TABLE IF NOT EXISTS rows (number INTEGER PRIMARY KEY, ballast TEXT)", [])?;
    for number in 1..=rows {
        connection.execute("INSERT INTO rows VALUES (?1, ?2)", (number, "ballast ".repeat(100)))?;
        say(number)?;
    }
    wait()
}

fn say(number: impl std::fmt::Display) -> Result<()> {
    let mut output = std::io::stdout().lock();
    writeln!(output, "{number}")?;
    Ok(output.flush()?)
}

fn wait() -> Result<()> {
    std::io::stdin().read_to_end(&mut Vec::new())?;
    Ok(())
}
