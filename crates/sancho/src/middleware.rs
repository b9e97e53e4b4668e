//! What stands around a push.

use sancho_core::{BoxFuture, Draft};

use crate::PushedJob;

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
