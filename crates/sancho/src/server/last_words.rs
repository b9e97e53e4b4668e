//! What a class's own code says of a failure: when the next try is to be, and what to do when there is none.

use std::sync::Arc;
use std::time::Duration;

use sancho_core::lifecycle::{Attempt, Failure, Verdict, decide};
use sancho_core::retry::Backoff;
use sancho_core::{BoxFuture, Claim, Outcome, Timestamp, limits};

use crate::Context;
use crate::registry::Entry;
use crate::server::guard::{Guarded, guarded};

/// What came of a job, and how long it ran for that.
#[derive(Debug)]
pub(crate) struct Last {
    pub(crate) outcome: Outcome,
    pub(crate) elapsed: Duration,
}

impl Last {
    /// Whether this failure is the job's last, so that its last words are to be said.
    pub(crate) fn ends_its_tries<S>(&self, entry: &Entry<S>, claim: &Claim) -> bool {
        let Some((failure, at)) = self.failure() else { return false };
        let attempt = Attempt { payload: &claim.payload, queue: &claim.queue, policy: &entry.policy };
        // The failure has its time, so that who settles it, later, decides the same.
        let outcome = Outcome::Failed(failure.clone());
        let is_kill = matches!(self.outcome, Outcome::Kill(_));
        is_kill || decide(attempt, outcome, at, 0.0).verdict == Verdict::Died
    }

    fn failure(&self) -> Option<(&Failure, Timestamp)> {
        match &self.outcome {
            Outcome::Failed(failure) | Outcome::Kill(failure) => Some((failure, failure.at?)),
            _ => None,
        }
    }
}

/// A failure with its time, and with what the class's own function says about its next try.
pub(crate) fn resolved<S>(outcome: Outcome, entry: Option<&Entry<S>>, claim: &Claim, now: Timestamp) -> Outcome
where
    S: Send + Sync + 'static,
{
    match outcome {
        Outcome::Failed(mut failure) => {
            failure.at = Some(now);
            if let Some(entry) = entry {
                let count = claim.payload.envelope().ok().and_then(|envelope| envelope.retry_count());
                let count = count.map_or(0, |count| count.saturating_add(1));
                failure.backoff = guarded(false, || entry.backoff(count, &failure)).unwrap_or_else(|panic| {
                    let message = panic.message;
                    tracing::error!(message, "a back-off function panicked: the failure is retried by the usual curve");
                    Backoff::Default
                });
            }
            Outcome::Failed(failure)
        }
        Outcome::Kill(failure) => Outcome::Kill(Failure { at: Some(now), ..failure }),
        other => other,
    }
}

/// A job's last words, ready to be said; `None` when it has none. They come to an end, and their panic is logged.
pub(crate) fn speak<S>(entry: &Entry<S>, cx: Context<S>, last: &Last) -> Option<BoxFuture<'static, ()>>
where
    S: Send + Sync + 'static,
{
    let (failure, _) = last.failure()?;
    let performance = Arc::clone(&cx.performance);
    let run = match guarded(false, || entry.last_words(cx, failure.clone())) {
        Ok(run) => run?,
        Err(panic) => {
            tracing::error!(message = panic.message, "a job could not be read again for its last words");
            return None;
        }
    };
    let words = Guarded::new(run, false, Arc::clone(&performance));
    Some(Box::pin(async move {
        let why = match tokio::time::timeout(limits::LAST_WORDS_FOR, words).await {
            Ok(Outcome::Failed(panic)) => panic.message,
            Ok(_) => return,
            Err(_) => format!("it took longer than {:?}", limits::LAST_WORDS_FOR),
        };
        let (jid, class) = (&performance.jid, performance.shown_class());
        tracing::error!(
            ?jid,
            class,
            why,
            "on_exhausted did not come to its end: the job's end is settled all the same"
        );
    }))
}
