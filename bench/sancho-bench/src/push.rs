//! Pushes: one by one by some pushers, and in bulk.

use std::time::Instant;

use anyhow::{Context, Result};
use sancho::Client;

use crate::noop::NoOp;

/// Jobs a second that `pushers` tasks push, each awaiting its push before the next. `warm_up` jobs go before, in the
/// same way.
pub async fn one_by_one(client: &Client, pushers: u64, warm_up: u64, jobs: u64) -> Result<f64> {
    push_by(client, pushers, warm_up).await?;
    let start = Instant::now();
    let pushed = push_by(client, pushers, jobs).await?;
    Ok(pushed as f64 / start.elapsed().as_secs_f64())
}

/// Shares the jobs out among the pushers; answers how many were pushed.
async fn push_by(client: &Client, pushers: u64, jobs: u64) -> Result<u64> {
    let each = jobs.div_ceil(pushers);
    let tasks: Vec<_> = (0..pushers)
        .map(|pusher| {
            let client = client.clone();
            tokio::spawn(async move {
                for number in pusher * each..(pusher + 1) * each {
                    client.push(NoOp::new(number)).await?;
                }
                Ok::<(), sancho::PushError>(())
            })
        })
        .collect();
    for task in tasks {
        task.await.context("a pusher panicked")?.context("failed to push")?;
    }
    Ok(each * pushers)
}

/// Jobs a second, pushed by one caller, `batch` in a call. `warm_up` jobs go before, in the same way.
pub async fn bulk(client: &Client, batch: u64, warm_up: u64, jobs: u64) -> Result<f64> {
    fill(client, "default", batch, warm_up).await?;
    let start = Instant::now();
    fill(client, "default", batch, jobs).await?;
    Ok(jobs as f64 / start.elapsed().as_secs_f64())
}

/// Pushes jobs to a queue, `batch` in a call.
pub async fn fill(client: &Client, queue: &str, batch: u64, jobs: u64) -> Result<()> {
    let mut pushed = 0;
    while pushed < jobs {
        let next = (pushed + batch).min(jobs);
        client.push_bulk((pushed..next).map(NoOp::new)).queue(queue).await.context("failed to push in bulk")?;
        pushed = next;
    }
    Ok(())
}
