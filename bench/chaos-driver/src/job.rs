//! The job of every run: it takes its time, fails as often as it is told, and leaves a line at each step.

use std::sync::Arc;
use std::time::Duration;

use anyhow::anyhow;
use sancho::core::lifecycle::Failure;
use sancho::{Backoff, Context, Job, JobResult, Perform};
use serde::{Deserialize, Serialize};

use crate::dice::roll;
use crate::ledger::{Ledger, Verb};

/// The queue that only Sancho's servers serve.
pub(crate) const OWN_QUEUE: &str = "chaos";

/// The queue that a Ruby worker serves, too, where one runs.
pub(crate) const SHARED_QUEUE: &str = "chaos-shared";

/// A job that lasts at least so many milliseconds is a slow one.
pub(crate) const SLOW_MS: u64 = 250;

/// How long after a failure the next try is due.
pub(crate) const RETRY_AFTER: Duration = Duration::from_millis(200);

/// A job whose arguments say what becomes of it.
#[derive(Debug, Job, Serialize, Deserialize)]
#[job(class = "ChaosJob", retry = 25)]
pub(crate) struct ChaosJob {
    /// Which of the run's jobs it is.
    pub(crate) number: u64,
    /// How long each try takes.
    pub(crate) lasts_ms: u64,
    /// How many tries fail before one succeeds.
    pub(crate) failures: u32,
}

impl ChaosJob {
    /// The run's job of this number: three in ten are instant, one in ten is slow, the rest take a few milliseconds;
    /// one in twenty fails at first.
    pub(crate) fn new(seed: u64, number: u64) -> Self {
        let dice = roll(seed, number);
        let lasts_ms = match dice % 10 {
            0..3 => 0,
            3..9 => 1 + (dice >> 8) % 8,
            _ => SLOW_MS + (dice >> 8) % 100,
        };
        let failures = match (dice >> 32) % 40 {
            0 => 1,
            1 => 2,
            _ => 0,
        };
        ChaosJob { number, lasts_ms, failures }
    }

    /// The queue that the run's job of this number goes to: one in five to the shared one.
    pub(crate) fn queue(number: u64) -> &'static str {
        if number.is_multiple_of(5) { SHARED_QUEUE } else { OWN_QUEUE }
    }
}

impl Perform<Arc<Ledger>> for ChaosJob {
    async fn perform(self, cx: &Context<Arc<Ledger>>) -> JobResult {
        let page = Page::open(cx.state(), self.number, cx.attempt())?;
        if self.lasts_ms > 0 {
            tokio::time::sleep(Duration::from_millis(self.lasts_ms)).await;
        }
        if cx.attempt() <= self.failures {
            page.close(Verb::Failed)?;
            return Err(anyhow!("this try was to fail").into());
        }
        page.close(Verb::Done)?;
        Ok(())
    }

    fn backoff(_: u32, _: &Failure) -> Backoff {
        Backoff::After(RETRY_AFTER)
    }
}

/// One performance in the ledger, between its first line and its last.
pub(crate) struct Page<'a> {
    ledger: &'a Ledger,
    number: u64,
    attempt: u32,
    open: bool,
}

impl<'a> Page<'a> {
    pub(crate) fn open(ledger: &'a Ledger, number: u64, attempt: u32) -> std::io::Result<Self> {
        ledger.write(Verb::Start, number, attempt)?;
        Ok(Page { ledger, number, attempt, open: true })
    }

    pub(crate) fn close(mut self, verb: Verb) -> std::io::Result<()> {
        self.open = false;
        self.ledger.write(verb, self.number, self.attempt)
    }
}

impl Drop for Page<'_> {
    /// A job that its server cuts short says so, and is not taken for one that a kill hit.
    fn drop(&mut self) {
        if self.open {
            // A ledger that cannot be written fails every other job loudly.
            _ = self.ledger.write(Verb::Dropped, self.number, self.attempt);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_has_instant_slow_and_failing_jobs() {
        let jobs: Vec<_> = (0..1_000).map(|number| ChaosJob::new(7, number)).collect();
        assert!(jobs.iter().filter(|job| job.lasts_ms == 0).count() > 200);
        assert!(jobs.iter().filter(|job| job.lasts_ms >= SLOW_MS).count() > 50);
        assert!(jobs.iter().filter(|job| job.failures > 0).count() > 20);
    }
}
