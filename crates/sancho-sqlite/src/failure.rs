//! What goes wrong, and what it means for the caller.

use rusqlite::ErrorCode;
use sancho_core::{ErrorKind, StoreError};

use crate::migrate::Newer;

/// A move that failed, before it is known which one.
#[derive(Debug)]
pub(crate) enum Failure {
    /// SQLite said so.
    Sqlite(rusqlite::Error),
    /// The store itself said so.
    Said(ErrorKind, String),
}

/// The answer of a step of a move.
pub(crate) type Made<T> = Result<T, Failure>;

impl From<rusqlite::Error> for Failure {
    fn from(error: rusqlite::Error) -> Self {
        Failure::Sqlite(error)
    }
}

impl From<Newer> for Failure {
    fn from(Newer { found, known }: Newer) -> Self {
        let said = format!(
            "the file has schema version {found} now, and this build knows only {known}: nothing is done; a newer \
             sancho has migrated it, so stop this program and start its newer build"
        );
        Failure::Said(ErrorKind::Unsupported, said)
    }
}

impl Failure {
    /// What the caller does next.
    pub(crate) fn kind(&self, commit: Commit) -> ErrorKind {
        match self {
            Failure::Said(kind, _) => *kind,
            Failure::Sqlite(error) => match error.sqlite_error_code() {
                Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => ErrorKind::Unavailable,
                Some(ErrorCode::DiskFull) => ErrorKind::Full,
                Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => ErrorKind::Corrupt,
                _ if commit == Commit::UnderWay => ErrorKind::OutcomeUnknown,
                Some(
                    ErrorCode::SystemIoFailure
                    | ErrorCode::CannotOpen
                    | ErrorCode::ReadOnly
                    | ErrorCode::PermissionDenied
                    | ErrorCode::OutOfMemory
                    | ErrorCode::OperationInterrupted,
                ) => ErrorKind::Unavailable,
                Some(ErrorCode::TooBig) => ErrorKind::Invalid,
                Some(ErrorCode::TypeMismatch) => ErrorKind::Corrupt,
                _ => match error {
                    // The last is a schema in which a statement of ours finds no table or column.
                    rusqlite::Error::FromSqlConversionFailure(..)
                    | rusqlite::Error::InvalidColumnType(..)
                    | rusqlite::Error::IntegralValueOutOfRange(..)
                    | rusqlite::Error::Utf8Error(..)
                    | rusqlite::Error::SqlInputError { .. } => ErrorKind::Corrupt,
                    _ => ErrorKind::Internal,
                },
            },
        }
    }

    /// The error of the move `op`; several moves may share a failure.
    pub(crate) fn to_error(&self, op: &'static str, commit: Commit) -> StoreError {
        let kind = self.kind(commit);
        let said = match self {
            Failure::Said(_, said) => said.clone(),
            Failure::Sqlite(error) => match kind {
                ErrorKind::Full => {
                    format!("the disk is full ({error}): free space; no job is lost, and the store goes on then")
                }
                ErrorKind::Unavailable => format!("{error}: nothing happened; try again"),
                _ => in_a_line(error),
            },
        };
        StoreError::new(op, kind, said)
    }
}

/// What SQLite said, without the statement, which has many lines and is ours.
pub(crate) fn in_a_line(error: &rusqlite::Error) -> String {
    match error {
        rusqlite::Error::SqlInputError { msg, .. } => msg.clone(),
        rusqlite::Error::InvalidColumnType(_, name, kind) => {
            let name = name.split_whitespace().collect::<Vec<_>>().join(" ");
            format!("a value of the type {kind} where none can be, in {name}")
        }
        other => other.to_string(),
    }
}

/// Whether a failed statement was the commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Commit {
    /// It was not: nothing has happened.
    NotBegun,
    /// It was: what happened is not known, but for errors that say so.
    UnderWay,
}
