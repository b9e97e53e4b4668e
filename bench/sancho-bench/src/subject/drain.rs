//! Drains of no-op jobs in 1 to 100 slots.

use anyhow::Result;

use super::{Figure, bulk};
use crate::store::Kind;
use crate::turn::Turn;
use crate::{drain, push};

/// Slots, and jobs; the first follows its limit directly.
const DRAINS: [(usize, u64); 4] = [(100, 200_000), (25, 100_000), (10, 50_000), (1, 10_000)];

pub fn figures(kind: Kind) -> Vec<Figure> {
    let drain = |(slots, _)| {
        let label = format!("{slots} slots, jobs/s").replace("1 slots", "1 slot");
        Figure::new(format!("drain{slots}"), label).sidekiq("drain").limit("limit_drain")
    };
    let mut figures: Vec<_> = DRAINS.into_iter().rev().map(drain).collect();
    figures.push(
        Figure::new("drain100_cpu_seconds", "100 slots, CPU s per 100,000: this process").sidekiq("drain_cpu_seconds"),
    );
    if matches!(kind, Kind::Redis | Kind::RedisAof) {
        figures.push(Figure::new("drain100_store_cpu_seconds", "100 slots, CPU s per 100,000: redis-server"));
    }
    figures
}

pub async fn measure(turn: &mut Turn<'_>) -> Result<()> {
    for (slots, jobs) in DRAINS {
        let (warm_up, jobs) = turn.jobs(jobs);
        let store = turn.store()?;
        let client = store.connect().await?;
        push::fill(&client, "default", bulk::BATCH, warm_up + jobs).await?;
        let store_before = store.cpu_seconds();
        let drained = drain::drain(&client, "default", slots, warm_up, jobs).await?;
        turn.add(&format!("drain{slots}"), drained.jobs_per_second);
        if slots == 100 {
            turn.add_told("drain100_cpu_seconds", drained.cpu_seconds);
            let used = store_before.zip(store.cpu_seconds()).map(|(before, after)| after - before);
            if store.pid().is_some() {
                let used = used.map(|used| used * 100_000.0 / (warm_up + jobs) as f64);
                turn.add_told("drain100_store_cpu_seconds", used);
            }
        }
    }
    Ok(())
}
