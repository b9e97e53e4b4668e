//! What stands around a push, and around a job that is performed.

use std::fmt;
use std::sync::Arc;

use sancho_core::{BoxFuture, Draft};

use crate::{Context, JobResult, PushedJob};

/// What a client middleware says of a job that is about to be pushed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientVerdict {
    /// Go on: to the next middleware, and then to the store.
    Push,
    /// Do not push this job; later middleware does not see it.
    Stop,
}

/// Something that sees each job before it is pushed, and may change or stop it, and is told when it has been pushed.
///
/// Middleware runs in the order in which it was given to the client, for each job of a push in turn, on the
/// caller's task: it must not block. What it changes is checked afterwards, by the same rules as what the
/// caller gave.
///
/// ```
/// use sancho::{ClientMiddleware, ClientVerdict, Draft};
///
/// struct Tenant(&'static str);
///
/// impl ClientMiddleware for Tenant {
///     fn push(&self, draft: &mut Draft) -> ClientVerdict {
///         draft.extra.push(("tenant".to_owned(), format!("{:?}", self.0)));
///         ClientVerdict::Push
///     }
/// }
/// ```
pub trait ClientMiddleware: Send + Sync + 'static {
    /// Looks at a job that is about to be pushed, and may change it.
    fn push(&self, draft: &mut Draft) -> ClientVerdict;

    /// The store has answered for a job: the push returns to its caller when this has. Not called for a push that
    /// failed. A process that dies before this is called leaves the job pushed all the same.
    fn pushed<'a>(&'a self, job: &'a PushedJob) -> BoxFuture<'a, ()> {
        _ = job;
        Box::pin(std::future::ready(()))
    }
}

/// Something that stands around each job that is performed: it may measure, set what belongs to the task, or change
/// what came of the job.
///
/// Middleware runs in the order in which it was given to the server: the first is the outermost. All of it runs
/// within the job's timeout, and a panic of it is a failure of the job. It sees a job whose arguments could be read.
///
/// ```
/// use sancho::{BoxFuture, Context, JobError, JobResult, Next, ServerMiddleware};
///
/// /// Drops jobs that failed because what they are about is gone.
/// struct DropWhatIsGone;
///
/// impl<S: Send + Sync + 'static> ServerMiddleware<S> for DropWhatIsGone {
///     fn perform<'a>(&'a self, cx: &'a Context<S>, next: Next<'a, S>) -> BoxFuture<'a, JobResult> {
///         Box::pin(async move {
///             let result = next.run(cx).await;
///             match &result {
///                 Err(why) if why.error().is_some_and(|e| e.is::<std::fmt::Error>()) => Err(JobError::discard()),
///                 _ => result,
///             }
///         })
///     }
/// }
/// ```
pub trait ServerMiddleware<S>: Send + Sync + 'static {
    /// Performs the job by [`Next::run`], or does not, and answers what came of it.
    fn perform<'a>(&'a self, cx: &'a Context<S>, next: Next<'a, S>) -> BoxFuture<'a, JobResult>;
}

/// All the middleware of a server, outermost first.
pub(crate) type Around<S> = Arc<[Arc<dyn ServerMiddleware<S>>]>;

/// The innermost: the job itself.
type Innermost<'a, S> = Box<dyn FnOnce(&'a Context<S>) -> BoxFuture<'a, JobResult> + Send + 'a>;

/// What a middleware stands around: the middleware after it, and then the job.
#[must_use = "the job is performed only by `run`"]
pub struct Next<'a, S> {
    rest: &'a [Arc<dyn ServerMiddleware<S>>],
    innermost: Innermost<'a, S>,
}

impl<'a, S: 'static> Next<'a, S> {
    /// All of a chain, around this job.
    pub(crate) fn all(around: &'a Around<S>, innermost: Innermost<'a, S>) -> Self {
        Next { rest: around, innermost }
    }

    /// Performs what is left of the chain, the job included.
    pub fn run(self, cx: &'a Context<S>) -> BoxFuture<'a, JobResult> {
        match self.rest.split_first() {
            Some((first, rest)) => first.perform(cx, Next { rest, innermost: self.innermost }),
            None => (self.innermost)(cx),
        }
    }
}

impl<S> fmt::Debug for Next<'_, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Next").field("middleware", &self.rest.len()).finish_non_exhaustive()
    }
}
