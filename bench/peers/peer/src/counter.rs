//! Counts the jobs of a drain as they are performed, and times them.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use tokio::sync::watch;

/// Counts jobs, and notes when the warm-up ended and when the last one was performed.
#[derive(Debug)]
pub struct Counter {
    performed: AtomicU64,
    warm_up: u64,
    all: u64,
    warm: OnceLock<Instant>,
    done: OnceLock<Instant>,
    last: watch::Sender<bool>,
}

impl Counter {
    /// A counter for `warm_up` jobs that are not measured, and `measured` more that are; neither is zero.
    pub(crate) fn new(warm_up: u64, measured: u64) -> Self {
        Counter {
            performed: AtomicU64::new(0),
            warm_up,
            all: warm_up + measured,
            warm: OnceLock::new(),
            done: OnceLock::new(),
            last: watch::Sender::new(false),
        }
    }

    /// Counts one job. Each job calls this, and does nothing else.
    pub fn count(&self) {
        let performed = self.performed.fetch_add(1, Ordering::Relaxed) + 1;
        if performed == self.warm_up {
            _ = self.warm.set(Instant::now());
        }
        if performed == self.all {
            _ = self.done.set(Instant::now());
            self.last.send_replace(true);
        }
    }

    /// Resolves when the last job has been counted.
    pub async fn last(&self) {
        self.last.subscribe().wait_for(|last| *last).await.expect("the counter holds the sender");
    }

    /// Jobs that were counted, the warm-up's too.
    pub(crate) fn performed(&self) -> u64 {
        self.performed.load(Ordering::Relaxed)
    }

    /// Measured jobs a second, once the last one has been counted: from the end of the warm-up to the last.
    pub(crate) fn jobs_per_second(&self) -> Option<f64> {
        let span = self.done.get()?.duration_since(*self.warm.get()?);
        Some((self.all - self.warm_up) as f64 / span.as_secs_f64())
    }
}

#[cfg(test)]
mod tests {
    use super::Counter;

    #[tokio::test]
    async fn the_last_job_ends_the_drain_and_no_other() {
        let counter = Counter::new(1, 2);
        counter.count();
        counter.count();
        assert_eq!(counter.jobs_per_second(), None);
        counter.count();
        counter.last().await;
        assert!(counter.jobs_per_second().is_some_and(|rate| rate > 0.0));
        assert_eq!(counter.performed(), 3);
    }
}
