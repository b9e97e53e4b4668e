//! Jobs that wait elsewhere while something else is measured: scheduled ones with keys, and ready ones in a queue that
//! nobody serves.

use std::ops::Range;
use std::time::Duration;

use anyhow::{Context, Result};
use sancho::{Client, Draft, Job, Key, QueueName, Timestamp};

use crate::noop::NoOp;
use crate::push;

/// Jobs of one push.
const BATCH: u64 = 5_000;

/// A prime, by which numbers are scattered over a store.
const STRIDE: u64 = 7_368_787;

/// When the first of the scheduled jobs is due, from now: long after every run.
const SOONEST: Duration = Duration::from_secs(24 * 60 * 60);

/// Schedules the jobs of these numbers, of `count` in all, each with its key.
pub async fn schedule(client: &Client, numbers: Range<u64>, count: u64) -> Result<()> {
    let soonest = client.clock().now() + SOONEST;
    for from in numbers.clone().step_by(BATCH as usize) {
        let batch = from..numbers.end.min(from + BATCH);
        let drafts = batch.map(|number| scheduled(client, number, count, soonest)).collect::<Result<_>>()?;
        client.push_drafts(drafts).await.context("failed to schedule")?;
    }
    Ok(())
}

/// Pushes ready jobs to a queue that nobody serves.
pub async fn enqueue(client: &Client, jobs: u64) -> Result<()> {
    push::fill(client, "waiting", BATCH, jobs).await
}

/// The key of the scheduled job of a number.
pub fn key(number: u64) -> String {
    format!("product:{number}")
}

/// The place of `number` in an order of all numbers below `count` in which neighbors are far apart.
pub fn scatter(number: u64, count: u64) -> u64 {
    number * STRIDE % count
}

/// A keyed job, due at a second of its own, in another order than the jobs were pushed.
fn scheduled(client: &Client, number: u64, count: u64, soonest: Timestamp) -> Result<Draft> {
    let mut draft = client.draft(NoOp::CLASS, NoOp::new(number).to_args()?);
    draft.queue = QueueName::new("later")?;
    draft.key = Some(Key::new(key(number))?);
    draft.at = Some(soonest + Duration::from_secs(scatter(number, count)));
    Ok(draft)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::scatter;

    #[test]
    fn scattering_names_each_number_once() {
        for count in [2_200, 10_000, 1_000_000] {
            let seen: BTreeSet<u64> = (0..count).map(|number| scatter(number, count)).collect();
            assert_eq!(seen.len() as u64, count);
        }
    }
}
