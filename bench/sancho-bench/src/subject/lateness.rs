//! How long after its time an idle server starts a scheduled job.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use sancho::core::Clock;
use sancho::{Context, JobResult, Perform, Server, Timestamp};
use tokio::sync::mpsc;

use super::{Figure, bulk};
use crate::figure::Samples;
use crate::noop::NoOp;
use crate::turn::Turn;

/// When the first job is due, from the push of all, and how far apart they are: uneven, so that they do not fall in
/// step with anything that the server does by the clock.
const FIRST: Duration = Duration::from_millis(1_000);
const APART: Duration = Duration::from_micros(3_717);

/// Jobs that are scheduled.
const JOBS: u64 = 1_000;

/// A job that is later than this has been lost.
const LATE_MAX: Duration = Duration::from_secs(30);

/// Where jobs say when they started, by the clock that says when they are due.
struct Starts {
    clock: Arc<dyn Clock>,
    told: mpsc::UnboundedSender<(u64, Timestamp)>,
}

impl Perform<Starts> for NoOp {
    async fn perform(self, cx: &Context<Starts>) -> JobResult {
        // Nobody listens any longer once the run has failed.
        _ = cx.state().told.send((self.number, cx.state().clock.now()));
        Ok(())
    }
}

pub fn figures() -> Vec<Figure> {
    ["p50", "p99"].map(|share| Figure::new(format!("lateness_{share}_ms"), format!("{share}, ms"))).into()
}

pub async fn measure(turn: &mut Turn<'_>) -> Result<()> {
    let (_, jobs) = turn.jobs(JOBS);
    let store = turn.store()?;
    let client = store.connect().await?;
    let (told, mut started) = mpsc::unbounded_channel();
    let starts = Starts { clock: Arc::clone(client.clock()), told };
    let server = Server::new(client.clone(), starts).register::<NoOp>().queues(["default"]).slots(25);
    let running = server.start().await?;
    let first = client.clock().now() + FIRST;
    let due = |number: u64| first + APART * u32::try_from(number).unwrap_or(u32::MAX);
    for from in (0..jobs).step_by(bulk::BATCH as usize) {
        let numbers = from..jobs.min(from + bulk::BATCH);
        let times = numbers.clone().map(due).collect();
        client.push_bulk(numbers.map(NoOp::new)).at_each(times).await.context("failed to schedule")?;
    }

    let mut late_ms = Samples::default();
    for _ in 0..jobs {
        let next = tokio::time::timeout(FIRST + LATE_MAX, started.recv());
        let next = next.await.context("a scheduled job did not start")?;
        let (number, at) = next.context("the server is gone")?;
        late_ms.add(at.since(due(number)).as_secs_f64() * 1e3);
    }
    running.stop().await;
    turn.add("lateness_p50_ms", late_ms.quantile(0.5));
    turn.add("lateness_p99_ms", late_ms.quantile(0.99));
    Ok(())
}
