//! One performance of a job: which job it is, and what is seen of it while it runs.

use std::sync::Arc;

use sancho_core::{Claim, Jid};

use crate::trace::TraceContext;

/// What the job's own code and those who watch it share.
#[derive(Debug)]
pub(crate) struct Performance {
    pub(crate) claim: Claim,
    /// Its id; `None` when its payload has none.
    pub(crate) jid: Option<Jid>,
    pub(crate) class: String,
    /// Which try this is: one for the first.
    pub(crate) attempt: u32,
    /// The trace that it belongs to.
    pub(crate) trace: Option<Arc<TraceContext>>,
}
