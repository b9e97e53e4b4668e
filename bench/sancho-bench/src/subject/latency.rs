//! How long after a push an idle server starts the job.

use anyhow::Result;

use super::{Figure, queue_names};
use crate::latency;
use crate::store::Kind;
use crate::turn::Turn;

/// Queues that the server serves, and pushes to all of them together.
const PUSHES: [(usize, u64); 3] = [(1, 1_000), (10, 300), (100, 300)];

fn of(kind: Kind) -> impl Iterator<Item = (usize, u64)> {
    PUSHES.into_iter().take(if kind.is_first() { PUSHES.len() } else { 1 })
}

pub fn figures(kind: Kind) -> Vec<Figure> {
    let mut figures = Vec::new();
    for (queues, _) in of(kind) {
        for (from, past) in [("call", "called"), ("return", "returned")] {
            for (share, _) in shares(queues) {
                let label = format!("push {past} to start, {queues} queues, {}, µs", share.replace('_', "."));
                let label = label.replace(" 1 queues", " 1 queue");
                figures.push(Figure::new(format!("latency{queues}_from_{from}_{share}_us"), label));
            }
        }
    }
    figures
}

/// Quantiles; the last needs a thousand pushes.
fn shares(queues: usize) -> &'static [(&'static str, f64)] {
    const ALL: [(&str, f64); 3] = [("p50", 0.5), ("p99", 0.99), ("p99_9", 0.999)];
    if queues == 1 { &ALL } else { &ALL[..2] }
}

pub async fn measure(turn: &mut Turn<'_>) -> Result<()> {
    for (queues, pushes) in of(turn.kind) {
        let (warm_up, pushes) = turn.jobs(pushes);
        let store = turn.store()?;
        let client = store.connect().await?;
        let measured = latency::push_to_start(&client, &queue_names(queues), warm_up, pushes).await?;
        for (from, samples) in [("call", &measured.from_call), ("return", &measured.from_return)] {
            for &(name, share) in shares(queues) {
                turn.add(&format!("latency{queues}_from_{from}_{name}_us"), samples.quantile(share));
            }
        }
    }
    Ok(())
}
