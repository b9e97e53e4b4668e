//! A drain in which one job in ten fails, and waits for its retry.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Result, anyhow};
use sancho::core::lifecycle::Failure;
use sancho::{Backoff, Context, Job, JobResult, Perform};
use serde::{Deserialize, Serialize};

use super::{Figure, bulk};
use crate::drain::{Load, drain_of};
use crate::noop::Counter;
use crate::push;
use crate::turn::Turn;

/// Of so many jobs, one fails.
const ONE_IN: u64 = 10;

/// When a retry is due: after every drain has ended.
const RETRY_AFTER: Duration = Duration::from_secs(60 * 60);

/// A job that may fail.
#[derive(Debug, Job, Serialize, Deserialize)]
struct MayFail {
    number: u64,
}

impl Perform<Arc<Counter>> for MayFail {
    async fn perform(self, cx: &Context<Arc<Counter>>) -> JobResult {
        cx.state().count();
        if self.number.is_multiple_of(ONE_IN) { Err(anyhow!("this job was to fail").into()) } else { Ok(()) }
    }

    fn backoff(_: u32, _: &Failure) -> Backoff {
        Backoff::After(RETRY_AFTER)
    }
}

pub fn figures() -> Vec<Figure> {
    vec![Figure::new("failures100", "1 in 10 fails, 100 slots, jobs/s").limit("limit_drain")]
}

pub async fn measure(turn: &mut Turn<'_>) -> Result<()> {
    let (warm_up, jobs) = turn.jobs(50_000);
    let store = turn.store()?;
    let client = store.connect().await?;
    let all = warm_up + jobs;
    push::fill_with(&client, "default", bulk::BATCH, all, |number| MayFail { number }).await?;
    let failing = all.div_ceil(ONE_IN);
    let load = Load { queues: vec!["default".to_owned()], slots: 100, warm_up, jobs, failing };
    turn.add("failures100", drain_of::<MayFail>(&client, &load).await?.jobs_per_second);
    Ok(())
}
