//! Performs what waits, and what that pushes, until nothing is ready.

use sancho_core::JobRow;
use sancho_core::lifecycle::Verdict;

use super::failed;
use crate::{Event, Heart, Server, ServerError};

/// What [`drain`] did.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Drained {
    /// Jobs that are done.
    pub done: usize,
    /// Tries that failed, each time that one did.
    pub failures: usize,
    /// Jobs that asked to come again later, to be dropped, or that expired.
    pub put_off: usize,
    /// Jobs that have failed and are not done: they wait for their next try, or are dead.
    pub failed: Vec<JobRow>,
}

/// Performs every job that is ready, and those that these push, until nothing is ready any longer: the real engine, on
/// the server's own store, with its middleware, timeouts and panics caught.
///
/// Due jobs of the schedule and of the retries are performed too. What is to be tried again later stays in the
/// retries: let a [`ManualClock`](super::ManualClock) pass the time, and drain again.
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// use std::sync::Arc;
/// use std::sync::atomic::{AtomicU64, Ordering};
/// use sancho::{Context, Job, JobResult, Perform, Server, testing};
///
/// #[derive(Job)]
/// struct Countdown { from: u64 }
///
/// impl Perform<Arc<AtomicU64>> for Countdown {
///     async fn perform(self, cx: &Context<Arc<AtomicU64>>) -> JobResult {
///         cx.state().fetch_add(1, Ordering::SeqCst);
///         if self.from > 0 {
///             cx.client().push(Countdown { from: self.from - 1 }).await?;
///         }
///         Ok(())
///     }
/// }
///
/// let (client, performed) = (testing::memory(), Arc::new(AtomicU64::new(0)));
/// client.push(Countdown { from: 3 }).await.unwrap();
/// let server = Server::new(client, performed.clone()).register::<Countdown>();
/// let drained = testing::drain(server).await.unwrap();
/// assert_eq!((drained.done, performed.load(Ordering::SeqCst)), (4, 4));
/// # });
/// ```
///
/// # Errors
/// [`ServerError`] when the server does not start.
///
/// # Panics
/// When the store fails.
pub async fn drain<S: Send + Sync + 'static>(server: Server<S>) -> Result<Drained, ServerError> {
    let client = server.client().clone();
    let mut events = server.subscribe();
    server.heart(Heart::Runtime).burst().start().await?;
    let mut drained = Drained::default();
    while let Some(event) = events.next().await {
        match event {
            Event::Settled { verdict: Verdict::Done, .. } => drained.done += 1,
            Event::Settled { verdict: Verdict::Postponed | Verdict::Dropped, .. } => drained.put_off += 1,
            Event::Settled { error: Some(_), .. } => drained.failures += 1,
            Event::Stopped => break,
            _ => {}
        }
    }
    drained.failed = failed(&client).await.expect("the store answers");
    Ok(drained)
}
