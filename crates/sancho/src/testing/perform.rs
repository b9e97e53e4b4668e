//! One job's code, performed where the test stands.

use std::sync::Arc;

use sancho_core::{Claim, Incarnation, Receipt, limits};
use tokio::sync::watch;

use crate::client::IntoDraft;
use crate::context::Shared;
use crate::server::line::Telling;
use crate::server::performance::{Beginning, Performance};
use crate::{Client, Context, JobResult, Perform};

/// Performs a job now, on the caller's task, and answers what its code answered. Nothing is pushed or kept of it.
///
/// The job is written as a payload and read again first, as every job is; it is told that this is its first try, and that
/// nothing stops. What it pushes goes to the client's store.
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
    let (client, options) = (client.clone(), J::options());
    let now = client.clock().now();
    let draft = job.into_draft(client.next_jid(now))?;
    let queue = draft.queue.clone();
    let pushed = draft.into_job(now, client.wire().time())?;
    let job = J::from_args(pushed.payload.envelope()?.args())?;
    let receipt = Receipt::mint(Incarnation::new("testing:0:0"), 1, 0);
    let beginning = Beginning {
        claim: Claim::new(receipt, queue, pushed.payload, None),
        jid: Some(pushed.jid),
        class: J::CLASS.into(),
        wrapped: None,
        attempt: 1,
        trace: None,
        timeout: options.timeout,
        runs: options.runs,
        telling: Telling::default(),
        since: now,
        began: client.clock().uptime(),
    };
    let performance = Arc::new(Performance::new(beginning, Arc::default()));
    let (_server, stopping) = watch::channel(false);
    let shared = Shared { state: state.into(), client, stopping, stop_timeout: limits::STOP_TIMEOUT };
    job.perform(&Context { shared: Arc::new(shared), performance }).await
}
