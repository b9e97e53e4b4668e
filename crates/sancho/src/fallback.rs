//! Who performs the classes that nobody registered.

use sancho_core::BoxFuture;

use crate::{Context, JobResult};

/// Performs every class that is not registered: a program of another language, a proxy, a recorder.
///
/// A server that has one knows every class: nothing goes back to its queue for being unknown. What holds for such a
/// job is what its payload says, then what the server is told of its class by
/// [`class_settings`](crate::Server::class_settings), then the defaults.
///
/// ```
/// use sancho::{BoxFuture, Context, Fallback, JobResult};
///
/// struct Recorder;
///
/// impl<S: Send + Sync + 'static> Fallback<S> for Recorder {
///     fn perform<'a>(&'a self, cx: &'a Context<S>) -> BoxFuture<'a, JobResult> {
///         Box::pin(async move {
///             println!("a job came: {}", cx.jid());
///             Ok(())
///         })
///     }
/// }
/// ```
pub trait Fallback<S>: Send + Sync + 'static {
    /// Does the work. It may be called more than once for one job, as [`Perform::perform`](crate::Perform::perform).
    fn perform<'a>(&'a self, cx: &'a Context<S>) -> BoxFuture<'a, JobResult>;
}
