//! Drains: a worker performs what is in a queue, and nobody pushes meanwhile.

use std::process::Stdio;
use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use tokio::process::Command;

use crate::answer::Answer;
use crate::bound::{PER_JOB_DRAINED_MAX, bounded};
use crate::command::Store;
use crate::counter::Counter;
use crate::system::Peer;
use crate::usage;

/// Fills the queue, and performs what is in it in so many slots.
///
/// The clock runs from the last job of the warm-up to the last of all; at either moment the store lacks the
/// settlements of what is in hand. Processor time is that of the whole process from the worker's start on. Afterwards
/// the store has to say that it holds none of the jobs.
pub async fn drain<P: Peer>(store: &Store, slots: u64) -> Result<Answer> {
    fill::<P>(store).await?;
    let slots = usize::try_from(slots)?;
    bounded(PER_JOB_DRAINED_MAX, store.all(), "performed", async {
        let peer = P::open(&store.url, slots).await?;
        peer.filled().await?;
        let counter = Arc::new(Counter::new(store.warm_up, store.jobs));
        let cpu_before = usage::cpu_seconds()?;
        let used = async {
            counter.last().await;
            Ok(usage::cpu_seconds()? - cpu_before)
        };
        let ((), cpu_seconds) = tokio::try_join!(peer.serve(slots, Arc::clone(&counter)), used)?;

        let performed = counter.performed();
        ensure!(performed == store.all(), "{performed} jobs were performed of {}", store.all());
        peer.verify(performed).await?;
        Ok(Answer::Drained {
            jobs_per_second: counter.jobs_per_second().context("the drain has no end")?,
            cpu_seconds_per_100k: cpu_seconds * 100_000.0 / store.all() as f64,
            rss_mib: usage::peak_rss_mib()?,
        })
    })
    .await
}

/// Pushes all jobs by a process of its own, whose memory and processor time do not count.
async fn fill<P: Peer>(store: &Store) -> Result<()> {
    let how: &[&str] = if P::NO_BULK.is_some() { &["push", "--pushers", "50"] } else { &["bulk"] };
    let program = std::env::current_exe().context("failed to find this program")?;
    let mut pusher = Command::new(program);
    pusher.args(how).args(["--url", &store.url]).args(["--jobs", &store.jobs.to_string()]);
    pusher.args(["--warm-up", &store.warm_up.to_string()]).stdin(Stdio::null()).stdout(Stdio::null());
    let ended = pusher.kill_on_drop(true).status().await.context("failed to start the pusher")?;
    ensure!(ended.success(), "the queue could not be filled");
    Ok(())
}
