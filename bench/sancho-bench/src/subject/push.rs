//! Pushes of one job a call, by one pusher and by fifty.

use anyhow::Result;

use super::Figure;
use crate::push;
use crate::turn::Turn;

pub fn figures() -> Vec<Figure> {
    vec![
        Figure::new("push1", "1 pusher, jobs/s").sidekiq("push1").limit("limit_push"),
        Figure::new("push50", "50 pushers, jobs/s").limit("limit_push"),
    ]
}

pub async fn measure(turn: &mut Turn<'_>) -> Result<()> {
    for (pushers, jobs) in [(1, 20_000), (50, 100_000)] {
        let (warm_up, jobs) = turn.jobs(jobs);
        let store = turn.store()?;
        let sample = push::one_by_one(&store.connect().await?, pushers, warm_up, jobs).await?;
        turn.add(&format!("push{pushers}"), sample);
    }
    Ok(())
}
