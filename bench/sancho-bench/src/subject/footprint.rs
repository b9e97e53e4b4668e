//! What a server takes up that performs in a process of its own.

use anyhow::Result;

use super::{Figure, bulk};
use crate::push;
use crate::serving::serve;
use crate::turn::{Extent, Turn};

const SLOTS: usize = 100;

pub fn figures() -> Vec<Figure> {
    vec![
        Figure::new("process_drain100", "100,000 jobs, jobs/s").sidekiq("drain").limit("limit_drain"),
        Figure::new("process_cpu_seconds", "100,000 jobs, CPU s").sidekiq("drain_cpu_seconds"),
        Figure::new("process_peak_mib", "100,000 jobs, peak memory, MiB").sidekiq("drain_peak_mib"),
        Figure::new("process_million_drain100", "1,000,000 jobs, jobs/s").limit("limit_drain").long(),
        Figure::new("process_million_peak_mib", "1,000,000 jobs, peak memory, MiB").long(),
        Figure::new("process_million_anonymous_mib", "1,000,000 jobs, MiB at the end of no file").long(),
    ]
}

pub async fn measure(turn: &mut Turn<'_>) -> Result<()> {
    let few = drain(turn, 100_000).await?;
    turn.add("process_drain100", few.jobs_per_second);
    turn.add_told("process_cpu_seconds", few.cpu_seconds);
    turn.add_told("process_peak_mib", few.peak_mib);
    if turn.extent == Extent::Whole {
        let million = drain(turn, 1_000_000).await?;
        turn.add("process_million_drain100", million.jobs_per_second);
        turn.add_told("process_million_peak_mib", million.peak_mib);
        turn.add_told("process_million_anonymous_mib", million.anonymous_mib);
    }
    Ok(())
}

/// So many jobs, whatever the run's extent: figures are of exactly as many.
async fn drain(turn: &Turn<'_>, jobs: u64) -> Result<crate::serving::Serving> {
    let store = turn.store()?;
    push::fill(&store.connect().await?, "default", bulk::BATCH, jobs).await?;
    serve(turn.scratch, &store.url(), 1, SLOTS, jobs).await
}
