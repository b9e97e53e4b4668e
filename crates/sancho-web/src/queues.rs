//! Every queue that the store knows of, by its jobs or by its pause.

use std::time::Duration;

use sancho_core::inspect::Paused;
use sancho_core::{Pausable, QueueRow, Timestamp};

use crate::failure::Failure;
use crate::site::Site;

/// Every queue, sorted by name. One that was paused before anything was pushed to it is there too.
pub(crate) async fn known(site: &Site, now: Timestamp) -> Result<Vec<QueueRow>, Failure> {
    let mut rows = site.inspect.queues(now).await?;
    let had = rows.len();
    for paused in site.inspect.paused().await? {
        if let Pausable::Queue(name) = paused
            && rows[..had].binary_search_by(|row| row.name.cmp(&name)).is_err()
        {
            rows.push(QueueRow { name, size: 0, latency: Duration::ZERO, paused: Paused::Yes });
        }
    }
    rows.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(rows)
}
