//! Drains: a server performs what is in a queue, and nobody pushes meanwhile.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use sancho::{Client, Server};

use crate::cpu;
use crate::noop::{Counter, NoOp};

/// No drain may take longer, beside a millisecond for each job: a run is bounded even if the server has stopped
/// taking jobs.
const DRAIN_MAX: Duration = Duration::from_secs(20);

/// What a drain came to.
#[derive(Clone, Copy, Debug)]
pub struct Drained {
    /// Measured jobs, from the end of the warm-up on.
    pub jobs_per_second: f64,
    /// Seconds of processor time for 100,000 jobs: of the whole process, from the server's start, warm-up included.
    pub cpu_seconds: Option<f64>,
}

/// Performs `warm_up` and `jobs` no-op jobs, which are in the queue and alone there, in so many slots.
///
/// The clock runs from the last job of the warm-up to the last of all. At either moment the store lacks the settlements
/// of the round that runs, so the span has as many settlements as jobs. The server is stopped then, and the store has
/// to say that it counts every job as processed and holds none.
pub async fn drain(client: &Client, queue: &str, slots: usize, warm_up: u64, jobs: u64) -> Result<Drained> {
    let before = client.inspect().stats(client.clock().now()).await?;
    let counter = Arc::new(Counter::new(warm_up, jobs));
    let cpu_before = cpu::seconds();
    let server = Server::new(client.clone(), Arc::clone(&counter)).register::<NoOp>().queues([queue]).slots(slots);
    let running = server.start().await?;
    let patience = DRAIN_MAX + Duration::from_millis(warm_up + jobs);
    let waited = tokio::time::timeout(patience, counter.last()).await;
    let cpu_after = cpu::seconds();
    running.stop().await;
    waited.with_context(|| format!("{jobs} jobs were not performed within {patience:?}"))?;

    let after = client.inspect().stats(client.clock().now()).await?;
    let processed = after.processed - before.processed;
    ensure!(processed == warm_up + jobs, "the store counts {processed} of {} jobs as processed", warm_up + jobs);
    ensure!((after.busy, after.retries, after.dead) == (0, 0, 0), "the store holds what should be gone: {after:?}");
    let used = cpu_before.zip(cpu_after).map(|(before, after)| after - before);
    Ok(Drained {
        jobs_per_second: counter.jobs_per_second().context("the drain has no end")?,
        cpu_seconds: used.map(|used| used * 100_000.0 / (warm_up + jobs) as f64),
    })
}
