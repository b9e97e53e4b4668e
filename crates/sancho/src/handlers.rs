//! Who is told of failures and deaths, before they are settled.

use std::fmt;
use std::sync::Arc;

use sancho_core::{Jid, Payload, QueueName, Timestamp};

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
    /// The payload as it is when the job is dead: with its error, if it has one.
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

impl fmt::Debug for Handlers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handlers").field("death", &self.death.len()).field("error", &self.error.len()).finish()
    }
}
