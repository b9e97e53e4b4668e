//! One class: the code that performs it, and what holds for its jobs.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use sancho_core::lifecycle::{Failure, Policy};
use sancho_core::retry::Backoff;
use sancho_core::{Invalid, QueueName, Redact};

use super::ForAll;
use crate::middleware::{Around, Next};
use crate::{ArgsError, ClassSettings, Context, Fallback, JobOptions, JobResult, Perform};

/// A job's code under way.
pub(crate) type Run = Pin<Box<dyn Future<Output = JobResult> + Send>>;

/// Reads a job's arguments and starts it, with what stands around it.
type Start<S> = dyn Fn(&str, Arc<Context<S>>, &Around<S>) -> Result<Run, ArgsError> + Send + Sync;

/// Reads a job's arguments once more, for what it does when its tries are over.
type LastWords<S> = fn(&str, Arc<Context<S>>, Failure) -> Result<Run, ArgsError>;

/// What is known of a class.
pub(crate) struct Entry<S> {
    /// Its own name; `None` for whatever the fallback performs.
    pub(crate) class: Option<&'static str>,
    /// The same, for all that tell of its jobs.
    name: Arc<str>,
    start: Box<Start<S>>,
    last_words: Option<LastWords<S>>,
    backoff: fn(u32, &Failure) -> Backoff,
    around: Around<S>,
    pub(crate) options: JobOptions,
    /// What the log does not tell of its jobs, also of those that another program has pushed.
    pub(crate) redact: Redact,
    pub(crate) policy: Policy,
}

impl<S: Send + Sync + 'static> Entry<S> {
    /// A class that is registered.
    pub(super) fn of<J: Perform<S>>() -> Self {
        let start = |args: &str, cx: Arc<Context<S>>, around: &Around<S>| -> Result<Run, ArgsError> {
            let job = J::from_args(args)?;
            if around.is_empty() {
                return Ok(Box::pin(async move { job.perform(&cx).await }));
            }
            let around = Arc::clone(around);
            Ok(Box::pin(async move { Next::all(&around, Box::new(|cx| Box::pin(job.perform(cx)))).run(&cx).await }))
        };
        Entry {
            class: Some(J::CLASS),
            name: J::CLASS.into(),
            start: Box::new(start),
            last_words: Some(last_words::<J, S>),
            backoff: J::backoff,
            around: Arc::new([]),
            options: J::options(),
            redact: J::REDACT,
            policy: Policy::default(),
        }
    }

    /// What nobody registered.
    pub(super) fn of_fallback(fallback: Arc<dyn Fallback<S>>) -> Self {
        let start = move |_: &str, cx: Arc<Context<S>>, around: &Around<S>| -> Result<Run, ArgsError> {
            let (fallback, around) = (Arc::clone(&fallback), Arc::clone(around));
            Ok(Box::pin(async move { Next::all(&around, Box::new(|cx| fallback.perform(cx))).run(&cx).await }))
        };
        Entry {
            class: None,
            name: Arc::default(),
            start: Box::new(start),
            last_words: None,
            backoff: |_, _| Backoff::Default,
            around: Arc::new([]),
            options: JobOptions::default(),
            redact: Redact::NOTHING,
            policy: Policy::default(),
        }
    }

    /// Takes in what the class is configured for, and what holds for all.
    pub(super) fn complete(
        &mut self,
        settings: Option<&ClassSettings>,
        for_all: &ForAll<'_>,
        around: &Around<S>,
    ) -> Result<(), Invalid> {
        let options = &mut self.options;
        self.policy = Policy {
            retries: for_all.retries,
            retry: options.retry,
            retry_for: options.retry_for,
            retry_queue: options.retry_queue.map(QueueName::new).transpose()?,
            dead: options.dead,
            backtrace: options.backtrace,
            wire: for_all.wire.time(),
        };
        if let Some(settings) = settings {
            settings.configure(options, &mut self.policy);
        }
        self.around = Arc::clone(around);
        Ok(())
    }

    /// The class of a payload that this entry performs, by the name that stands there.
    pub(crate) fn name_of(&self, class: &str) -> Arc<str> {
        if *self.name == *class { Arc::clone(&self.name) } else { class.into() }
    }

    /// Reads the arguments and makes the job's future, which has done nothing yet.
    pub(crate) fn start(&self, args: &str, cx: Arc<Context<S>>) -> Result<Run, ArgsError> {
        (self.start)(args, cx, &self.around)
    }

    /// What the job does when its tries are over; `None` for classes that have no code for that.
    pub(crate) fn last_words(&self, cx: Arc<Context<S>>, failure: Failure) -> Option<Result<Run, ArgsError>> {
        let last_words = self.last_words?;
        let payload = cx.payload().clone();
        let args = payload.envelope().map(|envelope| envelope.args()).unwrap_or("[]");
        Some(last_words(args, cx, failure))
    }

    /// When a failure is tried again: what the failure itself says, else what the class says.
    pub(crate) fn backoff(&self, retry_count: u32, failure: &Failure) -> Backoff {
        match failure.backoff {
            Backoff::Default => (self.backoff)(retry_count, failure),
            said => said,
        }
    }
}

fn last_words<J: Perform<S>, S: Send + Sync + 'static>(
    args: &str,
    cx: Arc<Context<S>>,
    failure: Failure,
) -> Result<Run, ArgsError> {
    let job = J::from_args(args)?;
    Ok(Box::pin(async move {
        job.on_exhausted(&cx, &failure).await;
        Ok(())
    }))
}
