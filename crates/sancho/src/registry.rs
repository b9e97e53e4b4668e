//! Which class is performed by which code: the one place where job types are erased.

use std::collections::HashMap;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use sancho_core::lifecycle::{Failure, Policy};
use sancho_core::retry::Backoff;
use sancho_core::{Wire, limits};

use crate::handlers::Handlers;
use crate::{ArgsError, Context, Fallback, Job, JobOptions, JobResult, Perform, ServerMiddleware};

/// A job under way.
pub(crate) type Run = Pin<Box<dyn Future<Output = JobResult> + Send>>;

/// Reads a job's arguments and starts it.
type Start<S> = dyn Fn(&str, Context<S>) -> Result<Run, ArgsError> + Send + Sync;

/// What is known of a class.
pub(crate) struct Entry<S> {
    start: Box<Start<S>>,
    backoff: fn(u32, &Failure) -> Backoff,
    pub(crate) options: JobOptions,
    pub(crate) policy: Policy,
}

impl<S: Send + Sync + 'static> Entry<S> {
    fn of<J: Perform<S>>() -> Self {
        let options = J::options();
        let policy = Policy {
            retries: limits::RETRIES,
            retry: options.retry,
            backtrace: options.backtrace,
            wire: Wire::default().time(),
        };
        Entry {
            start: Box::new(|args, cx| {
                let job = J::from_args(args)?;
                Ok(Box::pin(async move { job.perform(&cx).await }))
            }),
            backoff: J::backoff,
            options,
            policy,
        }
    }

    /// Reads the arguments and makes the job's future, which has done nothing yet.
    pub(crate) fn start(&self, args: &str, cx: Context<S>) -> Result<Run, ArgsError> {
        (self.start)(args, cx)
    }

    /// When a failure is tried again: what the failure itself says, else what the class says.
    pub(crate) fn backoff(&self, retry_count: u32, failure: &Failure) -> Backoff {
        match failure.backoff {
            Backoff::Default => (self.backoff)(retry_count, failure),
            said => said,
        }
    }
}

/// Every class that a server performs, and what stands around all of them.
pub(crate) struct Registry<S> {
    entries: HashMap<&'static str, Arc<Entry<S>>>,
    fallback: Option<Arc<dyn Fallback<S>>>,
    around: Vec<Arc<dyn ServerMiddleware<S>>>,
    handlers: Handlers,
}

impl<S: Send + Sync + 'static> Registry<S> {
    pub(crate) fn new() -> Self {
        Registry { entries: HashMap::new(), fallback: None, around: Vec::new(), handlers: Handlers::default() }
    }

    /// Adds a class; a class added twice is performed as the last one says.
    pub(crate) fn add<J: Job + Perform<S>>(&mut self) {
        self.entries.insert(J::CLASS, Arc::new(Entry::of::<J>()));
    }

    /// Performs what is not registered.
    pub(crate) fn fall_back(&mut self, fallback: impl Fallback<S>) {
        self.fallback = Some(Arc::new(fallback));
    }

    /// Stands around every class, within what does already.
    pub(crate) fn surround(&mut self, middleware: impl ServerMiddleware<S>) {
        self.around.push(Arc::new(middleware));
    }

    pub(crate) fn handlers_mut(&mut self) -> &mut Handlers {
        &mut self.handlers
    }

    pub(crate) fn get(&self, class: &str) -> Option<&Arc<Entry<S>>> {
        self.entries.get(class)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// What holds for every class: how often a job whose `retry` is `true` is retried, and who reads what is written.
    pub(crate) fn configure(&mut self, retries: u32, wire: Wire) {
        for entry in self.entries.values_mut() {
            if let Some(entry) = Arc::get_mut(entry) {
                entry.policy.retries = retries;
                entry.policy.wire = wire.time();
            }
        }
    }
}

impl<S> fmt::Debug for Registry<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut classes: Vec<_> = self.entries.keys().collect();
        classes.sort();
        f.debug_tuple("Registry").field(&classes).finish()
    }
}
