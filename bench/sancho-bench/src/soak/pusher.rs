//! The process that pushes: some tasks at once, mostly in batches, and only while the store holds few jobs.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use sancho::{Client, Draft, Pushed};
use tokio::sync::watch;
use tokio::time::sleep;

use super::job::draft;

/// Tasks that push at once.
const TASKS: u64 = 8;

/// Jobs of one turn of a task.
const TURN: u64 = 500;

/// A task pushes the jobs of one turn in so many one by one, and those of the others in one batch.
const SINGLES_EVERY: u64 = 50;

/// Jobs in the store at which the tasks wait. It is looked at now and then, so that there may be some more.
const BACKLOG_MAX: u64 = 20_000;
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// Pushes so many jobs, numbered from zero, and says now and then how many it has pushed.
pub async fn play(url: &str, jobs: u64) -> Result<()> {
    let client = sancho::connect(url).await.context("failed to open the store")?;
    let (gate, open) = watch::channel(true);
    let pushed = Arc::new(AtomicU64::new(0));
    let shares = (0..TASKS).map(|task| {
        tokio::spawn(Share { client: client.clone(), open: open.clone(), pushed: Arc::clone(&pushed) }.push(task, jobs))
    });
    let shares: Vec<_> = shares.collect();
    let keeping = keep_gate(&client, &gate, &pushed);
    let pushing = async {
        for share in shares {
            share.await.context("a task panicked")??;
        }
        anyhow::Ok(())
    };
    tokio::select! {
        ended = pushing => ended?,
        failed = keeping => failed?,
    }
    println!("pushed {}", pushed.load(Ordering::Relaxed));
    Ok(())
}

/// Opens and closes the gate as the store fills and empties; ends only with an error.
async fn keep_gate(client: &Client, gate: &watch::Sender<bool>, pushed: &AtomicU64) -> Result<()> {
    loop {
        let stats = client.inspect().stats(client.clock().now()).await.context("failed to look at the store")?;
        gate.send_replace(stats.enqueued + stats.busy + stats.scheduled + stats.retries < BACKLOG_MAX);
        println!("pushed {}", pushed.load(Ordering::Relaxed));
        sleep(LOOK_EVERY).await;
    }
}

/// One of the tasks.
struct Share {
    client: Client,
    open: watch::Receiver<bool>,
    pushed: Arc<AtomicU64>,
}

impl Share {
    /// Pushes every eighth turn, from the task's own on, where there are eight tasks.
    async fn push(mut self, task: u64, jobs: u64) -> Result<()> {
        for turn in (task..jobs.div_ceil(TURN)).step_by(TASKS as usize) {
            self.open.wait_for(|&open| open).await.context("nobody looks at the store")?;
            let now = self.client.clock().now();
            let numbers = turn * TURN..jobs.min((turn + 1) * TURN);
            let drafts = numbers.map(|number| draft(&self.client, number, now)).collect::<Result<Vec<Draft>>>()?;
            if (turn / TASKS).is_multiple_of(SINGLES_EVERY) {
                for draft in drafts {
                    self.push_batch(vec![draft]).await?;
                }
            } else {
                self.push_batch(drafts).await?;
            }
        }
        Ok(())
    }

    async fn push_batch(&self, drafts: Vec<Draft>) -> Result<()> {
        let jobs = drafts.len() as u64;
        let answers = self.client.push_drafts(drafts).await.context("failed to push")?;
        ensure!(answers.iter().all(|it| it.answer == Pushed::Added), "a job was not added though it is new");
        self.pushed.fetch_add(jobs, Ordering::Relaxed);
        Ok(())
    }
}
