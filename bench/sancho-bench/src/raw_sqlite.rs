//! The limit of SQLite: the same moves by one connection of rusqlite, with nothing around them.

use std::path::Path;
use std::time::Instant;

use anyhow::Result;
use rusqlite::Connection;

use crate::scratch::Durability;

/// Jobs of one batch of the cycle.
const BATCH: usize = 100;

/// What a row holds: a payload as Sancho writes it for the job that is drained.
const PAYLOAD: &str = concat!(
    r#"{"retry":true,"queue":"default","args":["string",123456,{"mike":"bob"}],"class":"NoOp","#,
    r#""jid":"5931c557999193ffeb592663","created_at":1795214970.123456,"enqueued_at":1795214970.123456}"#
);

/// How the cycle's three steps are committed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Commits {
    /// Insert, claim and delete, each in a transaction of its own: the limit.
    Each,
    /// The delete of one batch together with the claim of the next: what a store does that settles and claims in one
    /// exchange.
    SettleWithClaim,
}

fn open(file: &Path, durability: Durability) -> Result<Connection> {
    let connection = Connection::open(file)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", durability.synchronous())?;
    connection.set_prepared_statement_cache_capacity(16);
    connection.execute_batch("CREATE TABLE jobs (id INTEGER PRIMARY KEY, owner INTEGER, payload TEXT NOT NULL)")?;
    Ok(connection)
}

/// Rows a second, inserted `batch` in a transaction. `warm_up` rows go before, in the same way.
pub fn inserts(file: &Path, durability: Durability, batch: u64, warm_up: u64, rows: u64) -> Result<f64> {
    let connection = open(file, durability)?;
    insert_rows(&connection, batch, warm_up)?;
    let start = Instant::now();
    insert_rows(&connection, batch, rows)?;
    Ok(rows as f64 / start.elapsed().as_secs_f64())
}

fn insert_rows(connection: &Connection, batch: u64, rows: u64) -> Result<()> {
    for _ in 0..rows / batch {
        transaction(connection, || insert(connection, batch))?;
    }
    Ok(())
}

/// Jobs a second of the cycle insert → claim → delete in batches of 100. `warm_up` jobs go before, in the same way.
pub fn cycle(file: &Path, durability: Durability, commits: Commits, warm_up: u64, jobs: u64) -> Result<f64> {
    let connection = open(file, durability)?;
    cycle_rows(&connection, commits, warm_up)?;
    let start = Instant::now();
    cycle_rows(&connection, commits, jobs)?;
    Ok(jobs as f64 / start.elapsed().as_secs_f64())
}

fn cycle_rows(connection: &Connection, commits: Commits, jobs: u64) -> Result<()> {
    let mut held = Vec::with_capacity(BATCH);
    for _ in 0..jobs / BATCH as u64 {
        transaction(connection, || insert(connection, BATCH as u64))?;
        match commits {
            Commits::Each => {
                held = transaction(connection, || claim(connection))?;
                transaction(connection, || delete(connection, &held))?;
            }
            Commits::SettleWithClaim => {
                held = transaction(connection, || {
                    delete(connection, &held)?;
                    claim(connection)
                })?;
            }
        }
    }
    if commits == Commits::SettleWithClaim {
        transaction(connection, || delete(connection, &held))?;
    }
    Ok(())
}

fn transaction<T>(connection: &Connection, act: impl FnOnce() -> Result<T>) -> Result<T> {
    connection.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
    let done = act()?;
    connection.prepare_cached("COMMIT")?.execute([])?;
    Ok(done)
}

fn insert(connection: &Connection, rows: u64) -> Result<()> {
    let mut insert = connection.prepare_cached("INSERT INTO jobs (payload) VALUES (?1)")?;
    for _ in 0..rows {
        insert.execute([PAYLOAD])?;
    }
    Ok(())
}

/// Claims a batch, reads its payloads, and answers its ids.
fn claim(connection: &Connection) -> Result<Vec<i64>> {
    let mut claim = connection.prepare_cached(
        "UPDATE jobs SET owner = 1 \
         WHERE id IN (SELECT id FROM jobs WHERE owner IS NULL ORDER BY id LIMIT 100) RETURNING id, payload",
    )?;
    let rows = claim.query_map([], |row| {
        let payload: String = row.get(1)?;
        std::hint::black_box(payload);
        row.get(0)
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn delete(connection: &Connection, ids: &[i64]) -> Result<()> {
    let mut delete = connection.prepare_cached("DELETE FROM jobs WHERE id = ?1 AND owner = 1")?;
    for id in ids {
        let deleted = delete.execute([id])?;
        anyhow::ensure!(deleted == 1, "job {id} was not held");
    }
    Ok(())
}
