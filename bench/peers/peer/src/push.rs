//! Pushes, one by one and in bulk.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use anyhow::{Context, Result};
use tokio::task::JoinSet;

use crate::answer::Answer;
use crate::bound::{PER_JOB_PUSHED_MAX, bounded};
use crate::command::Store;
use crate::job::NoOp;
use crate::system::{Peer, Pusher};

/// Pushes by so many pushers, each a task of its own that awaits its push before the next.
pub async fn one_by_one<P: Peer>(store: &Store, pushers: u64) -> Result<Answer> {
    bounded(PER_JOB_PUSHED_MAX, store.all(), "pushed", async {
        let peer = P::open(&store.url, usize::try_from(pushers)?).await?;
        let mut waiting = (0..pushers).map(|_| peer.pusher()).collect::<Result<Vec<_>>>()?;
        together(&mut waiting, store.warm_up).await?;
        let start = Instant::now();
        together(&mut waiting, store.jobs).await?;
        Ok(pushed(store, start))
    })
    .await
}

/// Has all pushers push so many jobs between them; who is faster pushes more.
async fn together<P: Pusher>(pushers: &mut Vec<P>, jobs: u64) -> Result<()> {
    let next = Arc::new(AtomicU64::new(0));
    let mut tasks = JoinSet::new();
    for mut pusher in pushers.drain(..) {
        let next = Arc::clone(&next);
        tasks.spawn(async move {
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= jobs {
                    return anyhow::Ok(pusher);
                }
                pusher.push(NoOp::new(number)).await.context("failed to push a job")?;
            }
        });
    }
    while let Some(ended) = tasks.join_next().await {
        pushers.push(ended??);
    }
    Ok(())
}

/// Pushes `batch` jobs with each call, one call after the other.
pub async fn in_bulk<P: Peer>(store: &Store, batch: u64) -> Result<Answer> {
    if let Some(unsupported) = P::NO_BULK {
        return Ok(Answer::Unsupported { unsupported });
    }
    bounded(PER_JOB_PUSHED_MAX, store.all(), "pushed", async {
        let peer = P::open(&store.url, 1).await?;
        let mut pusher = peer.pusher()?;
        batches(&mut pusher, store.warm_up, batch).await?;
        let start = Instant::now();
        batches(&mut pusher, store.jobs, batch).await?;
        Ok(pushed(store, start))
    })
    .await
}

async fn batches(pusher: &mut impl Pusher, jobs: u64, batch: u64) -> Result<()> {
    let mut first = 0;
    while first < jobs {
        let end = jobs.min(first + batch);
        pusher.push_bulk((first..end).map(NoOp::new).collect()).await.context("failed to push a batch")?;
        first = end;
    }
    Ok(())
}

fn pushed(store: &Store, start: Instant) -> Answer {
    Answer::Pushed { jobs_per_second: store.jobs as f64 / start.elapsed().as_secs_f64() }
}
