//! Drains: a server performs what is in its queues, and nobody pushes meanwhile.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use sancho::{Client, Perform, Server};

use crate::cpu;
use crate::noop::{Counter, NoOp};

/// No drain may take longer, beside a millisecond for each job: a run is bounded even if the server has stopped
/// taking jobs.
const DRAIN_MAX: Duration = Duration::from_secs(20);

/// What is in the queues, and who performs it.
#[derive(Clone, Debug)]
pub struct Load {
    pub queues: Vec<String>,
    pub slots: usize,
    /// Jobs that are not measured, and jobs that are; neither is zero.
    pub warm_up: u64,
    pub jobs: u64,
    /// How many of them all fail, and wait for a retry that is not due before the end.
    pub failing: u64,
}

/// What a drain came to.
#[derive(Clone, Copy, Debug)]
pub struct Drained {
    /// Measured jobs, from the end of the warm-up on.
    pub jobs_per_second: f64,
    /// Seconds of processor time for 100,000 jobs: of the whole process, from the server's start, warm-up included.
    pub cpu_seconds: Option<f64>,
}

/// Performs `warm_up` and `jobs` no-op jobs, which are in the queue and alone there, in so many slots.
pub async fn drain(client: &Client, queue: &str, slots: usize, warm_up: u64, jobs: u64) -> Result<Drained> {
    let load = Load { queues: vec![queue.to_owned()], slots, warm_up, jobs, failing: 0 };
    drain_of::<NoOp>(client, &load).await
}

/// Performs jobs that count themselves, which are in the queues and alone there.
///
/// The clock runs from the last job of the warm-up to the last of all. At either moment the store lacks the settlements
/// of the round that runs, so the span has as many settlements as jobs. The server is stopped then, and the store has
/// to say that it counts every job as processed, those that fail as failed and waiting for their retry, and that none of
/// them runs or is dead.
pub async fn drain_of<J: Perform<Arc<Counter>>>(client: &Client, load: &Load) -> Result<Drained> {
    let before = client.inspect().stats(client.clock().now()).await?;
    let counter = Arc::new(Counter::new(load.warm_up, load.jobs));
    let cpu_before = cpu::seconds();
    let server = Server::new(client.clone(), Arc::clone(&counter)).register::<J>();
    let running = server.queues(load.queues.clone()).slots(load.slots).start().await?;
    let all = load.warm_up + load.jobs;
    let patience = DRAIN_MAX + Duration::from_millis(all);
    let waited = tokio::time::timeout(patience, counter.last()).await;
    let cpu_after = cpu::seconds();
    running.stop().await;
    waited.with_context(|| format!("{all} jobs were not performed within {patience:?}"))?;

    let after = client.inspect().stats(client.clock().now()).await?;
    let (processed, failed) = (after.processed - before.processed, after.failed - before.failed);
    ensure!(processed == all, "the store counts {processed} of {all} jobs as processed");
    ensure!(failed == load.failing, "the store counts {failed} of {} jobs as failed", load.failing);
    // What waits in queues is not asked: stores count large ones anew only now and then. It is what was not processed.
    let due = (0, before.retries + load.failing, 0);
    ensure!((after.busy, after.retries, after.dead) == due, "the store holds what should be gone: {after:?}");
    let used = cpu_before.zip(cpu_after).map(|(before, after)| after - before);
    Ok(Drained {
        jobs_per_second: counter.jobs_per_second().context("the drain has no end")?,
        cpu_seconds: used.map(|used| used * 100_000.0 / all as f64),
    })
}
