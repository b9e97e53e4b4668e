//! The role of an outsider: another program that works on the SQLite file, and knows nothing of Sancho.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use clap::{Args, ValueEnum};
use rusqlite::{Connection, OpenFlags};

use super::house::check;
use crate::ledger::{Ledger, Verb};
use crate::options::RoleOptions;
use crate::server::{connect, end_of_input};

/// How long it waits for its turn: longer than any fault lasts.
const TURN_MAX: Duration = Duration::from_secs(90);

/// What it does; it says that it is up once it has what it came for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Act {
    /// Holds the write lock until its standard input ends.
    Lock,
    /// Has changed every job, and has not committed.
    Transaction,
    /// Reads what was there when it began, until its standard input ends.
    Read,
    /// Makes a copy, and checks that it is whole.
    Backup,
}

#[derive(Debug, Args)]
pub(crate) struct OutsiderOptions {
    #[command(flatten)]
    pub(crate) role: RoleOptions,
    #[arg(long)]
    act: Act,
    #[arg(long)]
    file: std::path::PathBuf,
    #[arg(long)]
    copy: std::path::PathBuf,
}

/// Acts on the file.
pub(super) async fn play(options: &OutsiderOptions) -> Result<()> {
    let OutsiderOptions { role, act, file, copy } = options;
    let ledger = Ledger::open(&role.ledger, &role.name)?;
    let opened = Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_WRITE);
    let connection = opened.with_context(|| format!("failed to open {}", file.display()))?;
    connection.busy_timeout(TURN_MAX)?;
    match act {
        Act::Lock => hold(&connection, "BEGIN IMMEDIATE", &ledger).await,
        Act::Read => hold(&connection, "BEGIN; SELECT count(*) FROM sancho_jobs", &ledger).await,
        Act::Transaction => {
            // A cache of a few pages writes most of the change to the log before any commit.
            let change = "PRAGMA cache_size = 4; BEGIN IMMEDIATE; DELETE FROM sancho_ready; DELETE FROM sancho_busy; \
                 DELETE FROM sancho_waiting; DELETE FROM sancho_jobs";
            hold(&connection, change, &ledger).await
        }
        Act::Backup => back_up(&connection, copy, &ledger).await,
    }
}

/// Begins a transaction, and ends it, having changed nothing, when the standard input ends.
async fn hold(connection: &Connection, begin: &str, ledger: &Ledger) -> Result<()> {
    for statement in begin.split(';') {
        let mut statement = connection.prepare(statement)?;
        let mut rows = statement.query([])?;
        while rows.next()?.is_some() {}
    }
    ledger.write(Verb::Up, 0, 0)?;
    end_of_input().await;
    connection.execute_batch("ROLLBACK").context("failed to end the transaction")
}

/// Copies the file while others write, and opens the copy as SQLite and as a store.
async fn back_up(connection: &Connection, copy: &Path, ledger: &Ledger) -> Result<()> {
    let name = copy.to_str().context("the copy's name is not UTF-8")?;
    connection.execute("VACUUM INTO ?1", [name]).context("failed to make a copy")?;
    let complaints = check(copy)?;
    ensure!(complaints.is_empty(), "the copy is not whole: {}", complaints.join("; "));
    let client = connect(&format!("sqlite://{name}")).await.context("the copy is no store")?;
    let stats = client.inspect().stats(client.clock().now()).await.context("the copy cannot be looked at")?;
    eprintln!("a copy is whole: {stats:?}");
    ledger.write(Verb::Up, 0, 0)?;
    Ok(())
}
