//! Bulk pushes and drains of jobs with large arguments.

use std::sync::Arc;

use anyhow::Result;
use sancho::{Context, Job, JobResult, Perform};
use serde::{Deserialize, Serialize};

use super::Figure;
use crate::drain::{Load, drain_of};
use crate::noop::Counter;
use crate::push;
use crate::turn::Turn;

/// KiB of the arguments, jobs, and jobs of one call, so that no call is of more than some MiB.
const SIZES: [(usize, u64, u64); 2] = [(1, 50_000, 1_000), (64, 2_000, 50)];

/// A job that brings much.
#[derive(Debug, Job, Serialize, Deserialize)]
struct Large {
    text: String,
}

impl Large {
    fn of(kib: usize) -> Self {
        // The rest is two quotes and two brackets.
        Large { text: "x".repeat(kib * 1024 - 4) }
    }
}

impl Perform<Arc<Counter>> for Large {
    async fn perform(self, cx: &Context<Arc<Counter>>) -> JobResult {
        std::hint::black_box(self.text);
        cx.state().count();
        Ok(())
    }
}

pub fn figures() -> Vec<Figure> {
    let both = |(kib, _, batch)| {
        [
            Figure::new(format!("args{kib}k_bulk"), format!("arguments of {kib} KiB: bulk push by {batch}, jobs/s")),
            Figure::new(format!("args{kib}k_drain100"), format!("arguments of {kib} KiB: drain, 100 slots, jobs/s")),
        ]
    };
    SIZES.into_iter().flat_map(both).collect()
}

pub async fn measure(turn: &mut Turn<'_>) -> Result<()> {
    for (kib, jobs, batch) in SIZES {
        let (warm_up, jobs) = turn.jobs(jobs);
        let store = turn.store()?;
        let client = store.connect().await?;
        let pushed = push::bulk_of(&client, batch, warm_up, jobs, |_| Large::of(kib)).await?;
        turn.add(&format!("args{kib}k_bulk"), pushed);
        let load = Load { queues: vec!["default".to_owned()], slots: 100, warm_up, jobs, failing: 0 };
        turn.add(&format!("args{kib}k_drain100"), drain_of::<Large>(&client, &load).await?.jobs_per_second);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use sancho::Job as _;

    use super::Large;

    #[test]
    fn arguments_have_the_size_that_they_are_named_by() {
        assert_eq!(Large::of(64).to_args().unwrap().len(), 64 * 1024);
    }
}
