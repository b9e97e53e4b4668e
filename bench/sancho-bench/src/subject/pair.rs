//! Two processes that drain one store, against one.

use anyhow::Result;

use super::{Figure, bulk};
use crate::push;
use crate::serving::serve;
use crate::turn::Turn;

/// Slots of each process.
const SLOTS: usize = 50;

const NAMES: [(&str, usize); 2] = [("one_process", 1), ("two_processes", 2)];

pub fn figures() -> Vec<Figure> {
    let figure = |(name, processes)| {
        let label = format!("{processes} processes of {SLOTS} slots, jobs/s").replace("1 processes", "1 process");
        Figure::new(name, label).limit("limit_drain")
    };
    NAMES.map(figure).into()
}

pub async fn measure(turn: &mut Turn<'_>) -> Result<()> {
    let (_, jobs) = turn.jobs(300_000);
    for (name, processes) in NAMES {
        let store = turn.store()?;
        push::fill(&store.connect().await?, "default", bulk::BATCH, jobs).await?;
        turn.add(name, serve(turn.scratch, &store.url(), processes, SLOTS, jobs).await?.jobs_per_second);
    }
    Ok(())
}
