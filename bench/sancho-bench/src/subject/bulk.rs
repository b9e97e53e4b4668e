//! Pushes of a thousand jobs a call, by one caller.

use anyhow::Result;

use super::Figure;
use crate::push;
use crate::turn::Turn;

/// Jobs of one call, on all sides.
pub const BATCH: u64 = 1_000;

pub fn figures() -> Vec<Figure> {
    vec![Figure::new("bulk", "1,000 a call, jobs/s").sidekiq("bulk").limit("limit_bulk")]
}

pub async fn measure(turn: &mut Turn<'_>) -> Result<()> {
    let (warm_up, jobs) = turn.jobs(300_000);
    let store = turn.store()?;
    let sample = push::bulk(&store.connect().await?, BATCH, warm_up, jobs).await?;
    turn.add("bulk", sample);
    Ok(())
}
