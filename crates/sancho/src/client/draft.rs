//! What can be pushed.

use sancho_core::{Draft, Jid, QueueName, Retry};

use super::PushError;
use crate::Job;

/// Something that can be pushed: a [`Job`], a [`Raw`](crate::Raw), or a [`Draft`] made by hand.
pub trait IntoDraft {
    /// The draft of it, under this id unless it has one of its own.
    ///
    /// # Errors
    /// [`PushError::Args`] when the arguments cannot be written, [`PushError::Invalid`] when the options of the
    /// class break a rule.
    fn into_draft(self, jid: Jid) -> Result<Draft, PushError>;
}

impl<J: Job> IntoDraft for J {
    fn into_draft(self, jid: Jid) -> Result<Draft, PushError> {
        let options = J::options();
        let mut draft = Draft::new(jid, J::CLASS, self.to_args()?);
        draft.queue = QueueName::new(options.queue)?;
        draft.retry = options.retry;
        draft.backtrace = options.backtrace;
        draft.tags = options.tags.iter().map(|&tag| tag.to_owned()).collect();
        Ok(draft)
    }
}

impl IntoDraft for Draft {
    fn into_draft(self, _: Jid) -> Result<Draft, PushError> {
        Ok(self)
    }
}

/// Whether, and how often, a failure is retried: a number of times, `true` for the server's default, or `false`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetryOption(pub(super) Retry);

impl From<u32> for RetryOption {
    fn from(limit: u32) -> Self {
        RetryOption(Retry::Limit(limit))
    }
}

impl From<bool> for RetryOption {
    fn from(retry: bool) -> Self {
        RetryOption(if retry { Retry::Default } else { Retry::Never })
    }
}

impl From<Retry> for RetryOption {
    fn from(retry: Retry) -> Self {
        RetryOption(retry)
    }
}
