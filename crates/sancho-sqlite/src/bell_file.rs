//! The bell: a file beside the database, touched after a commit, that other processes watch.

use std::fs::File;
use std::io::{Seek, SeekFrom, Write};
use std::path::Path;

use crate::private;
use crate::writer::bell_path;

/// The bell of one database; mute where the file cannot be written, as it is only a hint.
#[derive(Debug)]
pub(crate) struct BellFile(Option<File>);

impl BellFile {
    /// Opens the bell of the database at `path`, and makes it if it is not there.
    pub(crate) fn of(path: &Path) -> Self {
        let file = private::options().create(true).truncate(false).open(bell_path(path));
        BellFile(file.ok())
    }

    /// Rings: one byte, over the one before.
    pub(crate) fn ring(&mut self) {
        if let Some(file) = &mut self.0 {
            drop(file.seek(SeekFrom::Start(0)).and_then(|_| file.write_all(b"!")));
        }
    }
}
