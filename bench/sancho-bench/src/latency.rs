//! Latency: how long after a push an idle server starts the job.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use sancho::{Client, Context, JobResult, Perform, Server};
use tokio::sync::mpsc;

use crate::figure::Samples;
use crate::noop::NoOp;

/// A job that takes longer to start than this has been lost.
const START_MAX: Duration = Duration::from_secs(10);

/// Where jobs say when they started.
struct Starts(mpsc::UnboundedSender<Instant>);

impl Perform<Starts> for NoOp {
    async fn perform(self, cx: &Context<Starts>) -> JobResult {
        // Nobody listens any longer once the run has failed.
        _ = cx.state().0.send(Instant::now());
        Ok(())
    }
}

/// Microseconds from push to start.
#[derive(Clone, Debug, Default)]
pub struct Latency {
    /// From the call of push.
    pub from_call: Samples,
    /// From its return; zero for a job that started before the push had returned.
    pub from_return: Samples,
}

/// Pushes jobs to an idle server of 25 slots in the same process, a few milliseconds apart, to its queues in turn.
pub async fn push_to_start(client: &Client, queues: &[String], warm_up: u64, pushes: u64) -> Result<Latency> {
    let (starts, mut started) = mpsc::unbounded_channel();
    let server = Server::new(client.clone(), Starts(starts)).register::<NoOp>().queues(queues).slots(25);
    let running = server.start().await?;
    let mut latency = Latency::default();
    for number in 0..warm_up + pushes {
        let queue = &queues[number as usize % queues.len()];
        // Uneven, so that the pushes do not fall in step with anything that the server does by the clock.
        tokio::time::sleep(Duration::from_millis(3 + number % 5)).await;
        let called = Instant::now();
        client.push(NoOp::new(number)).queue(queue).await.context("failed to push")?;
        let returned = Instant::now();
        let start = tokio::time::timeout(START_MAX, started.recv()).await.context("a pushed job did not start")?;
        let start = start.context("the server is gone")?;
        if number >= warm_up {
            latency.from_call.add(micros(start.duration_since(called)));
            latency.from_return.add(micros(start.saturating_duration_since(returned)));
        }
    }
    running.stop().await;
    Ok(latency)
}

fn micros(span: Duration) -> f64 {
    span.as_secs_f64() * 1e6
}
