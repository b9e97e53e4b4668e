//! A client whose pushes return when the jobs have been performed.

use std::sync::Arc;
use std::time::Duration;

use sancho_core::{BoxFuture, Draft, Inspect, Jid, Pushed, State};

use crate::client::PushedJob;
use crate::event::Events;
use crate::{Client, ClientMiddleware, ClientVerdict, Heart, Server, ServerError};

/// How long a push waits for its job: far longer than the job of a test takes, and no endless wait for one that nobody
/// performs.
const PATIENCE: Duration = Duration::from_secs(30);

/// Starts a server, and answers a client whose pushes return when their jobs, and the jobs that these push, have been
/// performed: for code that expects to see what its jobs did.
///
/// The engine is the real one, on the server's own store. A job that is scheduled for later stays there. One that
/// fails waits for its next try, as in production, and the push succeeds: see [`failed`](super::failed()). The server
/// goes with the runtime that this is called on. Pushes nest as deep as the server has slots.
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// use std::sync::{Arc, Mutex};
/// use sancho::{Context, Job, JobResult, Perform, Server, testing};
///
/// #[derive(Job)]
/// struct Greet { name: String }
///
/// impl Perform<Arc<Mutex<Vec<String>>>> for Greet {
///     async fn perform(self, cx: &Context<Arc<Mutex<Vec<String>>>>) -> JobResult {
///         cx.state().lock().unwrap().push(self.name);
///         Ok(())
///     }
/// }
///
/// let greeted = Arc::new(Mutex::new(Vec::new()));
/// let server = Server::new(testing::memory(), greeted.clone()).register::<Greet>();
/// let client = testing::inline(server).await.unwrap();
/// client.push(Greet { name: "An".into() }).await.unwrap();
/// assert_eq!(*greeted.lock().unwrap(), ["An"]);
/// # });
/// ```
///
/// # Errors
/// [`ServerError`] when the server does not start.
///
/// # Panics
/// A push panics when its job was not performed within 30 seconds: the message names the class and the queue.
pub async fn inline<S: Send + Sync + 'static>(server: Server<S>) -> Result<Client, ServerError> {
    let plain = server.client().clone();
    let performed = Performed { inspect: Arc::clone(plain.inspect()), events: server.events() };
    let client = plain.with_middleware(performed);
    server.with_client(client.clone()).heart(Heart::Runtime).start().await?;
    Ok(client)
}

/// Waits behind a push until its job has been performed.
struct Performed {
    inspect: Arc<dyn Inspect>,
    events: Events,
}

impl ClientMiddleware for Performed {
    fn push(&self, _: &mut Draft) -> ClientVerdict {
        ClientVerdict::Push
    }

    fn pushed<'a>(&'a self, job: &'a PushedJob) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            if !matches!(job.answer, Pushed::Added | Pushed::Replaced { .. }) {
                return;
            }
            if tokio::time::timeout(PATIENCE, self.until_performed(&job.jid)).await.is_err() {
                let row = self.inspect.find(&job.jid).await.expect("the store answers");
                let what = row.map(|row| (row.payload.to_text_lossy().into_owned(), row.queue));
                panic!(
                    "a job was pushed and not performed within {PATIENCE:?}: {what:?}: does the server of \
                     testing::inline register its class, and serve its queue?"
                );
            }
        })
    }
}

impl Performed {
    async fn until_performed(&self, jid: &Jid) {
        // Before the look: what happens in between is not missed.
        let mut events = self.events.subscribe();
        loop {
            let row = self.inspect.find(jid).await.expect("the store answers");
            if !row.is_some_and(|row| matches!(row.state, State::Enqueued | State::Busy)) {
                return;
            }
            if events.next().await.is_none() {
                return;
            }
        }
    }
}
