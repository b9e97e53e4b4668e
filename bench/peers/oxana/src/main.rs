//! oxana: a worker that moves each job to a list of its own, and deletes it there when it has been performed.
//!
//! At least once: when a process has missed its heartbeats, others take what is in its list.

#![forbid(unsafe_code)]

use std::convert::Infallible;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Result, ensure};
use oxana::{FromContext, JobContext, Queue, QueueConfig, Storage, Worker};
use peer::{Counter, NoOp, Peer, Pusher};
use serde::{Deserialize, Serialize};

const QUEUE: &str = "default";

/// Connections beside one for each slot: for the heartbeat, and for what is scheduled.
const SPARE_CONNECTIONS: usize = 4;

fn main() -> ExitCode {
    peer::main::<Oxana>()
}

struct Oxana {
    storage: Storage,
}

impl Peer for Oxana {
    type Pusher = Pushing;

    async fn open(url: &str, users: usize) -> Result<Self> {
        let storage = Storage::builder().max_pool_size(users + SPARE_CONNECTIONS).build_from_redis_url(url)?;
        Ok(Oxana { storage })
    }

    fn pusher(&self) -> Result<Pushing> {
        Ok(Pushing(self.storage.clone()))
    }

    async fn serve(&self, slots: usize, counter: Arc<Counter>) -> Result<()> {
        let last = Arc::clone(&counter);
        let stats = self
            .storage
            .runtime(counter)
            .queue_with_concurrency::<Default>(slots)
            .worker::<Perform, Job>()
            .shutdown_on(async move {
                last.last().await;
                Ok(())
            })
            .run()
            .await?;
        ensure!(stats.failed == 0, "{} jobs failed", stats.failed);
        Ok(())
    }

    async fn verify(&self, _: u64) -> Result<()> {
        let (waiting, held) = (self.storage.enqueued_count(Default).await?, self.storage.jobs_count().await?);
        ensure!((waiting, held) == (0, 0), "{waiting} jobs are still in the queue, and {held} in the store");
        Ok(())
    }
}

/// Pushes with whichever connection of the pool is free.
struct Pushing(Storage);

impl Pusher for Pushing {
    async fn push(&mut self, job: NoOp) -> Result<()> {
        self.0.enqueue(Default, Job(job)).await?;
        Ok(())
    }

    async fn push_bulk(&mut self, jobs: Vec<NoOp>) -> Result<()> {
        self.0.enqueue_list(Default, jobs.into_iter().map(Job)).await?;
        Ok(())
    }
}

struct Default;

impl Queue for Default {
    fn to_config() -> QueueConfig {
        QueueConfig::as_static(QUEUE)
    }
}

#[derive(Deserialize, Serialize)]
#[serde(transparent)]
struct Job(NoOp);

impl oxana::Job for Job {}

struct Perform(Arc<Counter>);

impl FromContext<Arc<Counter>> for Perform {
    fn from_context(counter: &Arc<Counter>) -> Self {
        Perform(Arc::clone(counter))
    }
}

#[async_trait::async_trait]
impl Worker<Job> for Perform {
    type Error = Infallible;

    async fn process(&self, _: Job, _: &JobContext) -> Result<(), Infallible> {
        self.0.count();
        Ok(())
    }
}
