//! rusty-sidekiq: a worker that takes each job off a Redis list before it performs it, as Sidekiq does, in its format.
//!
//! **A crash loses the jobs in hand.** Its fastest documented configuration is the default one with a connection for
//! each worker, and without the pool's check of each connection whenever it is taken, a round trip of its own.

#![forbid(unsafe_code)]

use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Result, ensure};
use peer::{Counter, NoOp, Peer, Pusher};
use sidekiq::{Processor, ProcessorConfig, RedisConnectionManager, RedisPool, Worker, redis_rs};

const QUEUE: &str = "default";

/// Connections beside those of the workers: for the heartbeat, and for what is scheduled.
const SPARE_CONNECTIONS: u32 = 2;

fn main() -> ExitCode {
    peer::main::<RustySidekiq>()
}

struct RustySidekiq {
    pool: RedisPool,
}

impl Peer for RustySidekiq {
    type Pusher = Pushing;

    const NO_BULK: Option<&'static str> = Some("rusty-sidekiq has no call that pushes many jobs");

    async fn open(url: &str, users: usize) -> Result<Self> {
        let connections = u32::try_from(users)? + SPARE_CONNECTIONS;
        let pool = bb8::Pool::builder().max_size(connections).test_on_check_out(false);
        Ok(RustySidekiq { pool: pool.build(RedisConnectionManager::new(url)?).await? })
    }

    fn pusher(&self) -> Result<Pushing> {
        Ok(Pushing(self.pool.clone()))
    }

    async fn serve(&self, slots: usize, counter: Arc<Counter>) -> Result<()> {
        let config = ProcessorConfig::default().num_workers(slots);
        let mut processor = Processor::new(self.pool.clone(), vec![QUEUE.to_owned()]).with_config(config);
        processor.register(Perform(Arc::clone(&counter)));
        let stop = processor.get_cancellation_token();
        let running = tokio::spawn(processor.run());
        counter.last().await;
        stop.cancel();
        Ok(running.await?)
    }

    /// It keeps no count of what it performed; what waits is told.
    async fn verify(&self, _: u64) -> Result<()> {
        let mut connection = self.pool.get().await?;
        let (ready, retries): (u64, u64) = redis_rs::pipe()
            .llen(format!("queue:{QUEUE}"))
            .zcard("retry")
            .query_async(connection.unnamespaced_borrow_mut())
            .await?;
        ensure!((ready, retries) == (0, 0), "{ready} jobs are still ready, and {retries} wait for a retry");
        Ok(())
    }
}

/// Pushes with whichever connection of the pool is free.
struct Pushing(RedisPool);

impl Pusher for Pushing {
    async fn push(&mut self, job: NoOp) -> Result<()> {
        Ok(Perform::perform_async(&self.0, job).await?)
    }
}

struct Perform(Arc<Counter>);

#[async_trait::async_trait]
impl Worker<NoOp> for Perform {
    async fn perform(&self, _: NoOp) -> sidekiq::Result<()> {
        self.0.count();
        Ok(())
    }
}
