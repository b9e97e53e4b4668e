//! Who is told of failures and deaths, before they are settled.

use std::fmt;
use std::sync::Arc;

use sancho_core::lifecycle::Attempt;
use sancho_core::retry::Backoff;
use sancho_core::{Jid, Outcome, Payload, QueueName, Retry, Timestamp};

use crate::server::guard::guarded;

/// A try that failed.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct FailedJob {
    /// The job's id; `None` when its payload has none.
    pub jid: Option<Jid>,
    /// Its class, as its payload has it.
    pub class: String,
    /// The queue that it was taken from.
    pub queue: QueueName,
    /// Which try this was: one for the first.
    pub attempt: u32,
    /// The payload, as it was claimed.
    pub payload: Payload,
    /// The class of the error.
    pub error_class: String,
    /// Its message.
    pub error_message: String,
    /// Its backtrace, if the job asks for one.
    pub backtrace: Vec<String>,
    /// When the job is tried again; `None` when this try was the last.
    pub next_try: Option<Timestamp>,
}

/// A job that died.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct DeadJob {
    /// The job's id; `None` when its payload has none.
    pub jid: Option<Jid>,
    /// Its class, as its payload has it; empty when the payload cannot be read.
    pub class: String,
    /// The queue that it was taken from.
    pub queue: QueueName,
    /// The payload as it stands in the dead set, or would: with its error, unless the job is not to be retried.
    pub payload: Payload,
    /// Why it died.
    pub cause: Death,
    /// The class and message of its last error, if it failed.
    pub error: Option<(String, String)>,
    /// Whether it is kept in the dead set, or gone.
    pub is_kept: bool,
}

/// Why a job died.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Death {
    /// It failed, and no try is left.
    Exhausted,
    /// It failed, and its `retry` is `false`.
    NotRetried,
    /// It asked for it, or its back-off function did.
    Killed,
    /// Processes died with it in their hands.
    Poison,
    /// For a day nobody knew its class.
    UnknownClass,
    /// Its payload cannot be read.
    Unreadable,
}

type Handler<T> = Arc<dyn Fn(&T) + Send + Sync>;

/// Who is told.
#[derive(Clone, Default)]
pub(crate) struct Handlers {
    pub(crate) death: Vec<Handler<DeadJob>>,
    pub(crate) error: Vec<Handler<FailedJob>>,
}

impl Handlers {
    /// Tells of a failure. It is described only if somebody is told.
    pub(crate) fn tell_error(&self, failed: impl FnOnce() -> FailedJob) {
        tell(&self.error, failed);
    }

    /// Tells of a death. It is described only if somebody is told.
    pub(crate) fn tell_death(&self, dead: impl FnOnce() -> DeadJob) {
        tell(&self.death, dead);
    }
}

fn tell<T>(handlers: &[Handler<T>], what: impl FnOnce() -> T) {
    if handlers.is_empty() {
        return;
    }
    let what = what();
    for handler in handlers {
        if let Err(panic) = guarded(false, || handler(&what)) {
            let message = panic.message;
            tracing::error!(message, "a handler of failures or deaths panicked: the others are told all the same");
        }
    }
}

/// Why a job dies, if this outcome makes it die.
pub(crate) fn death_of(attempt: Attempt<'_>, outcome: &Outcome) -> Option<Death> {
    match outcome {
        Outcome::Done => None,
        _ if attempt.payload.envelope().is_err() => Some(Death::Unreadable),
        Outcome::Failed(failure) => Some(match failure.backoff {
            _ if is_never_retried(attempt) => Death::NotRetried,
            Backoff::Kill | Backoff::Discard => Death::Killed,
            _ => Death::Exhausted,
        }),
        Outcome::Kill(_) => Some(Death::Killed),
        Outcome::Orphaned => Some(Death::Poison),
        Outcome::UnknownClass { .. } => Some(Death::UnknownClass),
        _ => None,
    }
}

fn is_never_retried(attempt: Attempt<'_>) -> bool {
    let says = attempt.payload.envelope().ok().and_then(|envelope| envelope.retry());
    says.unwrap_or(attempt.policy.retry) == Retry::Never
}

/// Which try of a job this is: one for the first.
pub(crate) fn attempt_of(payload: &Payload) -> u32 {
    let count = payload.envelope().ok().and_then(|envelope| envelope.retry_count());
    count.map_or(1, |count| count.saturating_add(2))
}

impl fmt::Debug for Handlers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handlers").field("death", &self.death.len()).field("error", &self.error.len()).finish()
    }
}
