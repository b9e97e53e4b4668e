//! What a job answers: success, a failure, or a wish.

use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

use sancho_core::lifecycle::Failure;
use sancho_core::retry::Backoff;
use sancho_core::{Outcome, Timestamp};

use crate::server::guard;

/// What [`Perform::perform`](crate::Perform::perform) answers.
pub type JobResult = Result<(), JobError>;

/// Why a job is not done. Any error converts into it with `?`.
#[derive(Debug)]
pub struct JobError(Reason);

#[derive(Debug)]
enum Reason {
    Failed {
        class: Cow<'static, str>,
        error: Box<dyn StdError + Send + Sync>,
        backtrace: Vec<String>,
        backoff: Backoff,
    },
    Snooze(Duration),
    Discard,
    Interrupted,
    Kill {
        message: String,
    },
}

/// What a job that asks for a retry fails with.
#[derive(Debug, thiserror::Error)]
#[error("the job asked to be retried at a time of its own")]
struct AskedToBeRetried;

impl JobError {
    /// Not now: perform the job again after this long. No failure.
    pub fn snooze(span: Duration) -> Self {
        JobError(Reason::Snooze(span))
    }

    /// Not at all: drop the job. No failure.
    pub fn discard() -> Self {
        JobError(Reason::Discard)
    }

    /// Never again: bury the job, for this reason.
    pub fn kill(message: impl Into<String>) -> Self {
        JobError(Reason::Kill { message: message.into() })
    }

    /// A failure of this class, with this message: for what fails elsewhere, such as a program of another language.
    pub fn failure(class: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Self {
        let (error, backoff) = (message.into().into(), Backoff::Default);
        JobError(Reason::Failed { class: class.into(), error, backtrace: Vec::new(), backoff })
    }

    /// Cut short, as the stop itself would do when its time is up: back to the front of the queue, and no attempt is
    /// counted. For jobs that give way early while [`Context::is_stopping`](crate::Context::is_stopping); at any other
    /// time the job comes back at once.
    pub fn interrupted() -> Self {
        JobError(Reason::Interrupted)
    }

    /// A failure whose next try is at this time, if there is one; a time that has passed means at once.
    ///
    /// Other than [`JobError::snooze`] it uses up a try. To keep an error of one's own with the job, give that one
    /// [`Backoff::At`] by [`JobError::with_backoff`].
    pub fn retry_at(time: impl Into<Timestamp>) -> Self {
        JobError::wanting(Backoff::At(time.into()))
    }

    /// A failure whose next try is so long from now, if there is one; otherwise as [`JobError::retry_at`].
    pub fn retry_in(span: Duration) -> Self {
        JobError::wanting(Backoff::After(span))
    }

    fn wanting(backoff: Backoff) -> Self {
        let error = Box::new(AskedToBeRetried);
        JobError(Reason::Failed { class: "Sancho::AskedToBeRetried".into(), error, backtrace: Vec::new(), backoff })
    }

    /// The failure is to be tried again as `backoff` says, whatever the class's own function says.
    #[must_use]
    pub fn with_backoff(mut self, wanted: Backoff) -> Self {
        if let Reason::Failed { backoff, .. } = &mut self.0 {
            *backoff = wanted;
        }
        self
    }

    /// The error of a failure, to look at or to downcast; `None` when the job asked for something else.
    pub fn error(&self) -> Option<&(dyn StdError + Send + Sync + 'static)> {
        match &self.0 {
            Reason::Failed { error, .. } => Some(&**error),
            _ => None,
        }
    }

    /// What the rules make of it.
    /// What came of the job in one word and, if it failed, the class and the message of its error.
    #[cfg(feature = "opentelemetry")]
    pub(crate) fn told(&self) -> (&'static str, Option<(&str, String)>) {
        match &self.0 {
            Reason::Failed { class, error, .. } => ("failed", Some((class, error.to_string()))),
            Reason::Snooze(_) => ("snoozed", None),
            Reason::Discard => ("discarded", None),
            Reason::Interrupted => ("interrupted", None),
            Reason::Kill { message } => ("killed", Some(("Sancho::Killed", message.clone()))),
        }
    }

    pub(crate) fn into_outcome(self) -> Outcome {
        match self.0 {
            Reason::Failed { class, error, backtrace, backoff } => {
                let message = with_causes(&*error);
                Outcome::Failed(Failure { class: class.into_owned(), message, backtrace, backoff, at: None })
            }
            Reason::Snooze(span) => Outcome::Snooze(span),
            Reason::Discard => Outcome::Discard,
            Reason::Interrupted => Outcome::Interrupted,
            Reason::Kill { message } => {
                Outcome::Kill(Failure { class: "Sancho::Killed".into(), message, ..Failure::default() })
            }
        }
    }
}

impl fmt::Display for JobError {
    /// What the job said: its error's message with the causes, or its wish.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Reason::Failed { error, .. } => f.write_str(&with_causes(&**error)),
            Reason::Snooze(span) => write!(f, "not now: again in {span:?}"),
            Reason::Discard => f.write_str("not at all: the job is dropped"),
            Reason::Interrupted => f.write_str("not to its end: the job returns to its queue"),
            Reason::Kill { message } => write!(f, "never again: {message}"),
        }
    }
}

/// An error's message, and those of what caused it.
fn with_causes(error: &(dyn StdError + 'static)) -> String {
    let mut message = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        message.push_str(": ");
        message.push_str(&error.to_string());
        cause = error.source();
    }
    message
}

impl<E: Into<Box<dyn StdError + Send + Sync>>> From<E> for JobError {
    fn from(error: E) -> Self {
        let class = Cow::Borrowed(std::any::type_name::<E>());
        // Taken here, where the error became the job's, and only for jobs that ask: it is not cheap.
        let backtrace = if guard::wants_backtrace() { guard::backtrace() } else { Vec::new() };
        JobError(Reason::Failed { class, error: error.into(), backtrace, backoff: Backoff::Default })
    }
}
