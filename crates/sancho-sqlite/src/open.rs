//! Opening a file, and the reasons why it is refused.

use std::fmt;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags};

use crate::failure::in_a_line;
use crate::migrate;

/// The oldest SQLite that is trusted with a write-ahead log: earlier ones can corrupt it.
const VERSION_MIN: i32 = 3_051_003;

/// How often the wait for another process's lock is repeated before a move answers that the store is
/// unavailable: about half a minute.
const LOCK_TRIES_MAX: i32 = 60_000;

/// Kilobytes of pages that the writing connection keeps: a server stays small.
const WRITER_CACHE_KB: i32 = 6_000;

/// Kilobytes of pages that the reading connection keeps.
const READER_CACHE_KB: i32 = 2_000;

/// Bytes that the write-ahead log is cut down to when it starts anew.
const WAL_BYTES_KEPT: i64 = 16 * 1024 * 1024;

/// Statements that a connection keeps prepared: more than the store has.
const STATEMENTS_KEPT: usize = 160;

/// How a store is opened.
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct Options {
    /// What an answered call survives.
    pub durability: Durability,
}

impl Options {
    /// These options with another durability.
    #[must_use]
    pub fn durability(mut self, durability: Durability) -> Self {
        self.durability = durability;
        self
    }
}

/// What an answered call survives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Durability {
    /// The loss of power: each group of calls is flushed to the disk.
    #[default]
    Full,
    /// The death of every process, but not the loss of power, which may undo the last moments. Faster.
    Normal,
}

/// Why a file cannot be a store. Each message names the fix.
#[derive(Debug)]
#[non_exhaustive]
pub enum OpenError {
    /// The file was written by a newer Sancho.
    NewerSchema {
        /// The file.
        path: PathBuf,
        /// The version of its schema.
        found: i64,
        /// The newest that this build knows.
        known: i64,
    },
    /// The file has a schema version that was never there.
    NoSchema {
        /// The file.
        path: PathBuf,
        /// The version.
        found: i64,
    },
    /// The file is something else.
    NotADatabase {
        /// The file.
        path: PathBuf,
    },
    /// The directory of the file is not there.
    NoDirectory {
        /// The directory.
        directory: PathBuf,
    },
    /// The file, or its directory, cannot be written.
    NotWritable {
        /// The file.
        path: PathBuf,
        /// What was said.
        said: String,
    },
    /// The SQLite that this program was built with is too old.
    OldSqlite {
        /// Its version, as SQLite counts: 3051003 is 3.51.3.
        found: i32,
    },
    /// There is no room left.
    DiskFull {
        /// The file.
        path: PathBuf,
    },
    /// The system has no thread to give.
    NoThread {
        /// What the system said.
        said: String,
    },
    /// Anything else.
    Sqlite {
        /// The file.
        path: PathBuf,
        /// What SQLite said.
        source: rusqlite::Error,
    },
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            OpenError::NewerSchema { path, found, known } => write!(
                f,
                "{} has schema version {found}, and this build knows only {known}: use a newer sancho",
                path.display()
            ),
            OpenError::NotADatabase { path } => {
                write!(f, "{} is not an SQLite database: name another file, or move this one away", path.display())
            }
            OpenError::NoDirectory { directory } => {
                write!(f, "the directory {} does not exist: create it first", directory.display())
            }
            OpenError::NotWritable { path, said } => write!(
                f,
                "{} cannot be written ({said}): SQLite writes beside the file too, so make the file and its \
                 directory writable, or name another place",
                path.display()
            ),
            OpenError::OldSqlite { found } => write!(
                f,
                "SQLite {} is too old, as it can corrupt a write-ahead log: build with SQLite {} or later",
                version_text(*found),
                version_text(VERSION_MIN)
            ),
            OpenError::DiskFull { path } => {
                write!(f, "the disk of {} is full: free space and start again; no job is lost", path.display())
            }
            OpenError::NoThread { said } => {
                write!(f, "the store's threads cannot be started ({said}): raise the limit of processes")
            }
            OpenError::NoSchema { path, found } => write!(
                f,
                "{} has schema version {found}, which no sancho writes: restore a backup, or name another file",
                path.display()
            ),
            OpenError::Sqlite { path, source } => {
                write!(f, "{} cannot be opened: {}", path.display(), in_a_line(source))
            }
        }
    }
}

impl std::error::Error for OpenError {}

fn version_text(number: i32) -> String {
    format!("{}.{}.{}", number / 1_000_000, number / 1_000 % 1_000, number % 1_000)
}

/// Whether an SQLite of this version, as SQLite counts, may keep jobs.
///
/// # Errors
/// [`OpenError::OldSqlite`].
///
/// ```
/// assert!(sancho_sqlite::check_version(3_051_003).is_ok());
/// assert_eq!(
///     sancho_sqlite::check_version(3_051_002).unwrap_err().to_string(),
///     "SQLite 3.51.2 is too old, as it can corrupt a write-ahead log: build with SQLite 3.51.3 or later"
/// );
/// ```
pub fn check_version(found: i32) -> Result<(), OpenError> {
    if found < VERSION_MIN { Err(OpenError::OldSqlite { found }) } else { Ok(()) }
}

/// What a connection is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    Writer,
    Reader,
}

/// A connection to the file, tuned; the writer's brings the schema up to date first.
pub(crate) fn connect(path: &Path, options: Options, role: Role) -> Result<Connection, OpenError> {
    check_version(rusqlite::version_number())?;
    if let Some(directory) = path.parent().filter(|it| !it.as_os_str().is_empty() && !it.is_dir()) {
        return Err(OpenError::NoDirectory { directory: directory.to_owned() });
    }
    if role == Role::Writer && is_something_else(path) {
        return Err(OpenError::NotADatabase { path: path.to_owned() });
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    if role == Role::Writer {
        crate::private::make(path);
    }
    let mut connection = Connection::open_with_flags(path, flags).map_err(|error| refusal(path, error))?;
    tune(&mut connection, options, role).map_err(|error| refusal(path, error))?;
    if role == Role::Writer {
        match migrate::migrate(&mut connection) {
            Ok(Ok(())) => {}
            Ok(Err(migrate::Newer { found, .. })) if found < 1 => {
                return Err(OpenError::NoSchema { path: path.to_owned(), found });
            }
            Ok(Err(migrate::Newer { found, known })) => {
                return Err(OpenError::NewerSchema { path: path.to_owned(), found, known });
            }
            Err(error) => return Err(refusal(path, error)),
        }
    }
    Ok(connection)
}

/// Whether a file is there that begins as no database does. SQLite takes a short one for a new database, and writes
/// over somebody's notes.
fn is_something_else(path: &Path) -> bool {
    const HEADER: &[u8] = b"SQLite format 3\0";
    let mut journal = path.as_os_str().to_owned();
    journal.push("-journal");
    // A first page that was half written when its process died is SQLite's to restore.
    if Path::new(&journal).exists() {
        return false;
    }
    let mut begin = Vec::new();
    let read = File::open(path).and_then(|file| file.take(HEADER.len() as u64).read_to_end(&mut begin));
    // What cannot be read, SQLite refuses in words of its own.
    read.is_ok_and(|length| length > 0) && begin != HEADER
}

fn tune(connection: &mut Connection, options: Options, role: Role) -> rusqlite::Result<()> {
    connection.busy_handler(Some(wait_for_lock as fn(i32) -> bool))?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS_KEPT);
    // Without this, binding a value to a statement that a partial index may serve throws its plan away: a fifth of
    // the writer's time went into preparing the same statements again.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    if role == Role::Writer {
        use_wal(connection)?;
    }
    let synchronous = match options.durability {
        Durability::Full => "FULL",
        Durability::Normal => "NORMAL",
    };
    let cache = if role == Role::Writer { WRITER_CACHE_KB } else { READER_CACHE_KB };
    connection.pragma_update(None, "synchronous", synchronous)?;
    connection.pragma_update(None, "cache_size", -cache)?;
    connection.pragma_update(None, "mmap_size", 0)?;
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    connection.pragma_update(None, "journal_size_limit", WAL_BYTES_KEPT)?;
    Ok(())
}

/// Two processes that open a new file at once may refuse each other here without asking the busy handler.
fn use_wal(connection: &Connection) -> rusqlite::Result<()> {
    let mut tries = 0;
    loop {
        let set = connection.query_row("PRAGMA journal_mode = WAL", [], |row| row.get::<_, String>(0));
        match set {
            Err(error) if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) && wait_for_lock(tries) => {
                tries += 1;
            }
            other => return other.map(drop),
        }
    }
}

/// Waits a moment for another process's lock. Short and uneven, so that processes that contend take turns:
/// SQLite's own back-off grows, and lets whoever came last starve whoever came first.
#[expect(clippy::disallowed_methods, reason = "SQLite calls this on a thread of ours, and wants it to block")]
fn wait_for_lock(tries: i32) -> bool {
    let micros = if tries < 8 { 60 } else { 200 + u64::from(tries.unsigned_abs() * 97 % 400) };
    std::thread::sleep(Duration::from_micros(micros));
    tries < LOCK_TRIES_MAX
}

fn refusal(path: &Path, error: rusqlite::Error) -> OpenError {
    let path = path.to_owned();
    match error.sqlite_error_code() {
        Some(ErrorCode::NotADatabase) => OpenError::NotADatabase { path },
        Some(ErrorCode::DiskFull) => OpenError::DiskFull { path },
        Some(ErrorCode::CannotOpen | ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => {
            OpenError::NotWritable { path, said: error.to_string() }
        }
        _ => OpenError::Sqlite { path, source: error },
    }
}
