//! The job of every drain: it does nothing but count itself.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use sancho::{Context, Job, JobResult, Perform};
use serde::{Deserialize, Serialize};
use tokio::sync::Notify;

/// A job that does nothing, with the arguments `["string", number, {"mike": "bob"}]`.
#[derive(Debug, Job, Serialize, Deserialize)]
pub struct NoOp {
    word: String,
    /// Which of the run's jobs it is.
    pub number: u64,
    friends: Friends,
}

#[derive(Debug, Serialize, Deserialize)]
struct Friends {
    mike: String,
}

impl NoOp {
    /// The run's job of this number.
    pub fn new(number: u64) -> Self {
        NoOp { word: "string".to_owned(), number, friends: Friends { mike: "bob".to_owned() } }
    }
}

/// Counts jobs, and notes when the warm-up ended and when the last one was counted.
#[derive(Debug)]
pub struct Counter {
    performed: AtomicU64,
    warm_up: u64,
    all: u64,
    warm: OnceLock<Instant>,
    done: OnceLock<Instant>,
    last: Notify,
}

impl Counter {
    /// A counter for `warm_up` jobs that are not measured, and `measured` more that are; neither is zero.
    pub fn new(warm_up: u64, measured: u64) -> Self {
        Counter {
            performed: AtomicU64::new(0),
            warm_up,
            all: warm_up + measured,
            warm: OnceLock::new(),
            done: OnceLock::new(),
            last: Notify::new(),
        }
    }

    /// Counts one job.
    pub fn count(&self) {
        let performed = self.performed.fetch_add(1, Ordering::Relaxed) + 1;
        if performed == self.warm_up {
            _ = self.warm.set(Instant::now());
        }
        if performed == self.all {
            _ = self.done.set(Instant::now());
            self.last.notify_one();
        }
    }

    /// Resolves when the last job has been counted.
    pub async fn last(&self) {
        self.last.notified().await;
    }

    /// Measured jobs a second, once the last one is counted: from the end of the warm-up to the last.
    pub fn jobs_per_second(&self) -> Option<f64> {
        let span = self.done.get()?.duration_since(*self.warm.get()?);
        Some((self.all - self.warm_up) as f64 / span.as_secs_f64())
    }
}

impl Perform<std::sync::Arc<Counter>> for NoOp {
    async fn perform(self, cx: &Context<std::sync::Arc<Counter>>) -> JobResult {
        cx.state().count();
        Ok(())
    }
}
