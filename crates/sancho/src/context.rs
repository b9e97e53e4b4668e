//! What a running job is told.

use std::sync::Arc;

use sancho_core::{Jid, QueueName};

/// What a running job is told, and what it may ask for.
#[derive(Debug)]
pub struct Context<S> {
    state: Arc<S>,
    jid: Jid,
    queue: QueueName,
}

impl<S> Context<S> {
    /// The application's state.
    pub fn state(&self) -> &S {
        &self.state
    }

    /// The job's id.
    pub fn jid(&self) -> &Jid {
        &self.jid
    }

    /// The queue that the job was taken from.
    pub fn queue(&self) -> &QueueName {
        &self.queue
    }
}
