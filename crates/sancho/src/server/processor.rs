//! Makes a claimed job into running code: reads it, finds its class, and prepares its run.

use std::pin::Pin;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use sancho_core::lifecycle::{Failure, Policy};
use sancho_core::{Backtrace, Claim, Envelope, Jid, Outcome, Timestamp};
use tokio::sync::Notify;

use crate::context::Shared;
use crate::registry::{Entry, Registry};
use crate::server::ending::timed_out;
use crate::server::guard::{Guarded, guarded};
use crate::server::last_words;
use crate::server::lease::Lease;
use crate::server::line::{self, LogArgs, Telling};
use crate::server::performance::{Beginning, Performance};
use crate::trace::{self, TraceContext};
use crate::{ArgsError, Context};

/// What all jobs of a server share.
pub(crate) struct Processor<S> {
    pub(crate) shared: Arc<Shared<S>>,
    pub(crate) registry: Registry<S>,
    pub(crate) lease: Arc<Lease>,
    /// Told when a job has said something to be kept.
    pub(crate) keeper: Arc<Notify>,
    pub(crate) log_args: LogArgs,
}

/// A job that was read.
pub(crate) struct Begun<S> {
    /// Its id; `None` when its payload has none.
    pub(crate) jid: Option<Jid>,
    /// Its class; empty when its payload cannot be read.
    pub(crate) class: Arc<str>,
    /// The class that people know it by, if that is another: the one inside a wrapper.
    pub(crate) wrapped: Option<Box<str>>,
    /// What is known of its class.
    pub(crate) entry: Option<Arc<Entry<S>>>,
    /// What comes next.
    pub(crate) next: Next,
}

/// What comes next for a job that was read.
pub(crate) enum Next {
    /// Nothing: this came of it.
    Over(Outcome),
    /// Its class is not known here.
    Unknown,
    /// Its code runs.
    Run(RunningJob),
}

/// A job's code.
type Code = Pin<Box<dyn Future<Output = Outcome> + Send>>;

/// A job's code, ready to run.
pub(crate) struct RunningJob {
    pub(crate) future: Code,
    pub(crate) performance: Arc<Performance>,
}

impl<S: Send + Sync + 'static> Processor<S> {
    /// Prepares the run of a job, whose envelope could be read or not; the times are the store's, and the uptime.
    pub(crate) fn begin(
        &self,
        claim: &Claim,
        envelope: Option<&Envelope<'_>>,
        paused: &[String],
        (now, uptime): (Timestamp, Duration),
    ) -> Begun<S> {
        let Some(envelope) = envelope else {
            let next = Next::Over(Outcome::Unreadable);
            return Begun { jid: None, class: Arc::default(), wrapped: None, entry: None, next };
        };
        let jid = envelope.jid().and_then(|jid| Jid::new(jid).ok());
        let entry = self.registry.get(envelope.class()).cloned();
        let class = entry.as_ref().map_or_else(|| envelope.class().into(), |entry| entry.name_of(envelope.class()));
        let shown = envelope.inner_class();
        let wrapped: Option<Box<str>> = (*shown != *class).then(|| shown.into());
        let next = if envelope.expires_at().is_some_and(|at| at <= now) {
            Next::Over(Outcome::Expired)
        } else if paused.iter().any(|paused| **paused == *class) {
            Next::Over(Outcome::Paused)
        } else if let Some(entry) = &entry {
            let beginning = Beginning {
                claim: claim.clone(),
                jid: jid.clone(),
                class: Arc::clone(&class),
                wrapped: wrapped.clone(),
                attempt: line::attempt(envelope),
                trace: TraceContext::of(envelope),
                timeout: entry.options.timeout,
                runs: entry.options.runs,
                telling: self.telling(Some(entry)),
                since: now,
                began: uptime,
            };
            let performance = Performance::new(beginning, Arc::clone(&self.keeper));
            self.prepare(Arc::new(performance), envelope, entry)
        } else {
            Next::Unknown
        };
        Begun { jid, class, wrapped, entry, next }
    }

    /// How the log tells of a class.
    pub(crate) fn telling(&self, entry: Option<&Arc<Entry<S>>>) -> Telling {
        let level = entry.map(|entry| entry.options.log_level).unwrap_or_default();
        let redact = entry.map(|entry| entry.redact).unwrap_or_default();
        Telling { level, args: self.log_args, redact }
    }

    fn prepare(&self, performance: Arc<Performance>, envelope: &Envelope<'_>, entry: &Arc<Entry<S>>) -> Next {
        let cx = Arc::new(Context { shared: Arc::clone(&self.shared), performance: Arc::clone(&performance) });
        let wants_backtrace = envelope.backtrace().unwrap_or(entry.policy.backtrace) != Backtrace::None;
        let run = match guarded(wants_backtrace, || entry.start(envelope.args(), Arc::clone(&cx))) {
            Ok(Ok(run)) => Guarded::new(run, wants_backtrace, Arc::clone(&performance)),
            Ok(Err(error)) => return self.over(bad_args(&error), entry, &cx),
            Err(panic) => return self.over(panic, entry, &cx),
        };
        let (lease, entry) = (Arc::clone(&self.lease), Arc::clone(entry));
        let code = async move {
            // What few jobs need has a place of its own, so that the future of all others is small.
            let outcome = match cx.performance.timeout {
                Some(limit) => Box::pin(within(limit, run)).await,
                None => run.await,
            };
            let outcome = cx.performance.code_over(outcome);
            if outcome == Outcome::Done {
                return outcome;
            }
            let outcome = last_words::dated(outcome, &entry, cx.payload(), || lease.now());
            Box::pin(last_words::spoken(outcome, &entry, cx)).await
        };
        let future: Code = match &performance.trace {
            Some(trace) => Box::pin(trace::scope((**trace).clone(), code)),
            None => Box::pin(code),
        };
        Next::Run(RunningJob { future, performance })
    }

    /// What comes of a job that failed before any code of its own could run.
    fn over(&self, failure: Failure, entry: &Entry<S>, cx: &Context<S>) -> Next {
        Next::Over(last_words::dated(Outcome::Failed(failure), entry, cx.payload(), || self.lease.now()))
    }
}

/// What holds for a class; for one that is not known here, its payload decides alone.
pub(crate) fn policy_of<S>(entry: Option<&Arc<Entry<S>>>) -> &Policy {
    static UNKNOWN: LazyLock<Policy> = LazyLock::new(Policy::default);
    entry.map_or_else(|| &*UNKNOWN, |entry| &entry.policy)
}

/// Drops code that waits when its time is over. What does not wait, the fetcher brings to an end.
async fn within(limit: Duration, run: Guarded) -> Outcome {
    tokio::time::timeout(limit, run).await.unwrap_or_else(|_| timed_out(limit))
}

fn bad_args(error: &ArgsError) -> Failure {
    Failure { class: "Sancho::ArgsError".to_owned(), message: error.to_string(), ..Failure::default() }
}
