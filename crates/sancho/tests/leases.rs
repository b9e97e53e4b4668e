//! What a server does with its jobs when the store no longer knows it, and when a part of it falls over.

#[path = "server/jobs.rs"]
#[expect(dead_code, reason = "other tests use the rest")]
mod jobs;
#[path = "server/watching.rs"]
mod watching;

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};

use jobs::{Journal, Say};
use sancho::core::lifecycle::Verdict;
use sancho::core::model::ModelStore;
use sancho::core::{BoxFuture, Inspect, Store, StoreResult};
use sancho::{Capsule, Client, Context, Event, Job, JobResult, Perform, Server, Subscription};
use sancho_testkit::FaultyStore;
use sancho_testkit::interposed::{Interpose, Interposed};
use serde::{Deserialize, Serialize};
use tokio::sync::{Semaphore, mpsc};
use watching::{PATIENCE, performing, server, settled, stop};

/// A store that holds one exchange up, before it is made, when it is told to.
struct Holding {
    inner: ModelStore,
    parts: Arc<Parts>,
}

struct Parts {
    holds: AtomicBool,
    held: Semaphore,
    goes_on: Semaphore,
}

impl fmt::Debug for Holding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Holding")
    }
}

impl Interpose for Holding {
    fn inner(&self) -> &dyn Store {
        &self.inner
    }

    fn around<'a, T: Send + 'a>(
        &'a self,
        op: &'static str,
        call: BoxFuture<'a, StoreResult<T>>,
    ) -> BoxFuture<'a, StoreResult<T>> {
        Box::pin(async move {
            if op == "exchange" && self.parts.holds.swap(false, SeqCst) {
                self.parts.held.add_permits(1);
                self.parts.goes_on.acquire().await.expect("it is never closed").forget();
            }
            call.await
        })
    }
}

/// The next thing that a fact is about: a job that begins, or what must not happen.
async fn next_of_note(events: &mut Subscription) -> &'static str {
    let wanted = |event: &Event| match event {
        Event::Performing { .. } => Some("a job begins"),
        Event::LeaseLost { .. } => Some("the lease is lost"),
        Event::ClaimLost { .. } => Some("a claim is lost"),
        _ => None,
    };
    tokio::time::timeout(PATIENCE, events.wait_for(wanted)).await.expect("in time").expect("the server lives")
}

#[tokio::test]
async fn a_late_answer_to_an_incarnation_that_is_over_does_not_end_the_next() {
    let model = ModelStore::new();
    let parts = Arc::new(Parts { holds: AtomicBool::new(false), held: Semaphore::new(0), goes_on: Semaphore::new(0) });
    let holding = Holding { inner: model.clone(), parts: Arc::clone(&parts) };
    let client = Client::new(Arc::new(Interposed::of(holding)), Arc::new(model.clone()));
    let journal = Journal::default();
    let server = server(&client, &journal)
        .slots(1)
        .queues(["default"])
        .capsule(Capsule::new("other").slots(1).queues(["default"]));
    let mut events = server.subscribe();
    let server = server.start().await.expect("starts");

    // One capsule asks for jobs, and the store takes its time.
    parts.holds.store(true, SeqCst);
    server.set_slots("other", 1).expect("it can have these");
    tokio::time::timeout(PATIENCE, parts.held.acquire()).await.expect("in time").expect("it is never closed").forget();
    // Meanwhile the store forgets the process, whose next beat follows at once: it begins anew.
    let now = client.clock().now();
    let first = model.processes(now).await.expect("the model answers").remove(0).info.incarnation;
    model.retire(&first, now).await.expect("the model answers");
    server.set_slots("other", 1).expect("it can have these");
    assert_eq!(next_of_note(&mut events).await, "the lease is lost");
    client.push(Say::how("x", "until let go")).await.expect("pushed");
    assert_eq!(next_of_note(&mut events).await, "a job begins", "the capsule that is not held up has it");

    // The answer says that the process is not known: it means the one before.
    parts.goes_on.add_permits(1);
    client.push(Say::new("y")).await.expect("pushed");
    assert_eq!(next_of_note(&mut events).await, "a job begins", "the other capsule has that one");
    assert_eq!(settled(&mut events).await.1, Verdict::Done);
    journal.let_go();
    assert_eq!(settled(&mut events).await.1, Verdict::Done);
    stop(&server).await;
    assert_eq!(journal.said(), ["y", "x"]);
}

/// Waits for ever, and says when it is dropped.
#[derive(Job, Serialize, Deserialize)]
struct Linger {}

struct SaysWhenDropped(mpsc::UnboundedSender<()>);

impl Drop for SaysWhenDropped {
    fn drop(&mut self) {
        // Nobody may listen any longer.
        _ = self.0.send(());
    }
}

impl Perform<mpsc::UnboundedSender<()>> for Linger {
    async fn perform(self, cx: &Context<mpsc::UnboundedSender<()>>) -> JobResult {
        let _says = SaysWhenDropped(cx.state().clone());
        std::future::pending().await
    }
}

#[tokio::test]
async fn the_jobs_of_a_part_that_fell_over_do_not_outlive_the_goodbye() {
    let (model, breaks) = (ModelStore::new(), Arc::new(AtomicBool::new(false)));
    let told = Arc::clone(&breaks);
    let store = FaultyStore::new(Arc::new(model.clone()), move |call| {
        assert!(call.op != "exchange" || !told.swap(false, SeqCst), "the store falls over");
        None
    });
    let client = Client::new(Arc::new(store), Arc::new(model));
    let (dropped, mut drops) = mpsc::unbounded_channel();
    let server = Server::new(client.clone(), dropped).register::<Linger>();
    let mut events = server.subscribe();
    let server = server.start().await.expect("starts");
    client.push(Linger {}).await.expect("pushed");
    performing(&mut events).await;
    breaks.store(true, SeqCst);
    client.push(Linger {}).await.expect("pushed");
    tokio::time::timeout(PATIENCE, server.stopped()).await.expect("the server stops by itself");
    tokio::time::timeout(PATIENCE, drops.recv()).await.expect("others have the job now, and it ends here");
}
