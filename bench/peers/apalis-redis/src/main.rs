//! apalis-redis: a worker that takes jobs into a set of its own in a script, and acknowledges them in another.
//!
//! At least once: when a worker has missed its heartbeats, others take what is in its set.

#![forbid(unsafe_code)]

use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Result, anyhow, ensure};
use apalis::layers::WorkerBuilderExt;
use apalis::prelude::{Data, TaskSink, WorkerBuilder, WorkerError};
use apalis_redis::{Config, ConnectionManager, RedisStorage};
use peer::{Counter, NoOp, Peer, Pusher};

const QUEUE: &str = "default";
const WORKER: &str = "peer";

/// Jobs that are taken, and acknowledged, at once.
const BATCH: usize = 100;

/// Jobs that a script of its own moves at once, at most, before Lua's stack is full; well below that.
const MOVED_AT_ONCE: isize = 1_000;

fn main() -> ExitCode {
    peer::main::<ApalisRedis>()
}

struct ApalisRedis {
    connection: ConnectionManager,
}

/// Neither locks nor events: the lock that can be left out is a second one, which searches the whole queue for each
/// job, beside the set that the job is in once it was taken; and nobody listens to events. Results stay on, for they
/// are the acknowledgment.
fn config() -> Config {
    Config::default().queue(QUEUE).batch_size(BATCH).lock_tasks(false).emit_events(false)
}

impl ApalisRedis {
    fn storage(&self) -> RedisStorage<NoOp> {
        RedisStorage::new(self.connection.clone()).with_config(config())
    }
}

impl Peer for ApalisRedis {
    type Pusher = Pushing;

    /// One connection for all: what several tasks send goes out together.
    async fn open(url: &str, _: usize) -> Result<Self> {
        Ok(ApalisRedis { connection: apalis_redis::connect(url).await? })
    }

    fn pusher(&self) -> Result<Pushing> {
        Ok(Pushing(self.storage()))
    }

    /// Every push goes to the set of scheduled jobs, from where a worker's first fetch moves all that are due to the
    /// list of ready ones, in one script. With some 8,000 due jobs that script exceeds what Lua can hand to a command,
    /// and no fetch succeeds any more. So they are moved here as that script would, in pieces, and the worker finds
    /// what it would find had it fetched while they were pushed.
    async fn filled(&self) -> Result<()> {
        let (scheduled, ready) = (config().scheduled_jobs_set(), config().active_jobs_list());
        let mut connection = self.connection.clone();
        loop {
            let piece = redis::Cmd::zrange(&scheduled, 0, MOVED_AT_ONCE - 1);
            let piece: Vec<String> = piece.query_async(&mut connection).await?;
            if piece.is_empty() {
                return Ok(());
            }
            let mut moved = redis::pipe();
            moved.atomic().rpush(&ready, &piece).ignore().zrem(&scheduled, &piece).ignore();
            moved.query_async::<()>(&mut connection).await?;
        }
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
        let config = config();
        let (ready, scheduled, in_hand, done): (u64, u64, u64, u64) = redis::pipe()
            .llen(config.active_jobs_list())
            .zcard(config.scheduled_jobs_set())
            .scard(format!("{}:{WORKER}", config.inflight_jobs_set()))
            .scard(config.done_jobs_set())
            .query_async(&mut self.connection.clone())
            .await?;
        ensure!(
            (ready, scheduled, in_hand, done) == (0, 0, 0, performed),
            "{done} of {performed} jobs are done, {ready} ready, {scheduled} scheduled, {in_hand} in hand"
        );
        Ok(())
    }
}

/// Pushes to a storage of its own, on the connection of all.
struct Pushing(RedisStorage<NoOp>);

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
