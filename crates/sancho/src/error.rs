//! What a job answers: success, a failure, or a wish.

use std::error::Error as StdError;
use std::time::Duration;

use sancho_core::Outcome;
use sancho_core::lifecycle::Failure;
use sancho_core::retry::Backoff;

use crate::server::guard;

/// What [`Perform::perform`](crate::Perform::perform) answers.
pub type JobResult = Result<(), JobError>;

/// Why a job is not done. Any error converts into it with `?`.
#[derive(Debug)]
pub struct JobError(Reason);

#[derive(Debug)]
enum Reason {
    Failed { class: &'static str, error: Box<dyn StdError + Send + Sync>, backtrace: Vec<String>, backoff: Backoff },
    Snooze(Duration),
    Discard,
    Kill { message: String },
}

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
    pub(crate) fn into_outcome(self) -> Outcome {
        match self.0 {
            Reason::Failed { class, error, backtrace, backoff } => {
                let mut message = error.to_string();
                let mut cause = error.source();
                while let Some(error) = cause {
                    message.push_str(": ");
                    message.push_str(&error.to_string());
                    cause = error.source();
                }
                Outcome::Failed(Failure { class: class.to_owned(), message, backtrace, backoff })
            }
            Reason::Snooze(span) => Outcome::Snooze(span),
            Reason::Discard => Outcome::Discard,
            Reason::Kill { message } => {
                Outcome::Kill(Failure { class: "Sancho::Killed".into(), message, ..Failure::default() })
            }
        }
    }
}

impl<E: Into<Box<dyn StdError + Send + Sync>>> From<E> for JobError {
    fn from(error: E) -> Self {
        let class = std::any::type_name::<E>();
        // Taken here, where the error became the job's, and only for jobs that ask: it is not cheap.
        let backtrace = if guard::wants_backtrace() { guard::backtrace() } else { Vec::new() };
        JobError(Reason::Failed { class, error: error.into(), backtrace, backoff: Backoff::Default })
    }
}
