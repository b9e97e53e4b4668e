//! One performance of a job: which job it is, what it is told, and what is seen of it while it runs.

mod flag;
mod kept;
mod polls;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use sancho_core::{Checkpoint, Claim, Jid, Outcome, Timestamp};
use tokio::sync::Notify;

pub(crate) use flag::Flag;
pub(crate) use kept::Kept;
pub(crate) use polls::Polls;

use crate::Runs;
use crate::server::blocking::Seat;
use crate::server::ending::{Cause, outcome};
use crate::server::line::Telling;
use crate::trace::TraceContext;

/// What the job's own code and those who watch it share.
#[derive(Debug)]
pub(crate) struct Performance {
    pub(crate) claim: Claim,
    /// Its id; `None` when its payload has none.
    pub(crate) jid: Option<Jid>,
    pub(crate) class: Arc<str>,
    /// The class inside a wrapper.
    pub(crate) wrapped: Option<Box<str>>,
    /// Which try this is: one for the first.
    pub(crate) attempt: u32,
    /// The trace that it belongs to.
    pub(crate) trace: Option<Arc<TraceContext>>,
    /// How long it may run.
    pub(crate) timeout: Option<Duration>,
    pub(crate) runs: Runs,
    /// How the log tells of it.
    pub(crate) telling: Telling,
    /// When it began, in the store's time.
    pub(crate) since: Timestamp,
    /// When it began, in uptime.
    pub(crate) began: Duration,
    /// Whether it is to come to an end: it was canceled, or its time is over, or it is another's by now.
    pub(crate) canceled: Flag,
    /// Why, where that decides what comes of it.
    pub(crate) cause: OnceLock<Cause>,
    /// Whether its code is to be dropped where it waits next.
    pub(crate) dropped: Flag,
    /// Whether its code has come to its end; the job may still say its last words.
    is_code_over: AtomicBool,
    /// Whether it was decided if its code begins on a thread: by the thread, or by whoever ends it before it has one.
    is_begun_or_refused: AtomicBool,
    pub(crate) polls: Polls,
    pub(crate) kept: Kept,
    /// The thread that it has, if it is one that blocks and has got one.
    pub(crate) seat: OnceLock<Arc<Seat>>,
}

/// What is true of a performance from its beginning.
pub(crate) struct Beginning {
    pub(crate) claim: Claim,
    pub(crate) jid: Option<Jid>,
    pub(crate) class: Arc<str>,
    pub(crate) wrapped: Option<Box<str>>,
    pub(crate) attempt: u32,
    pub(crate) trace: Option<TraceContext>,
    pub(crate) timeout: Option<Duration>,
    pub(crate) runs: Runs,
    pub(crate) telling: Telling,
    pub(crate) since: Timestamp,
    pub(crate) began: Duration,
}

impl Performance {
    /// A performance that begins, and who keeps what it says.
    pub(crate) fn new(beginning: Beginning, keeper: Arc<Notify>) -> Self {
        let Beginning { claim, jid, class, wrapped, attempt, trace, timeout, runs, telling, since, began } = beginning;
        Performance {
            claim,
            jid,
            class,
            wrapped,
            attempt,
            trace: trace.map(Arc::new),
            timeout,
            runs,
            telling,
            since,
            began,
            canceled: Flag::default(),
            cause: OnceLock::new(),
            dropped: Flag::default(),
            is_code_over: AtomicBool::new(false),
            is_begun_or_refused: AtomicBool::new(false),
            polls: Polls::default(),
            kept: Kept::new(keeper),
            seat: OnceLock::new(),
        }
    }

    /// Tells the job to come to an end. The first cause counts.
    pub(crate) fn cancel(&self, cause: Cause) {
        _ = self.cause.set(cause);
        self.canceled.raise();
    }

    /// The job's code has come to its end; answers what is to come of the job, which may have been canceled meanwhile.
    pub(crate) fn code_over(&self, answered: Outcome) -> Outcome {
        self.is_code_over.store(true, Ordering::Release);
        outcome(self.cause.get().copied(), Some(answered))
    }

    /// Whether the job's code has come to its end.
    pub(crate) fn is_code_over(&self) -> bool {
        self.is_code_over.load(Ordering::Acquire)
    }

    /// What comes of the job when its code is gone, or is waited for no longer.
    pub(crate) fn gone(&self) -> Outcome {
        outcome(self.cause.get().copied(), None)
    }

    /// The name that people know the class by.
    pub(crate) fn shown_class(&self) -> &str {
        self.wrapped.as_deref().unwrap_or(&self.class)
    }

    /// It has a thread. Whether its code is to begin there: not if somebody has ended the job before.
    pub(crate) fn begins(&self) -> bool {
        !self.is_begun_or_refused.swap(true, Ordering::AcqRel)
    }

    /// Whether it waits for a thread, and none of its code has run; if so, none ever will. Asked by whoever ends it.
    pub(crate) fn never_begins(&self) -> bool {
        self.runs == Runs::Blocking && self.begins()
    }

    /// What it wants kept, if that has changed since the last time.
    pub(crate) fn checkpoint(&self) -> Option<Checkpoint> {
        let bytes = self.kept.take_changed(self.claim.checkpoint.as_deref())?;
        Some(Checkpoint { receipt: self.claim.receipt.clone(), bytes })
    }
}

#[cfg(test)]
mod tests {
    use sancho_core::{Incarnation, Payload, QueueName, Receipt};

    use super::*;

    fn performance(runs: Runs) -> Performance {
        let receipt = Receipt::mint(Incarnation::new("a:1:x"), 1, 0);
        let beginning = Beginning {
            claim: Claim::new(receipt, QueueName::default(), Payload::from_bytes(b"{}".to_vec()), None),
            jid: None,
            class: "A".into(),
            wrapped: None,
            attempt: 1,
            trace: None,
            timeout: None,
            runs,
            telling: Telling::default(),
            since: Timestamp::EPOCH,
            began: Duration::ZERO,
        };
        Performance::new(beginning, Arc::default())
    }

    #[test]
    fn a_blocking_job_begins_or_is_settled_unbegun_and_never_both() {
        let refused = performance(Runs::Blocking);
        assert!(refused.never_begins() && !refused.begins());
        let begun = performance(Runs::Blocking);
        assert!(begun.begins() && !begun.never_begins());
        assert!(!performance(Runs::Async).never_begins(), "it needs no thread");
    }
}
