//! What a running job is told.

use std::sync::Arc;

use sancho_core::{Jid, QueueName};
use tokio::sync::watch;

use crate::Client;

/// What a running job is told, and what it may ask for.
#[derive(Debug)]
pub struct Context<S> {
    pub(crate) state: Arc<S>,
    pub(crate) client: Client,
    pub(crate) jid: Jid,
    pub(crate) queue: QueueName,
    pub(crate) attempt: u32,
    pub(crate) stopping: watch::Receiver<bool>,
}

impl<S> Context<S> {
    /// The application's state.
    pub fn state(&self) -> &S {
        &self.state
    }

    /// A client of the same store. A job may push its own key through it, for after itself.
    pub fn client(&self) -> Client {
        self.client.for_job(self.jid.clone())
    }

    /// The job's id.
    pub fn jid(&self) -> &Jid {
        &self.jid
    }

    /// The queue that the job was taken from.
    pub fn queue(&self) -> &QueueName {
        &self.queue
    }

    /// Which try this is: one for the first. Tries that a stop or a crash cut short do not count.
    pub fn attempt(&self) -> u32 {
        self.attempt
    }

    /// Whether the server is stopping: a long job may then come to an end early.
    pub fn is_stopping(&self) -> bool {
        *self.stopping.borrow()
    }

    /// Resolves when the server begins to stop.
    ///
    /// The job may go on until the stop's timeout; then it is dropped, and returns to the front of its queue.
    pub async fn stopping(&self) {
        let mut stopping = self.stopping.clone();
        // An error means that the server is gone, which is as good as stopping.
        _ = stopping.wait_for(|stopping| *stopping).await;
    }
}
