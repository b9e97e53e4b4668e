//! How long a run may take, so that each one ends.

use std::time::Duration;

use anyhow::{Context, Result};

/// What a system may take beside its jobs: to start, to stop, to wait out a blocking read.
const START_MAX: Duration = Duration::from_secs(20);

/// The pace below which a drain is given up.
pub const PER_JOB_DRAINED_MAX: Duration = Duration::from_millis(2);

/// The pace below which pushing is given up: one by one to a slow disk, each push waits for the disk.
pub const PER_JOB_PUSHED_MAX: Duration = Duration::from_millis(10);

/// Awaits a run of so many jobs.
///
/// # Errors
/// The run's own, or that it took too long.
pub async fn bounded<T>(per_job: Duration, jobs: u64, what: &str, run: impl Future<Output = Result<T>>) -> Result<T> {
    let patience = START_MAX + per_job * u32::try_from(jobs).unwrap_or(u32::MAX);
    let ended = tokio::time::timeout(patience, run).await;
    ended.with_context(|| format!("{jobs} jobs were not {what} within {patience:?}"))?
}
