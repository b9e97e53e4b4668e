//! What can be pushed.

use sancho_core::{Backtrace, Bury, Draft, Jid, Key, QueueName, Retry};

use super::PushError;
use crate::Job;

/// Something that can be pushed: a [`Job`], a [`Raw`](crate::Raw), or a [`Draft`] made by hand.
pub trait IntoDraft {
    /// Whether what the client is configured for the class goes over what the draft says: so it is, unless the draft
    /// was made by hand.
    const CONFIGURED: bool = true;

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
        draft.retry_for = options.retry_for;
        draft.retry_queue = options.retry_queue.map(QueueName::new).transpose()?;
        draft.dead = Some(options.dead).filter(|dead| *dead == Bury::No);
        draft.backtrace = Some(options.backtrace).filter(|backtrace| *backtrace != Backtrace::None);
        draft.tags = options.tags.iter().map(|&tag| tag.to_owned()).collect();
        draft.redact = J::REDACT;
        draft.expires_in = options.expires_in;
        draft.key = self.key().map(Key::new).transpose()?;
        Ok(draft)
    }
}

impl IntoDraft for Draft {
    const CONFIGURED: bool = false;

    fn into_draft(self, _: Jid) -> Result<Draft, PushError> {
        Ok(self)
    }
}

/// Whether, and how often, a failure is retried: a number of times, `true` for the server's default, or `false`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetryOption(pub(crate) Retry);

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
