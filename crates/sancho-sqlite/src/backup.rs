//! A copy of the file, made while it is in use.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use rusqlite::Connection;
use sancho_core::{ErrorKind, StoreError, StoreResult};

use crate::failure::{Commit, Failure};
use crate::open::{Options, Role, connect};
use crate::store::SqliteStore;

/// The move, as errors name it.
const OP: &str = "back_up";

/// What was copied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Backup {
    /// Jobs, in every state.
    pub jobs: u64,
    /// Bytes of the copy.
    pub bytes: u64,
}

impl SqliteStore {
    /// Copies the whole store, as it is at one moment, into a file that is not there yet. Blocks; neither servers nor
    /// pushes wait for it, and what they do meanwhile is not in the copy.
    ///
    /// The copy is written beside its place and moved there once it was read back and is on the disk: a file of that
    /// name is whole. It has the permissions of the original, and is opened like any store; jobs that ran when it was
    /// made are taken over, as those of a process that died.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`] when there is a file already; [`ErrorKind::Full`] when the disk is;
    /// [`ErrorKind::Unavailable`] when the place cannot be written.
    ///
    /// ```
    /// use sancho_sqlite::{Options, SqliteStore};
    ///
    /// let directory = tempfile::tempdir().unwrap();
    /// let store = SqliteStore::open(&directory.path().join("jobs.db"), Options::default()).unwrap();
    /// assert_eq!(store.backup(&directory.path().join("copy.db")).unwrap().jobs, 0);
    /// ```
    pub fn backup(&self, to: &Path) -> StoreResult<Backup> {
        if to.symlink_metadata().is_ok() {
            let said = format!("{} is there already: name a new file, or move that one away", to.display());
            return Err(StoreError::new(OP, ErrorKind::Invalid, said));
        }
        if let Some(directory) = to.parent().filter(|it| !it.as_os_str().is_empty() && !it.is_dir()) {
            let said = format!("the directory {} does not exist: create it first", directory.display());
            return Err(StoreError::new(OP, ErrorKind::Invalid, said));
        }
        if to.file_name().is_none() {
            return Err(StoreError::new(OP, ErrorKind::Invalid, format!("{} names no file", to.display())));
        }
        let partial = Partial::beside(to)?;
        let jobs = copy(self.path(), &partial.path)?;
        partial.become_whole(to, self.path(), jobs)
    }
}

/// The copy while it is written: removed again if it does not become whole.
struct Partial {
    path: PathBuf,
}

impl Partial {
    /// Made first, for its owner alone, so that nobody reads payloads from it meanwhile.
    fn beside(to: &Path) -> StoreResult<Self> {
        let mut name = to.file_name().unwrap_or_default().to_owned();
        name.push(format!(".partial-{}", std::process::id()));
        let path = to.with_file_name(name);
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        options.open(&path).map_err(|error| failed(&path, &error))?;
        Ok(Partial { path })
    }

    fn become_whole(self, to: &Path, original: &Path, jobs: u64) -> StoreResult<Backup> {
        let settled = || -> io::Result<u64> {
            let file = File::open(&self.path)?;
            file.set_permissions(fs::metadata(original)?.permissions())?;
            file.sync_all()?;
            let bytes = file.metadata()?.len();
            fs::rename(&self.path, to)?;
            // The name is on the disk too once its directory is.
            let directory = to.parent().filter(|it| !it.as_os_str().is_empty()).unwrap_or(Path::new("."));
            File::open(directory)?.sync_all()?;
            Ok(bytes)
        };
        let bytes = settled().map_err(|error| failed(to, &error))?;
        Ok(Backup { jobs, bytes })
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        // It has been moved away, or is of no use.
        let _ = fs::remove_file(&self.path);
    }
}

/// Copies, reads the copy back, and answers how many jobs it has.
fn copy(from: &Path, to: &Path) -> StoreResult<u64> {
    let read = |error: rusqlite::Error| Failure::from(error).to_error(OP, Commit::NotBegun);
    let name = to.to_str().ok_or_else(|| {
        StoreError::new(OP, ErrorKind::Invalid, format!("{} is not UTF-8: name another file", to.display()))
    })?;
    let connection = connect(from, Options::default(), Role::Reader)
        .map_err(|error| StoreError::new(OP, ErrorKind::Unavailable, error))?;
    connection.execute("VACUUM INTO ?1", [name]).map_err(read)?;
    let copied = Connection::open(to).map_err(read)?;
    let verdict: String = copied.query_row("PRAGMA quick_check(1)", [], |row| row.get(0)).map_err(read)?;
    if verdict != "ok" {
        let said = format!("the copy is damaged ({verdict}): see whether the disk is well, and back up elsewhere");
        return Err(StoreError::new(OP, ErrorKind::Corrupt, said));
    }
    let jobs: i64 = copied.query_row("SELECT count(*) FROM sancho_jobs", [], |row| row.get(0)).map_err(read)?;
    Ok(jobs.unsigned_abs())
}

fn failed(path: &Path, error: &io::Error) -> StoreError {
    let kind = if error.kind() == io::ErrorKind::StorageFull { ErrorKind::Full } else { ErrorKind::Unavailable };
    StoreError::new(OP, kind, format!("{} cannot be written: {error}", path.display()))
}
