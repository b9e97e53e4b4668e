//! Drains of a Redis that is a millisecond away, as another machine is.

use anyhow::{Context, Result};

use super::{Figure, bulk};
use crate::far::Far;
use crate::figure::Figures;
use crate::store::{Kind, Store};
use crate::turn::Turn;
use crate::{drain, push};

/// Slots of Sancho's drains; Sidekiq's threads.
const SLOTS: [usize; 2] = [25, 100];
const THREADS: [usize; 2] = [25, 50];

pub fn figures() -> Vec<Figure> {
    let ours = SLOTS.map(|slots| {
        Figure::new(format!("far_drain{slots}"), format!("drain, {slots} slots, jobs/s")).sidekiq("far_drain")
    });
    let theirs = THREADS.map(|threads| {
        Figure::new(format!("sidekiq_far_drain{threads}"), format!("Sidekiq: drain, {threads} threads, jobs/s"))
    });
    let best = Figure::new("sidekiq_far_drain", "Sidekiq: drain, the best way, jobs/s");
    ours.into_iter().chain(theirs).chain([best]).collect()
}

pub async fn measure(turn: &mut Turn<'_>) -> Result<()> {
    for slots in SLOTS {
        let (warm_up, jobs) = turn.jobs(50_000);
        let (store, far) = filled(turn, warm_up + jobs).await?;
        let client = sancho::connect(&far.redis_url()).await.context("failed to open the store")?;
        let drained = drain::drain(&client, "default", slots, warm_up, jobs).await?;
        turn.add(&format!("far_drain{slots}"), drained.jobs_per_second);
        drop((client, far, store));
    }
    let sidekiq = turn.sidekiq.context("nobody looked for Sidekiq")?;
    let ruby = *sidekiq.rubies().last().context("there is no Ruby")?;
    for threads in THREADS {
        let (warm_up, jobs) = turn.jobs(30_000);
        let (store, far) = filled(turn, 0).await?;
        sidekiq.push(ruby, &store.url(), bulk::BATCH, warm_up, jobs)?;
        let drained = sidekiq.drain(ruby, &far.redis_url(), threads, warm_up, jobs)?;
        turn.add(&format!("sidekiq_far_drain{threads}"), drained.jobs_per_second);
        drop((far, store));
    }
    Ok(())
}

/// A fresh store with so many jobs, which were pushed from near, and the way to it from afar.
async fn filled(turn: &Turn<'_>, jobs: u64) -> Result<(Store, Far)> {
    let store = turn.store()?;
    push::fill(&store.connect().await?, "default", bulk::BATCH, jobs).await?;
    let Store::Redis { server, .. } = &store else { anyhow::bail!("a file is not far away") };
    let far = Far::start(server.port())?;
    Ok((store, far))
}

/// Names the better of Sidekiq's drains.
pub fn choose(figures: &mut Figures) {
    let names = THREADS.map(|threads| Kind::Redis.figure(&format!("sidekiq_far_drain{threads}")));
    if let Some(best) = figures.best(&names) {
        figures.rename(&Kind::Redis.figure("sidekiq_far_drain"), &names[best]);
    }
}
