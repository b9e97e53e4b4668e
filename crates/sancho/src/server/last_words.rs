//! What a job's own code says of its failure: when the next try is to be, and what to do when there is none.
//!
//! It is said where the job ran, before what came of it goes to the store: code of an application must neither hold up
//! the loop that claims for all, nor end it by a panic.

use std::sync::Arc;

use sancho_core::lifecycle::{Attempt, Failure, Verdict, decide};
use sancho_core::retry::Backoff;
use sancho_core::{Outcome, Payload, Timestamp, limits};

use crate::Context;
use crate::registry::Entry;
use crate::server::guard::{Guarded, guarded};

/// A failure with its time, and with what the class's own function says about its next try.
///
/// The time stands in it so that whoever decides again, later, decides the same: whether this was the last try.
pub(crate) fn dated<S>(
    outcome: Outcome,
    entry: &Entry<S>,
    payload: &Payload,
    now: impl FnOnce() -> Timestamp,
) -> Outcome
where
    S: Send + Sync + 'static,
{
    match outcome {
        Outcome::Failed(mut failure) => {
            let count = payload.envelope().ok().and_then(|envelope| envelope.retry_count());
            let count = count.map_or(0, |count| count.saturating_add(1));
            failure.at = Some(now());
            failure.backoff = guarded(false, || entry.backoff(count, &failure)).unwrap_or_else(|panic| {
                let message = panic.message;
                tracing::error!(message, "a back-off function panicked: the failure is retried by the usual curve");
                Backoff::Default
            });
            Outcome::Failed(failure)
        }
        Outcome::Kill(mut failure) => {
            failure.at = Some(now());
            Outcome::Kill(failure)
        }
        other => other,
    }
}

/// Lets the job say its last words, if what came of it ends its tries.
pub(crate) async fn spoken<S>(outcome: Outcome, entry: &Entry<S>, cx: Arc<Context<S>>) -> Outcome
where
    S: Send + Sync + 'static,
{
    let (Outcome::Failed(failure) | Outcome::Kill(failure)) = &outcome else { return outcome };
    let attempt = Attempt { payload: cx.payload(), queue: cx.queue(), policy: &entry.policy };
    let now = failure.at.unwrap_or(Timestamp::EPOCH);
    if decide(attempt, outcome.clone(), now, 0.0).verdict == Verdict::Died
        && let Err(why) = speak(failure.clone(), entry, Arc::clone(&cx)).await
    {
        let (jid, class) = (cx.jid().as_str(), cx.class());
        tracing::error!(jid, class, why, "on_exhausted did not come to its end: the job's end is settled all the same");
    }
    outcome
}

async fn speak<S: Send + Sync + 'static>(
    failure: Failure,
    entry: &Entry<S>,
    cx: Arc<Context<S>>,
) -> Result<(), String> {
    let performance = Arc::clone(&cx.performance);
    let run = match guarded(false, || entry.last_words(cx, failure)).map_err(|panic| panic.message)? {
        Some(run) => run.map_err(|error| error.to_string())?,
        None => return Ok(()),
    };
    match tokio::time::timeout(limits::LAST_WORDS_FOR, Guarded::new(run, false, performance)).await {
        Ok(Outcome::Failed(panic)) => Err(panic.message),
        Ok(_) => Ok(()),
        Err(_) => Err(format!("it took longer than {:?}", limits::LAST_WORDS_FOR)),
    }
}
