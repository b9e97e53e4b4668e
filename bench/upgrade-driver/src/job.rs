//! The job of every run: its number says how it is pushed and what becomes of it.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Result, anyhow};
use sancho::core::lifecycle::Failure;
use sancho::{Backoff, Client, Context, Draft, Job, JobResult, Key, Perform};
use serde::{Deserialize, Serialize};

use crate::ledger::Ledger;

/// How long a slow job takes: a server that is killed has some in its hands.
const SLOW: Duration = Duration::from_millis(300);

/// How far ahead a scheduled job is pushed, and how long a failed one waits.
const AHEAD: Duration = Duration::from_secs(2);
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// A job that says when it is done.
#[derive(Debug, Job, Serialize, Deserialize)]
#[job(class = "UpgradeJob", retry = 25)]
pub struct UpgradeJob {
    number: u64,
}

/// The job of a number, ready to be pushed: some are due later, some have a key, some have a member that no build knows.
pub fn draft(client: &Client, number: u64) -> Result<Draft> {
    let mut draft = client.draft(UpgradeJob::CLASS, UpgradeJob { number }.to_args()?);
    draft.retry = UpgradeJob::options().retry;
    match number % 10 {
        1 => draft.at = Some(client.clock().now() + AHEAD),
        2 => draft.key = Some(Key::new(format!("upgrade:{number}"))?),
        3 => draft.extra.push(("x_later".to_owned(), r#"{"b":[],"a":{}}"#.to_owned())),
        _ => {}
    }
    Ok(draft)
}

impl Perform<Arc<Ledger>> for UpgradeJob {
    async fn perform(self, cx: &Context<Arc<Ledger>>) -> JobResult {
        if self.number % 20 == 5 {
            tokio::time::sleep(SLOW).await;
        }
        if self.number % 20 == 6 && cx.attempt() == 1 {
            return Err(anyhow!("this try was to fail").into());
        }
        cx.state().write("done", &[self.number])?;
        Ok(())
    }

    fn backoff(_: u32, _: &Failure) -> Backoff {
        Backoff::After(RETRY_AFTER)
    }
}
