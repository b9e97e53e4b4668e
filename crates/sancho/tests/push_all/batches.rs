//! How the batches follow each other: one on its way, one prepared, and none sent before the last is answered.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use sancho::core::model::ModelStore;
use sancho::{BoxFuture, Client, ClientMiddleware, ClientVerdict, Draft, ErrorKind, PushError, PushedJob, Raw};
use sancho_testkit::{Fault, FaultyStore};
use tokio::sync::Semaphore;

/// A client whose pushes fail as told, by their number from one on.
fn flaky(fault: fn(usize) -> Option<Fault>) -> (Client, Arc<FaultyStore>) {
    let pushes = AtomicUsize::new(0);
    let next = move |call: sancho_testkit::Call| match call.op {
        "push" => fault(pushes.fetch_add(1, Ordering::Relaxed) + 1),
        _ => None,
    };
    let model = ModelStore::new();
    let store = Arc::new(FaultyStore::new(Arc::new(model.clone()), next));
    (Client::new(store.clone(), Arc::new(model)), store)
}

async fn enqueued(client: &Client) -> u64 {
    client.inspect().stats(client.clock().now()).await.expect("answered").enqueued
}

/// Jobs that are counted as they are taken.
fn counted(jobs: u64) -> (impl Iterator<Item = Raw> + Send, Arc<AtomicU64>) {
    let taken = Arc::new(AtomicU64::new(0));
    let counter = Arc::clone(&taken);
    let take = move |n| {
        counter.fetch_add(1, Ordering::Relaxed);
        Raw::new("A", [n])
    };
    ((0..jobs).map(take), taken)
}

#[tokio::test]
async fn a_batch_that_fails_ends_the_push_and_says_what_was_pushed_before() {
    let (client, store) = flaky(|push| (push == 3).then_some(Fault::Before(ErrorKind::Full)));
    let (jobs, taken) = counted(100_000);
    let error = client.push_all(jobs).await.expect_err("full");
    assert!(matches!(&error.error, PushError::Store(error) if error.kind == ErrorKind::Full), "{error}");
    assert_eq!((error.done.added, error.done.jobs()), (2_000, 2_000));
    assert_eq!(error.to_string(), "after the first 2000 jobs: failed to push: told to fail before");
    assert_eq!((store.calls(), enqueued(&client).await), (3, 2_000));
    assert!(taken.load(Ordering::Relaxed) <= 4_000);
}

#[tokio::test]
async fn a_batch_of_unknown_outcome_is_sent_once_more_and_added_once() {
    let (client, store) = flaky(|push| (push == 2).then_some(Fault::After(ErrorKind::OutcomeUnknown)));
    let pushed = client.push_all(counted(2_500).0).await.expect("pushed");
    assert_eq!((pushed.added, pushed.repeated, pushed.jobs()), (1_500, 1_000, 2_500));
    assert_eq!((store.calls(), enqueued(&client).await), (4, 2_500));
}

/// Lets a push return only as it is allowed.
struct Turnstile(Arc<Semaphore>);

impl ClientMiddleware for Turnstile {
    fn push(&self, _: &mut Draft) -> ClientVerdict {
        ClientVerdict::Push
    }

    fn pushed<'a>(&'a self, _: &'a PushedJob) -> BoxFuture<'a, ()> {
        Box::pin(async { self.0.acquire().await.expect("never closed").forget() })
    }
}

/// Waits until something is so.
async fn until(is_so: impl AsyncFn() -> bool) {
    let wait = async {
        while !is_so().await {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), wait).await.expect("it is so before long");
}

#[tokio::test]
async fn one_batch_is_prepared_while_one_is_on_its_way_and_no_more() {
    let gate = Arc::new(Semaphore::new(0));
    let client = sancho::testing::memory().with_middleware(Turnstile(Arc::clone(&gate)));
    let (jobs, taken) = counted(3_500);
    let pushing = tokio::spawn(client.push_all(jobs).into_future());
    for batch in 1..=3 {
        let ahead = (1_000 * (batch + 1)).min(3_500);
        until(async || taken.load(Ordering::Relaxed) >= ahead && enqueued(&client).await >= 1_000 * batch).await;
        // Whatever is going to happen without leave has had its chance.
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
        assert_eq!((taken.load(Ordering::Relaxed), enqueued(&client).await), (ahead, 1_000 * batch));
        gate.add_permits(1_000);
    }
    gate.add_permits(500);
    assert_eq!(pushing.await.expect("no panic").expect("pushed").added, 3_500);
}

#[tokio::test]
async fn a_push_that_is_dropped_sends_nothing_more() {
    let client = sancho::testing::memory().with_middleware(Turnstile(Arc::new(Semaphore::new(0))));
    let (jobs, taken) = counted(u64::MAX);
    let pushing = tokio::spawn(client.push_all(jobs).into_future());
    until(async || taken.load(Ordering::Relaxed) >= 2_000).await;
    pushing.abort();
    assert!(pushing.await.expect_err("dropped").is_cancelled());
    assert_eq!((taken.load(Ordering::Relaxed), enqueued(&client).await), (2_000, 1_000));
}

#[tokio::test]
async fn large_jobs_make_small_batches() {
    let (client, store) = flaky(|_| None);
    let large = "x".repeat(1024 * 1024);
    let pushed = client.push_all((0..9).map(|_| Raw::new("A", [&large]))).await.expect("pushed");
    assert_eq!((pushed.added, store.calls()), (9, 3));
}
