//! apalis-sqlite: a worker that takes jobs of a table by an update, and acknowledges them by another.
//!
//! At least once: when a worker has missed its heartbeats, others take what it holds.
//!
//! Each acknowledgment reads every job that the worker has ever held: SQLite looks them up by their worker, whatever
//! statistics it has, and done ones keep its name. So a drain slows down with each job; it ends in time with some
//! thousands, and does not with very many more.

#![forbid(unsafe_code)]

use std::process::ExitCode;
use std::str::FromStr;
use std::sync::Arc;

use anyhow::{Result, anyhow, ensure};
use apalis::layers::WorkerBuilderExt;
use apalis::prelude::{Data, TaskSink, WorkerBuilder, WorkerError};
use apalis_sqlite::{Config, SqliteConnectOptions, SqlitePool, SqlitePoolOptions, SqliteStorage};
use peer::{Counter, NoOp, Peer, Pusher};
use sqlx::sqlite::{SqliteJournalMode, SqliteSynchronous};

const QUEUE: &str = "default";
const WORKER: &str = "peer";

/// Jobs that are taken, and acknowledged, at once.
const BATCH: usize = 100;

/// SQLite has one writer: more connections only wait for each other.
const CONNECTIONS: u32 = 1;

fn main() -> ExitCode {
    peer::main::<ApalisSqlite>()
}

struct ApalisSqlite {
    pool: SqlitePool,
}

/// Without the lock that can be left out: it is a second one, beside the name of the worker that takes the job.
fn config() -> Config {
    Config::default().queue(QUEUE).batch_size(BATCH).lock_tasks(false)
}

/// As the crate's own setup has it, but for `synchronous`: that setup turns it off, on one connection of the pool,
/// and a power cut then loses jobs whose push has returned. With `FULL` it keeps what Sancho keeps.
fn options(url: &str) -> Result<SqliteConnectOptions> {
    Ok(SqliteConnectOptions::from_str(url)?
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .pragma("temp_store", "MEMORY")
        .pragma("cache_size", "64000")
        .pragma("journal_size_limit", "67108864"))
}

impl ApalisSqlite {
    fn storage(&self) -> SqliteStorage<NoOp> {
        SqliteStorage::new(&self.pool).with_config(config())
    }
}

impl Peer for ApalisSqlite {
    type Pusher = Pushing;

    async fn open(url: &str, _: usize) -> Result<Self> {
        let pool = SqlitePoolOptions::new().max_connections(CONNECTIONS).connect_with(options(url)?).await?;
        SqliteStorage::migrations().run(&pool).await?;
        Ok(ApalisSqlite { pool })
    }

    fn pusher(&self) -> Result<Pushing> {
        Ok(Pushing(self.storage()))
    }

    async fn serve(&self, slots: usize, counter: Arc<Counter>) -> Result<()> {
        let last = Arc::clone(&counter);
        let worker = WorkerBuilder::new(WORKER)
            .backend(self.storage())
            .data(counter)
            .concurrency(slots)
            .build(perform)
            .run_until(async move {
                last.last().await;
                Ok::<_, WorkerError>(())
            });
        tokio::spawn(worker).await?.map_err(|error| anyhow!("the worker failed: {error}"))
    }

    async fn verify(&self, performed: u64) -> Result<()> {
        let counts = sqlx::query_as("SELECT count(*), count(*) FILTER (WHERE status = 'Done') FROM Jobs");
        let (all, done): (i64, i64) = counts.fetch_one(&self.pool).await?;
        let performed = i64::try_from(performed)?;
        ensure!((all, done) == (performed, performed), "{done} of {all} jobs are done, of {performed} performed");
        Ok(())
    }
}

/// Pushes to a storage of its own, on the connection of all.
struct Pushing(SqliteStorage<NoOp>);

impl Pusher for Pushing {
    async fn push(&mut self, job: NoOp) -> Result<()> {
        Ok(self.0.push(job).await?)
    }

    async fn push_bulk(&mut self, jobs: Vec<NoOp>) -> Result<()> {
        Ok(self.0.push_bulk(jobs).await?)
    }
}

async fn perform(_: NoOp, counter: Data<Arc<Counter>>) {
    counter.count();
}
