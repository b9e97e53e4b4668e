//! A push of all jobs in one call, by one caller.

use anyhow::Result;

use super::Figure;
use crate::push;
use crate::turn::Turn;

/// Jobs of one step, on all sides: a push of any number of jobs takes as many steps as it needs, Ruby's Sidekiq and the
/// other systems are called once for each.
pub const BATCH: u64 = 1_000;

pub fn figures() -> Vec<Figure> {
    vec![Figure::new("bulk", "all in one call, by 1,000, jobs/s").sidekiq("bulk").limit("limit_bulk")]
}

pub async fn measure(turn: &mut Turn<'_>) -> Result<()> {
    let (warm_up, jobs) = turn.jobs(300_000);
    let store = turn.store()?;
    let sample = push::all(&store.connect().await?, warm_up, jobs).await?;
    turn.add("bulk", sample);
    Ok(())
}
