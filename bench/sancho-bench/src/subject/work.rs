//! Drains of jobs that have something to wait for.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use sancho::{Context, Job, JobResult, Perform};
use serde::{Deserialize, Serialize};

use super::{Figure, bulk};
use crate::drain::{Load, drain_of};
use crate::noop::Counter;
use crate::push;
use crate::turn::Turn;

/// How long each job waits; tokio's clock, which has no finer grain, makes it a millisecond more at times.
const WAIT: Duration = Duration::from_millis(1);

/// Slots, and jobs.
const DRAINS: [(usize, u64); 2] = [(25, 20_000), (100, 50_000)];

/// A job that waits, as one does that asks another service.
#[derive(Debug, Job, Serialize, Deserialize)]
struct Waits {
    number: u64,
}

impl Perform<Arc<Counter>> for Waits {
    async fn perform(self, cx: &Context<Arc<Counter>>) -> JobResult {
        tokio::time::sleep(WAIT).await;
        cx.state().count();
        Ok(())
    }
}

pub fn figures() -> Vec<Figure> {
    DRAINS.map(|(slots, _)| Figure::new(format!("work{slots}"), format!("{slots} slots, jobs/s"))).into()
}

pub async fn measure(turn: &mut Turn<'_>) -> Result<()> {
    for (slots, jobs) in DRAINS {
        let (warm_up, jobs) = turn.jobs(jobs);
        let store = turn.store()?;
        let client = store.connect().await?;
        push::fill_with(&client, "default", bulk::BATCH, warm_up + jobs, |number| Waits { number }).await?;
        let load = Load { queues: vec!["default".to_owned()], slots, warm_up, jobs, failing: 0 };
        turn.add(&format!("work{slots}"), drain_of::<Waits>(&client, &load).await?.jobs_per_second);
    }
    Ok(())
}
