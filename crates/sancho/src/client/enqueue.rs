//! Sidekiq's own words, on each job.

use std::time::Duration;

use sancho_core::Timestamp;

use super::{Client, Push};
use crate::Job;

/// Sidekiq's own words for a push, on each job. What they answer is a [`Push`]: await it.
pub trait Enqueue: Job {
    /// Pushes the job, to be performed as soon as a slot is free.
    fn perform_async(self, client: &Client) -> Push {
        client.push(self)
    }

    /// Pushes the job, to be performed so long from now.
    fn perform_in(self, client: &Client, span: Duration) -> Push {
        client.push(self).after(span)
    }

    /// Pushes the job, to be performed at a time; one that is not in the future means at once.
    fn perform_at(self, client: &Client, time: impl Into<Timestamp>) -> Push {
        client.push(self).at(time)
    }
}

impl<J: Job> Enqueue for J {}
