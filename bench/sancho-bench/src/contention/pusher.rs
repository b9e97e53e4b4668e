//! The process that pushes: some tasks at once, one job at a time and in small batches by turns.

use anyhow::{Context, Result, anyhow};
use sancho::{Client, Draft, Job, PushError};

use super::lock_watch::LockWatch;
use crate::noop::NoOp;

/// Tasks that push at once.
const TASKS: u64 = 20;

/// Jobs of one batch, and of one turn of single pushes.
const TURN: u64 = 100;

/// Times that a push is tried. A retry pushes the same ids, so it adds nothing twice; but it is no way around a lock,
/// for the watch has counted the error.
const TRIES: usize = 10;

/// Pushes so many jobs, numbered from zero, and says how often it met a lock.
pub async fn play(url: &str, jobs: u64) -> Result<()> {
    let watch = LockWatch::install();
    let pushed = push_all(url, jobs, &watch).await;
    println!("locked {}", watch.count());
    pushed
}

async fn push_all(url: &str, jobs: u64, watch: &LockWatch) -> Result<()> {
    let client = sancho::connect(url).await.inspect_err(|error| watch.look_at(error))?;
    let tasks: Vec<_> =
        (0..TASKS).map(|task| tokio::spawn(push_share(client.clone(), watch.clone(), task, jobs))).collect();
    for task in tasks {
        task.await.context("a task panicked")??;
    }
    Ok(())
}

/// Pushes the turns of one task: every twentieth, from its own on, where there are twenty tasks.
async fn push_share(client: Client, watch: LockWatch, task: u64, jobs: u64) -> Result<()> {
    for turn in (task..jobs.div_ceil(TURN)).step_by(TASKS as usize) {
        let numbers = turn * TURN..jobs.min((turn + 1) * TURN);
        let drafts = numbers.map(|number| Ok(client.draft(NoOp::CLASS, NoOp::new(number).to_args()?)));
        let drafts: Vec<Draft> = drafts.collect::<Result<_>>()?;
        if (turn / TASKS).is_multiple_of(2) {
            push(&client, &watch, drafts).await?;
        } else {
            for draft in drafts {
                push(&client, &watch, vec![draft]).await?;
            }
        }
    }
    Ok(())
}

async fn push(client: &Client, watch: &LockWatch, drafts: Vec<Draft>) -> Result<()> {
    for _ in 0..TRIES {
        match client.push_drafts(drafts.clone()).await {
            Ok(_) => return Ok(()),
            Err(PushError::Store(error)) => {
                watch.look_at(&error);
                eprintln!("pusher: {error}");
            }
            Err(error) => return Err(error.into()),
        }
    }
    Err(anyhow!("a push failed {TRIES} times"))
}
