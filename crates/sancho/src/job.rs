//! What a job is: a class, arguments, options, and how it is performed.

use std::time::Duration;

use sancho_core::Redact;
use sancho_core::job::{Backtrace, Bury, Retry};
use sancho_core::lifecycle::Failure;
use sancho_core::retry::Backoff;
use serde::Deserialize;

use crate::{Context, JobResult};

/// A job: a value that can be written as arguments and read again. Derive it.
pub trait Job: Sized + Send + 'static {
    /// The job's stable name, as it stands in payloads.
    const CLASS: &'static str;

    /// What is not shown of its jobs: it is written into their payloads, and pages, commands and logs hide it.
    const REDACT: Redact = Redact::NOTHING;

    /// What holds for every job of the class, unless a push says otherwise.
    fn options() -> JobOptions {
        JobOptions::default()
    }

    /// The job's key, made of its arguments; a push may give another. `None` unless the class says so.
    fn key(&self) -> Option<String> {
        None
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

    /// The job's tries are over: it failed for the last time, was killed, or is not to be retried.
    ///
    /// Called before the end is settled, and so at least once: a process that dies meanwhile leaves the job to
    /// another, which performs it again. It has [`limits::LAST_WORDS_FOR`](sancho_core::limits::LAST_WORDS_FOR) and
    /// holds the job's slot meanwhile; a panic is logged and changes nothing. Not called where there is no job to call
    /// it on: its arguments cannot be read, its process died with it too often, or its code went on past its timeout
    /// without yielding. [`Server::on_death`](crate::Server::on_death) is told of those too.
    fn on_exhausted(self, cx: &Context<S>, failure: &Failure) -> impl Future<Output = ()> + Send {
        let _ = (self, cx, failure);
        std::future::ready(())
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
    /// How long after its first failure a job is retried, instead of how often.
    pub retry_for: Option<Duration>,
    /// The queue that retries go to, when it is another one.
    pub retry_queue: Option<&'static str>,
    /// Whether a job whose tries are over is kept in the dead set.
    pub dead: Bury,
    /// How much of a backtrace a failure keeps.
    pub backtrace: Backtrace,
    /// How long one run may take; a longer one is dropped, and counts as a failure.
    pub timeout: Option<Duration>,
    /// Where it runs.
    pub runs: Runs,
    /// Tags, for people and filters.
    pub tags: &'static [&'static str],
    /// How long after it was due a job is still worth starting.
    pub expires_in: Option<Duration>,
    /// At which level the log tells of the job.
    pub log_level: LogLevel,
    /// Other names that payloads have for the class: those that it had before it was renamed.
    pub aliases: &'static [&'static str],
}

impl Default for JobOptions {
    fn default() -> Self {
        JobOptions {
            queue: sancho_core::QueueName::DEFAULT,
            retry: Retry::Default,
            retry_for: None,
            retry_queue: None,
            dead: Bury::Yes,
            backtrace: Backtrace::None,
            timeout: None,
            runs: Runs::Async,
            tags: &[],
            expires_in: None,
            log_level: LogLevel::Info,
            aliases: &[],
        }
    }
}

/// Where a job runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Runs {
    /// On the runtime: it awaits and does not block.
    #[default]
    Async,
    /// On a pool of threads of its own: it may block.
    Blocking,
}

/// At which level the log tells of a job: that it began, and what came of it.
///
/// What it fails with is told at `warn` or above all the same, unless it is [`LogLevel::Off`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum LogLevel {
    /// Not at all.
    Off,
    /// As an error.
    Error,
    /// As a warning.
    Warn,
    /// As information.
    #[default]
    Info,
    /// For those who look for a defect.
    Debug,
    /// For those who want all.
    Trace,
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
