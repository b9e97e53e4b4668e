//! Drains of as many jobs from more queues.

use anyhow::Result;

use super::{Figure, bulk, queue_names};
use crate::drain::{Load, drain_of};
use crate::noop::NoOp;
use crate::push;
use crate::turn::Turn;

const QUEUES: [usize; 3] = [1, 10, 100];

pub fn figures() -> Vec<Figure> {
    let drain = |queues| {
        let label = format!("{queues} queues, 100 slots, jobs/s").replace("1 queues", "1 queue");
        Figure::new(format!("queues{queues}_drain100"), label).limit("limit_drain")
    };
    QUEUES.map(drain).into()
}

pub async fn measure(turn: &mut Turn<'_>) -> Result<()> {
    for queues in QUEUES {
        let (warm_up, jobs) = turn.jobs(100_000);
        let store = turn.store()?;
        let client = store.connect().await?;
        let names = queue_names(queues);
        for name in &names {
            push::fill(&client, name, bulk::BATCH, (warm_up + jobs) / queues as u64).await?;
        }
        let load = Load { queues: names, slots: 100, warm_up, jobs, failing: 0 };
        turn.add(&format!("queues{queues}_drain100"), drain_of::<NoOp>(&client, &load).await?.jobs_per_second);
    }
    Ok(())
}
