//! What was performed of each queue of late.

use std::collections::HashMap;
use std::time::Duration;

use sancho_core::metrics::QueueMetrics;
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

/// The rates of all queues of which jobs were performed.
pub(super) fn by_queue(metrics: &Metrics) -> HashMap<&QueueName, Rate> {
    let rate = |counted: &QueueMetrics| Rate {
        per_minute: counted.count as f64 / f64::from(MINUTES),
        failures: counted.failures,
    };
    metrics.queues.iter().map(|counted| (&counted.queue, rate(counted))).collect()
}
