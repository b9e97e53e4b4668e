//! One performance of a job: which job it is, what it is told, and what is seen of it while it runs.

mod flag;
mod kept;
mod polls;

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use sancho_core::{Checkpoint, Claim, Jid, Timestamp};

pub(crate) use flag::Flag;
pub(crate) use kept::Kept;
pub(crate) use polls::Polls;

use crate::Runs;
use crate::server::blocking::Seat;
use crate::server::line::Telling;
use crate::trace::TraceContext;

/// What the job's own code and those who watch it share.
#[derive(Debug)]
pub(crate) struct Performance {
    pub(crate) claim: Claim,
    /// Its id; `None` when its payload has none.
    pub(crate) jid: Option<Jid>,
    pub(crate) class: String,
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
    /// Whether it is to come to an end: it was canceled, or its time is over.
    pub(crate) canceled: Flag,
    /// Whether its code is to be dropped where it waits next.
    pub(crate) dropped: Flag,
    pub(crate) polls: Polls,
    pub(crate) kept: Kept,
    /// The thread that it has, if it is one that blocks and has got one.
    pub(crate) seat: OnceLock<Arc<Seat>>,
}

impl Performance {
    /// The name that people know the class by.
    pub(crate) fn shown_class(&self) -> &str {
        self.wrapped.as_deref().unwrap_or(&self.class)
    }

    /// Whether it waits for a thread, and none of its code has run.
    pub(crate) fn waits_for_thread(&self) -> bool {
        self.runs == Runs::Blocking && self.seat.get().is_none()
    }

    /// What it wants kept, if that has changed since the last time.
    pub(crate) fn checkpoint(&self) -> Option<Checkpoint> {
        let bytes = self.kept.take_changed(self.claim.checkpoint.as_deref())?;
        Some(Checkpoint { receipt: self.claim.receipt.clone(), bytes })
    }
}
