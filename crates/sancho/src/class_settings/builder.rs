//! Saying settings one after the other.

use std::time::Duration;

use sancho_core::{Backtrace, Bury, QueueName};

use super::ClassSettings;
use crate::{LogLevel, RetryOption, Runs};

impl ClassSettings {
    /// Settings that say nothing yet.
    pub fn new() -> Self {
        ClassSettings::default()
    }

    /// Sends jobs to this queue.
    #[must_use]
    pub fn queue(mut self, queue: QueueName) -> Self {
        self.queue = Some(queue);
        self
    }

    /// Retries a failure so many times, or `false`: never; `true`: as often as the server is configured for.
    #[must_use]
    pub fn retry(mut self, retry: impl Into<RetryOption>) -> Self {
        (self.retry, self.retry_for) = (Some(retry.into().0), None);
        self
    }

    /// Retries failures until so long after the first one, however often that is.
    #[must_use]
    pub fn retry_for(mut self, window: Duration) -> Self {
        (self.retry, self.retry_for) = (None, Some(window));
        self
    }

    /// Sends retries to this queue.
    #[must_use]
    pub fn retry_queue(mut self, queue: QueueName) -> Self {
        self.retry_queue = Some(queue);
        self
    }

    /// Says whether a job whose tries are over is kept in the dead set.
    #[must_use]
    pub fn dead(mut self, dead: impl Into<Bury>) -> Self {
        self.dead = Some(dead.into());
        self
    }

    /// Keeps so much of a failure's backtrace.
    #[must_use]
    pub fn backtrace(mut self, backtrace: impl Into<Backtrace>) -> Self {
        self.backtrace = Some(backtrace.into());
        self
    }

    /// Gives jobs these tags, instead of the class's own.
    #[must_use]
    pub fn tags<T: Into<String>>(mut self, tags: impl IntoIterator<Item = T>) -> Self {
        self.tags = Some(tags.into_iter().map(Into::into).collect());
        self
    }

    /// Lets one run take so long.
    #[must_use]
    pub fn timeout(mut self, limit: Duration) -> Self {
        self.timeout = Some(limit);
        self
    }

    /// Lets jobs go, unperformed, that have not started so long after they were due.
    #[must_use]
    pub fn expires_in(mut self, span: Duration) -> Self {
        self.expires_in = Some(span);
        self
    }

    /// Runs jobs there.
    #[must_use]
    pub fn runs(mut self, runs: Runs) -> Self {
        self.runs = Some(runs);
        self
    }

    /// Tells of jobs at this level.
    #[must_use]
    pub fn log_level(mut self, level: LogLevel) -> Self {
        self.log_level = Some(level);
        self
    }
}
