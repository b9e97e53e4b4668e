//! Pushes: one by one by some pushers, in bulk, and all in one call.

use std::time::Instant;

use anyhow::{Context, Result, ensure};
use sancho::{Client, IntoDraft};

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

/// Jobs a second, pushed by one caller in one call. `warm_up` jobs go before, in the same way.
pub async fn all(client: &Client, warm_up: u64, jobs: u64) -> Result<f64> {
    push_all(client, warm_up).await?;
    let start = Instant::now();
    push_all(client, jobs).await?;
    Ok(jobs as f64 / start.elapsed().as_secs_f64())
}

async fn push_all(client: &Client, jobs: u64) -> Result<()> {
    let pushed = client.push_all((0..jobs).map(NoOp::new)).await.context("failed to push all")?;
    ensure!(pushed.added == jobs, "of {jobs} jobs {} were added", pushed.added);
    Ok(())
}

/// Jobs a second, made by their numbers and pushed by one caller, `batch` in a call. `warm_up` jobs go before, in the same
/// way.
pub async fn bulk_of<J: IntoDraft>(
    client: &Client,
    batch: u64,
    warm_up: u64,
    jobs: u64,
    make: impl Fn(u64) -> J,
) -> Result<f64> {
    fill_with(client, "default", batch, warm_up, &make).await?;
    let start = Instant::now();
    fill_with(client, "default", batch, jobs, &make).await?;
    Ok(jobs as f64 / start.elapsed().as_secs_f64())
}

/// Pushes no-op jobs to a queue, `batch` in a call.
pub async fn fill(client: &Client, queue: &str, batch: u64, jobs: u64) -> Result<()> {
    fill_with(client, queue, batch, jobs, NoOp::new).await
}

/// Pushes jobs, made by their numbers, to a queue, `batch` in a call.
pub async fn fill_with<J: IntoDraft>(
    client: &Client,
    queue: &str,
    batch: u64,
    jobs: u64,
    make: impl Fn(u64) -> J,
) -> Result<()> {
    let mut pushed = 0;
    while pushed < jobs {
        let next = (pushed + batch).min(jobs);
        client.push_bulk((pushed..next).map(&make)).queue(queue).await.context("failed to push in bulk")?;
        pushed = next;
    }
    Ok(())
}
