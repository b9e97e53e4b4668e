//! What was performed of each queue of late.

use std::time::Duration;

use sancho_core::{Metrics, MetricsRequest, QueueName, Timestamp};

use crate::failure::Failure;
use crate::site::Site;

/// How far back "of late" goes, in minutes: long enough to be steady, short enough to show that a queue stands still.
pub(super) const MINUTES: u32 = 15;

/// What was performed in these minutes.
pub(super) async fn of_late(site: &Site, now: Timestamp) -> Result<Metrics, Failure> {
    let request = MetricsRequest::last(Duration::from_secs(60 * u64::from(MINUTES)));
    Ok(site.inspect.metrics(&request, now).await?)
}

/// Jobs of one queue that were performed, and that failed.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Rate {
    /// Performed jobs a minute.
    pub(super) per_minute: f64,
    /// Failures, in all these minutes.
    pub(super) failures: u64,
}

impl Rate {
    /// The rate of a queue; nothing where none of its jobs was performed.
    pub(super) fn of(metrics: &Metrics, queue: &QueueName) -> Option<Rate> {
        let counted = metrics.queues.iter().find(|counted| counted.queue == *queue)?;
        Some(Rate { per_minute: counted.count as f64 / f64::from(MINUTES), failures: counted.failures })
    }
}
