//! The role of a pusher: it pushes a share of the jobs over a span of time, and notes what was acknowledged.

use std::ops::Range;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use sancho::{Client, Draft, ErrorKind, Job, PushError};
use tokio::time::{Instant, sleep, sleep_until};

use crate::job::ChaosJob;
use crate::ledger::{Ledger, Verb};
use crate::server::connect;

/// Tasks of a pusher, each of which awaits a push before its next.
const TASKS: u64 = 4;

/// Jobs of one batch; every other batch is pushed job by job.
const BATCH: u64 = 10;

/// A push whose outcome is an error is tried again so soon, and for so long.
const AGAIN_AFTER: Duration = Duration::from_millis(20);
const AGAIN_MAX: Duration = Duration::from_secs(45);

/// What to push.
#[derive(Clone, Debug)]
pub(crate) struct Share {
    /// The numbers of the jobs.
    pub(crate) numbers: Range<u64>,
    /// What decides how each job is.
    pub(crate) seed: u64,
    /// Over how long the pushes are spread.
    pub(crate) over: Duration,
}

/// Pushes a share, and ends when all of it is acknowledged.
pub(crate) async fn play(url: &str, ledger: &Path, name: &str, share: Share) -> Result<()> {
    let pusher = Arc::new(Pusher { client: connect(url).await?, ledger: Ledger::open(ledger, name)?, share });
    let start = Instant::now();
    let tasks: Vec<_> =
        (0..TASKS).map(|task| tokio::spawn(Arc::clone(&pusher).push_every_fourth(task, start))).collect();
    for task in tasks {
        task.await.context("a task panicked")??;
    }
    Ok(())
}

struct Pusher {
    client: Client,
    ledger: Ledger,
    share: Share,
}

impl Pusher {
    /// Pushes the batches of one task, none before its time.
    async fn push_every_fourth(self: Arc<Self>, task: u64, start: Instant) -> Result<()> {
        let Range { start: first, end } = self.share.numbers;
        let batches = (end - first).div_ceil(BATCH);
        for batch in (task..batches).step_by(TASKS as usize) {
            sleep_until(start + self.share.over.mul_f64(batch as f64 / batches as f64)).await;
            let numbers: Vec<u64> = (first + batch * BATCH..end.min(first + (batch + 1) * BATCH)).collect();
            if (batch / TASKS).is_multiple_of(2) {
                self.push(&numbers).await?;
            } else {
                for number in numbers {
                    self.push(&[number]).await?;
                }
            }
        }
        Ok(())
    }

    /// Pushes jobs in one batch until that is acknowledged: with the same ids each time, so that a push whose outcome
    /// nobody knows adds nothing twice.
    async fn push(&self, numbers: &[u64]) -> Result<()> {
        let drafts = numbers.iter().map(|&number| self.draft(number)).collect::<Result<Vec<Draft>>>()?;
        let started = Instant::now();
        loop {
            match self.client.push_drafts(drafts.clone()).await {
                Ok(_) => break,
                Err(PushError::Store(error)) if may_pass_later(error.kind) => eprintln!("pushing {numbers:?}: {error}"),
                Err(error) => return Err(error).with_context(|| format!("failed to push {numbers:?}")),
            }
            if started.elapsed() > AGAIN_MAX {
                bail!("a push failed for {AGAIN_MAX:?}");
            }
            sleep(AGAIN_AFTER).await;
        }
        self.ledger.write_all(Verb::Pushed, numbers.iter().copied(), 0).context("failed to write the ledger")
    }

    fn draft(&self, number: u64) -> Result<Draft> {
        let job = ChaosJob::new(self.share.seed, number);
        let mut draft = self.client.draft(ChaosJob::CLASS, job.to_args()?);
        draft.queue = sancho::QueueName::new(ChaosJob::queue(number))?;
        draft.retry = ChaosJob::options().retry;
        Ok(draft)
    }
}

/// Whether the same push may be acknowledged later.
fn may_pass_later(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::Unavailable | ErrorKind::OutcomeUnknown | ErrorKind::Full)
}
