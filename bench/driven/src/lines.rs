//! A file of lines that one process or many append to.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;

use anyhow::{Context, Result};

/// One process's end of such a file.
///
/// What is appended is one `write` to a file opened with O_APPEND. On a local file system such writes do not mix, and
/// what was written outlives the process that a signal kills a moment later.
#[derive(Debug)]
pub struct Lines(File);

impl Lines {
    /// Opens the file, and makes it if nobody has.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub fn open(file: &Path) -> Result<Self> {
        let opened = File::options().append(true).create(true).open(file);
        Ok(Lines(opened.with_context(|| format!("failed to open {}", file.display()))?))
    }

    /// Appends whole lines, all or none of them.
    ///
    /// # Errors
    /// When they cannot be written, or only a part of them was.
    pub fn append(&self, lines: &str) -> io::Result<()> {
        let written = (&self.0).write(lines.as_bytes())?;
        // A rest would stand behind somebody else's line.
        if written == lines.len() { Ok(()) } else { Err(io::Error::other("only a part of a line was written")) }
    }
}
