//! The schema and its version, kept in a table of our own: the file may be the application's too.

use rusqlite::{Connection, OptionalExtension, TransactionBehavior};

/// The version that this build writes.
const VERSION: i64 = 1;

const SCHEMA: &str = include_str!("sql/schema.sql");

/// The file has a newer schema than this build knows, or one of a version before the first.
pub(crate) struct Newer {
    pub(crate) found: i64,
    pub(crate) known: i64,
}

/// Brings the schema up to date: once, however many processes open the file at the same moment.
pub(crate) fn migrate(connection: &mut Connection) -> rusqlite::Result<Result<(), Newer>> {
    match version(connection)? {
        Some(VERSION) => return Ok(Ok(())),
        Some(found) if found > VERSION || found < 1 => return Ok(Err(Newer { found, known: VERSION })),
        _ => {}
    }
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    if version(&transaction)?.is_none() {
        transaction.execute_batch(SCHEMA)?;
        transaction.execute_batch("CREATE TABLE sancho_schema (version INTEGER NOT NULL)")?;
        transaction.execute("INSERT INTO sancho_schema (version) VALUES (?1)", [VERSION])?;
    }
    transaction.commit()?;
    Ok(Ok(()))
}

fn version(connection: &Connection) -> rusqlite::Result<Option<i64>> {
    let there = connection
        .query_row("SELECT 1 FROM sqlite_schema WHERE name = 'sancho_schema'", [], |_| Ok(()))
        .optional()?
        .is_some();
    if !there {
        return Ok(None);
    }
    connection.query_row("SELECT max(version) FROM sancho_schema", [], |row| row.get(0))
}
