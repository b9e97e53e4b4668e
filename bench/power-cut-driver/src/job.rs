//! The job of every run: it takes a moment, and leaves a line at its begin and its end.

use std::sync::Arc;
use std::time::Duration;

use sancho::{Context, Job, JobResult, Perform};
use serde::{Deserialize, Serialize};

use crate::ledger::{Ledger, Verb};

/// A job.
#[derive(Debug, Job, Serialize, Deserialize)]
#[job(class = "PowerCutJob", queue = "power", retry = 25)]
pub(crate) struct PowerCutJob {
    /// How long it takes.
    pub(crate) lasts_ms: u64,
    /// Bytes that nobody reads: payloads are of several lengths.
    pub(crate) ballast: String,
}

impl PowerCutJob {
    /// The job of a number.
    pub(crate) fn new(number: u64) -> Self {
        let ballast = "ballast ".repeat([1, 8, 40, 200, 700][number as usize % 5]);
        PowerCutJob { lasts_ms: number % 4, ballast }
    }
}

impl Perform<Arc<Ledger>> for PowerCutJob {
    async fn perform(self, cx: &Context<Arc<Ledger>>) -> JobResult {
        cx.state().write(Verb::Begun, cx.jid().as_str())?;
        if self.lasts_ms > 0 {
            tokio::time::sleep(Duration::from_millis(self.lasts_ms)).await;
        }
        cx.state().write(Verb::Done, cx.jid().as_str())?;
        Ok(())
    }
}
