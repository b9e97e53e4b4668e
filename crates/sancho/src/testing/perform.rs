//! One job's code, performed where the test stands.

use std::sync::Arc;

use crate::{Client, Context, JobError, JobResult, Perform};

/// Performs a job now, on the caller's task, and answers what its code answered. Nothing is pushed or kept of it.
///
/// The job is written as arguments and read again first, as every job is. What it pushes goes to the client's store.
/// No timeout, no middleware and no retry stands around it, and a panic is the test's: [`drain`](super::drain()) runs
/// the whole engine.
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// use sancho::{Context, Job, JobResult, Perform, assert_enqueued, testing};
///
/// struct App { greeting: &'static str }
///
/// #[derive(Job)]
/// struct Greet { name: String }
///
/// #[derive(Job)]
/// struct Count { letters: usize }
///
/// impl Perform<App> for Greet {
///     async fn perform(self, cx: &Context<App>) -> JobResult {
///         let said = format!("{}, {}", cx.state().greeting, self.name);
///         cx.client().push(Count { letters: said.len() }).await?;
///         Ok(())
///     }
/// }
///
/// let client = testing::memory();
/// testing::perform_now(&client, App { greeting: "Hello" }, Greet { name: "An".into() }).await.unwrap();
/// assert_enqueued!(client, Count { letters: 9 });
/// # });
/// ```
///
/// # Errors
/// The job's own; and one that says so, when its arguments cannot be written or read.
pub async fn perform_now<S, J>(client: &Client, state: impl Into<Arc<S>>, job: J) -> JobResult
where
    S: Send + Sync + 'static,
    J: Perform<S>,
{
    let args = job.to_args().map_err(JobError::from)?;
    let (job, cx) = (J::from_args(&args).map_err(JobError::from)?, context::<S, J>(client, state.into(), 1));
    job.perform(&cx).await
}

/// What a job is told that runs outside a server.
pub(super) fn context<S, J: Perform<S>>(client: &Client, state: Arc<S>, attempt: u32) -> Context<S> {
    let queue = sancho_core::QueueName::new(J::options().queue).unwrap_or_default();
    let (_, stopping) = tokio::sync::watch::channel(false);
    Context { state, client: client.clone(), jid: client.next_jid(), queue, attempt, stopping }
}
