//! Which queues there are.

use sancho_core::inspect::with_paused;
use sancho_core::{QueueRow, StoreResult, Timestamp};

use crate::site::Site;

/// Every queue that the store knows of, by its jobs or by its pause, sorted by name.
pub(crate) async fn known(site: &Site, now: Timestamp) -> StoreResult<Vec<QueueRow>> {
    let (rows, paused) = tokio::try_join!(site.inspect.queues(now), site.inspect.paused())?;
    Ok(with_paused(rows, &paused))
}
