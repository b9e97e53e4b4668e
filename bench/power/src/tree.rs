//! The watched directory as it lies there: read with its inodes, and written anew.

use std::ffi::OsStr;
use std::io;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// One name of a directory and all below it.
#[derive(Debug)]
pub(crate) struct Entry {
    /// Relative to the directory that was read.
    pub(crate) path: Vec<u8>,
    /// The inode, and where the file lies; `None` for a directory.
    pub(crate) file: Option<(u64, PathBuf)>,
}

/// All names below a directory, each directory before what is in it. Sockets and links are none of a disk's bytes, and
/// are left out.
pub(crate) fn read(root: &Path) -> io::Result<Vec<Entry>> {
    let mut found = Vec::new();
    let mut waiting = vec![root.to_owned()];
    while let Some(directory) = waiting.pop() {
        for entry in std::fs::read_dir(&directory)? {
            let entry = entry?;
            let (place, kind) = (entry.path(), entry.file_type()?);
            let path = place.strip_prefix(root).expect("it was read from there").to_owned();
            let path = path.into_os_string().into_vec();
            if kind.is_dir() {
                waiting.push(place);
                found.push(Entry { path, file: None });
            } else if kind.is_file() {
                found.push(Entry { path, file: Some((entry.metadata()?.ino(), place)) });
            }
        }
    }
    Ok(found)
}

/// Empties a directory and fills it with names, directories before what is in them.
pub(crate) fn write(root: &Path, tree: &[(Vec<u8>, Option<Vec<u8>>)]) -> io::Result<()> {
    for entry in std::fs::read_dir(root)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            std::fs::remove_dir_all(entry.path())?;
        } else {
            std::fs::remove_file(entry.path())?;
        }
    }
    for (path, bytes) in tree {
        let place = root.join(OsStr::from_bytes(path));
        match bytes {
            None => std::fs::create_dir(&place)?,
            Some(bytes) => std::fs::write(&place, bytes)?,
        }
    }
    Ok(())
}
