//! The schema and its version, kept in a table of our own: the file may be the application's too.
//!
//! A file is brought up to date by steps, in order, each once. A step that only adds (an index, a table, a column with a
//! default) leaves the *version* as it is: older builds share the file with newer ones, as they do during a deploy. A
//! step that older builds would trip over gives the file a new version, and they refuse it from then on, also those that
//! have it open. Which step is which is decided here, by whoever writes it; `docs/decisions/0010-upgrades.md` says how.

use rusqlite::{Connection, OptionalExtension, TransactionBehavior};

const FIRST_SCHEMA: &str = include_str!("sql/schema.sql");

/// The version of a file that has no step yet.
const FIRST_VERSION: i64 = 1;

/// The steps of this build, oldest first. New ones come to the end; those that are here never change.
const STEPS: &[Step] = &[
    Step { sql: include_str!("sql/steps/1_foreign_jids_by_id.sql"), version: 1 },
    Step { sql: include_str!("sql/steps/2_metrics.sql"), version: 1 },
    Step { sql: include_str!("sql/steps/3_counts.sql"), version: 1 },
];

/// One change of the schema.
#[derive(Clone, Copy, Debug)]
struct Step {
    /// Any number of statements.
    sql: &'static str,
    /// The version of a file that has this step: the same as before where older builds may share it, else one more.
    version: i64,
}

/// What a file says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Form {
    /// Builds that know no version as high as this refuse the file.
    version: i64,
    /// How many steps it has.
    steps: i64,
}

/// The file has a newer schema than this build knows, or one of a version before the first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Newer {
    /// The version of the file.
    pub(crate) found: i64,
    /// The newest that this build shares.
    pub(crate) known: i64,
}

/// Brings the schema up to date: once, however many processes open the file at the same moment, and whole or not at all.
pub(crate) fn migrate(connection: &mut Connection) -> rusqlite::Result<Result<(), Newer>> {
    take_steps(connection, STEPS)
}

/// Whether a file that was opened is still one that this build may touch: a newer build may have migrated it since.
pub(crate) fn check(connection: &Connection) -> rusqlite::Result<Result<(), Newer>> {
    let mut find = connection.prepare_cached("SELECT max(version) FROM sancho_schema")?;
    Ok(refuse_newer(find.query_row([], |row| row.get(0))?, STEPS))
}

fn take_steps(connection: &mut Connection, steps: &[Step]) -> rusqlite::Result<Result<(), Newer>> {
    // Asked without a lock first: as a rule there is nothing to do, and opening waits for nobody.
    if let Some(form) = form(connection)? {
        if let Err(newer) = refuse_newer(form.version, steps) {
            return Ok(Err(newer));
        }
        if form.steps >= count(steps) {
            return Ok(Ok(()));
        }
    }
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let form = match form(&transaction)? {
        Some(form) => form,
        None => begin(&transaction)?,
    };
    if let Err(newer) = refuse_newer(form.version, steps) {
        return Ok(Err(newer));
    }
    for step in steps.iter().skip(usize::try_from(form.steps).unwrap_or(usize::MAX)) {
        transaction.execute_batch(step.sql)?;
    }
    if form.steps < count(steps) {
        add_column_of_steps(&transaction)?;
        let reached = (known(steps).max(form.version), count(steps));
        transaction.execute("UPDATE sancho_schema SET version = ?1, steps = ?2", reached)?;
    }
    transaction.commit()?;
    Ok(Ok(()))
}

/// Makes a file of the first schema.
fn begin(connection: &Connection) -> rusqlite::Result<Form> {
    connection.execute_batch(FIRST_SCHEMA)?;
    connection.execute_batch("CREATE TABLE sancho_schema (version INTEGER NOT NULL)")?;
    connection.execute("INSERT INTO sancho_schema (version) VALUES (?1)", [FIRST_VERSION])?;
    Ok(Form { version: FIRST_VERSION, steps: 0 })
}

/// What a file says of itself; `None` for one that holds no jobs yet.
fn form(connection: &Connection) -> rusqlite::Result<Option<Form>> {
    let there = connection
        .query_row("SELECT 1 FROM sqlite_schema WHERE name = 'sancho_schema'", [], |_| Ok(()))
        .optional()?
        .is_some();
    if !there {
        return Ok(None);
    }
    let version = connection.query_row("SELECT max(version) FROM sancho_schema", [], |row| row.get(0))?;
    let steps = if counts_steps(connection)? {
        connection.query_row("SELECT max(steps) FROM sancho_schema", [], |row| row.get(0))?
    } else {
        0
    };
    Ok(Some(Form { version, steps }))
}

/// Whether the file counts its steps: the first builds knew of none.
fn counts_steps(connection: &Connection) -> rusqlite::Result<bool> {
    connection.prepare("SELECT 1 FROM pragma_table_info('sancho_schema') WHERE name = 'steps'")?.exists([])
}

fn add_column_of_steps(connection: &Connection) -> rusqlite::Result<()> {
    if counts_steps(connection)? {
        return Ok(());
    }
    connection.execute_batch("ALTER TABLE sancho_schema ADD COLUMN steps INTEGER NOT NULL DEFAULT 0")
}

/// Refuses a version that this build does not share; one below the first is nobody's.
fn refuse_newer(found: i64, steps: &[Step]) -> Result<(), Newer> {
    let known = known(steps);
    if found > known || found < FIRST_VERSION { Err(Newer { found, known }) } else { Ok(()) }
}

/// The newest version that a build with these steps shares.
fn known(steps: &[Step]) -> i64 {
    steps.last().map_or(FIRST_VERSION, |step| step.version)
}

fn count(steps: &[Step]) -> i64 {
    i64::try_from(steps.len()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests;
