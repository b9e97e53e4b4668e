//! One performance of a job: which job it is, and what is seen of it while it runs.

use sancho_core::{Claim, Jid};

/// What the job's own code and those who watch it share.
#[derive(Debug)]
pub(crate) struct Performance {
    pub(crate) claim: Claim,
    /// Its id; `None` when its payload has none.
    pub(crate) jid: Option<Jid>,
    pub(crate) class: String,
    /// Which try this is: one for the first.
    pub(crate) attempt: u32,
}
