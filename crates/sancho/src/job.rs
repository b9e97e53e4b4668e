//! What a job is: a class, arguments, options, and how it is performed.

use std::time::Duration;

use sancho_core::job::{Backtrace, Retry};
use sancho_core::lifecycle::Failure;
use sancho_core::retry::Backoff;

use crate::{Context, JobResult};

/// A job: a value that can be written as arguments and read again. Derive it.
pub trait Job: Sized + Send + 'static {
    /// The job's stable name, as it stands in payloads.
    const CLASS: &'static str;

    /// What holds for every job of the class, unless a push says otherwise.
    fn options() -> JobOptions {
        JobOptions::default()
    }

    /// The arguments, as the text of a JSON array.
    ///
    /// # Errors
    /// [`ArgsError`] when a value has no form in JSON: a number that is not finite, a map whose keys are no strings.
    fn to_args(&self) -> Result<String, ArgsError>;

    /// Reads the arguments. Extra ones are ignored.
    ///
    /// # Errors
    /// [`ArgsError`] when one is missing or of another type; it names the argument.
    fn from_args(args: &str) -> Result<Self, ArgsError>;
}

/// How a job is performed, by an application whose state is `S`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be performed with the state `{S}`",
    note = "write `impl Perform<{S}> for {Self}`, or give the server the state that `{Self}` asks for"
)]
pub trait Perform<S>: Job {
    /// Does the work. It may be called more than once for one job: after a crash, or a failure.
    fn perform(self, cx: &Context<S>) -> impl Future<Output = JobResult> + Send;

    /// When a failed job is tried again: `retry_count` is zero after the first failure.
    fn backoff(retry_count: u32, failure: &Failure) -> Backoff {
        let _ = (retry_count, failure);
        Backoff::Default
    }
}

/// Options of a class of jobs.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct JobOptions {
    /// The queue.
    pub queue: &'static str,
    /// Whether, and how often, a failure is retried.
    pub retry: Retry,
    /// How much of a backtrace a failure keeps.
    pub backtrace: Backtrace,
    /// How long one run may take; a longer one is dropped, and counts as a failure.
    pub timeout: Option<Duration>,
    /// Where it runs.
    pub runs: Runs,
    /// Tags, for people and filters.
    pub tags: &'static [&'static str],
}

impl Default for JobOptions {
    fn default() -> Self {
        JobOptions {
            queue: sancho_core::QueueName::DEFAULT,
            retry: Retry::Default,
            backtrace: Backtrace::None,
            timeout: None,
            runs: Runs::Async,
            tags: &[],
        }
    }
}

/// Where a job runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Runs {
    /// On the runtime: it awaits and does not block.
    #[default]
    Async,
    /// On a pool of threads of its own: it may block.
    Blocking,
}

/// Arguments that cannot be written or read: the message names the argument and what is wrong with it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ArgsError {
    message: String,
}

impl ArgsError {
    /// What is wrong, as a lowercase sentence.
    pub fn new(message: impl Into<String>) -> Self {
        ArgsError { message: message.into() }
    }
}
