//! What a server makes of the answers to its beats, and what it brings with them.

#[path = "server/jobs.rs"]
#[expect(dead_code, reason = "other tests use the rest")]
mod jobs;
#[path = "server/log.rs"]
mod log;
#[path = "server/retold.rs"]
mod retold;
#[path = "server/watching.rs"]
mod watching;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::time::Duration;

use jobs::{Journal, Say};
use retold::Retold;
use sancho::core::lifecycle::Verdict;
use sancho::core::model::ModelStore;
use sancho::core::{Order, QueueName};
use sancho::{Client, ErrorKind, Event, RunningServer, Subscription};
use sancho_testkit::{Fault, FaultyStore};
use watching::{PATIENCE, performing, server, settled, stop};

/// A store where another program serves `default` for as long as it is there.
fn shared() -> (Client, Arc<Retold>, Arc<AtomicBool>) {
    let (model, there) = (ModelStore::new(), Arc::new(AtomicBool::new(true)));
    let told = Arc::clone(&there);
    let store = Retold::new(model.clone(), move |answer| {
        answer.served_by_others.extend(told.load(SeqCst).then(QueueName::default));
    });
    (Client::new(store.store(), Arc::new(model)), store, there)
}

/// Waits for an event of a queue; answers whether others serve it.
async fn queue_event(events: &mut Subscription) -> bool {
    let wanted = |event: &Event| match event {
        Event::QueueServedByOthers { queue } => Some((queue.clone(), true)),
        Event::QueueNoLongerServedByOthers { queue } => Some((queue.clone(), false)),
        _ => None,
    };
    let told = tokio::time::timeout(PATIENCE, events.wait_for(wanted)).await.expect("in time");
    let (queue, served) = told.expect("the server lives");
    assert_eq!(queue, QueueName::default());
    served
}

/// An order makes a server beat at once.
async fn order(client: &Client, order: Order) {
    let now = client.clock().now();
    let rows = client.inspect().processes(now).await.expect("the model answers");
    client.inspect().order(&rows[0].info.incarnation, &order, now).await.expect("ordered");
}

async fn started(client: &Client, queues: &[&str]) -> (RunningServer, Subscription) {
    let mut server = server(client, &Journal::default());
    if !queues.is_empty() {
        server = server.queues(queues.iter().copied());
    }
    let events = server.subscribe();
    (server.start().await.expect("starts"), events)
}

#[tokio::test]
async fn a_queue_that_others_serve_is_left_to_them_until_they_are_gone() {
    let mut lines = log::lines();
    let (client, store, there) = shared();
    client.push(Say::new("x")).await.expect("pushed");
    let (server, mut events) = started(&client, &[]).await;
    assert!(queue_event(&mut events).await);
    let says_how = |lines: &Vec<String>| lines.iter().any(|line| line.contains("-q default"));
    tokio::time::timeout(PATIENCE, lines.wait_for(says_how)).await.expect("in time").expect("it is logged");
    order(&client, Order::Unknown("nothing".to_owned())).await;
    let beaten = |lines: &Vec<String>| lines.iter().any(|line| line.contains("does not know the order"));
    tokio::time::timeout(PATIENCE, lines.wait_for(beaten)).await.expect("in time").expect("it is logged");
    assert_eq!(store.noted().claims, 0, "nothing was asked for, before the first beat's answer nor after it");
    there.store(false, SeqCst);
    order(&client, Order::Dump).await;
    assert!(!queue_event(&mut events).await, "said once: the next is that they are gone");
    assert_eq!(settled(&mut events).await.1, Verdict::Done);
    stop(&server).await;
}

#[tokio::test]
async fn a_queue_that_was_named_is_shared() {
    let (client, _, _) = shared();
    client.push(Say::new("x")).await.expect("pushed");
    let (server, mut events) = started(&client, &["default"]).await;
    assert_eq!(settled(&mut events).await.1, Verdict::Done);
    stop(&server).await;
}

#[tokio::test]
async fn leases_are_measured_by_the_clock_of_the_store_from_the_start() {
    let hour = Duration::from_secs(3_600);
    let (model, clock) = (ModelStore::new(), Arc::clone(sancho::testing::memory().clock()));
    let there = Arc::clone(&clock);
    let store = Retold::new(model.clone(), move |answer| answer.store_now = there.now() + hour);
    let client = Client::new(store.store(), Arc::new(model));
    let (server, _) = started(&client, &[]).await;
    let now = clock.now() + hour;
    let rows = client.inspect().processes(now).await.expect("the model answers");
    assert_eq!(rows.len(), 1, "its lease has not ended by the store's clock");
    assert!(now.since(rows[0].info.started_at) < hour / 2, "it started by the store's clock too");
    assert_eq!(store.noted().hellos, 2, "once to learn the time, once by it");
    let later = client.inspect().processes(now + hour).await.expect("the model answers");
    assert!(later.is_empty(), "nor does its lease last an hour too long");
    stop(&server).await;
}

#[tokio::test]
async fn a_store_with_the_same_clock_is_greeted_once() {
    let (client, store, _) = shared();
    let (server, _) = started(&client, &["default"]).await;
    assert_eq!(store.noted().hellos, 1);
    stop(&server).await;
}

#[tokio::test]
async fn a_queue_that_only_a_pattern_matches_is_left_to_others_until_it_is_named() {
    let (client, store, _there) = shared();
    let jid = client.push(Say::new("x")).await.expect("pushed").jid;
    let (server, mut events) = started(&client, &["*"]).await;
    assert!(queue_event(&mut events).await);
    assert_eq!(server.health().queues_left_to_others, [QueueName::default()]);
    assert_eq!(store.noted().claims, 0, "nothing was asked for");
    server.set_queues("default", ["*", "default"]).expect("it can have these");
    assert!(!queue_event(&mut events).await, "it is claimed from now on");
    assert_eq!(settled(&mut events).await.0, Some(jid));
    assert!(server.health().queues_left_to_others.is_empty());
    stop(&server).await;
}

#[tokio::test]
async fn a_burst_ends_without_a_queue_that_is_left_to_others() {
    let (client, store, _there) = shared();
    client.push(Say::new("x")).await.expect("pushed");
    let server = server(&client, &Journal::default()).burst().start().await.expect("starts");
    tokio::time::timeout(PATIENCE, server.stopped()).await.expect("it ends by itself");
    assert_eq!(store.noted().claims, 0);
}

/// Performs three jobs, one of which fails, while each beat but the greeting ends in this fault; beats are good again
/// when the server stops. Answers what the store was told: times performed, times failed, and runs in a bucket.
async fn told_in_spite_of(fault: Fault) -> (u64, u64, u32) {
    let (model, failing) = (ModelStore::new(), Arc::new(AtomicBool::new(false)));
    let store = Retold::new(model.clone(), |_| {});
    let fails = Arc::clone(&failing);
    let faulty =
        FaultyStore::new(store.store(), move |call| (call.op == "beat" && fails.load(SeqCst)).then_some(fault));
    let client = Client::new(Arc::new(faulty), Arc::new(model));
    let (server, mut events) = started(&client, &[]).await;
    failing.store(true, SeqCst);
    client.push(Say::new("a")).await.expect("pushed");
    client.push(Say::failing("b", 1)).await.expect("pushed");
    for _ in 0..3 {
        settled(&mut events).await;
    }
    failing.store(false, SeqCst);
    stop(&server).await;
    let by_queue = store.noted().by_queue;
    let (count, failures) = by_queue.iter().fold((0, 0), |sum, it| (sum.0 + it.count, sum.1 + it.failures));
    assert_eq!((count, failures), (3, 1), "a queue is told as often as its classes: {by_queue:?}");
    assert!(by_queue.iter().all(|count| count.queue.as_str() == "default"));
    let told = store.noted().executions;
    assert!(told.iter().all(|execution| execution.class == "Say"));
    told.iter().fold((0, 0, 0), |sum, execution| {
        let runs: u32 = execution.buckets.iter().sum();
        (sum.0 + execution.count, sum.1 + execution.failures, sum.2 + runs)
    })
}

#[tokio::test]
async fn executions_wait_for_a_beat_that_reaches_the_store_and_a_goodbye_brings_the_rest() {
    assert_eq!(told_in_spite_of(Fault::Before(ErrorKind::Unavailable)).await, (3, 1, 2));
}

#[tokio::test]
async fn executions_are_not_counted_twice_when_a_beat_ends_unknown() {
    assert_eq!(told_in_spite_of(Fault::After(ErrorKind::OutcomeUnknown)).await, (3, 1, 2));
}

#[tokio::test]
async fn a_dump_says_what_runs() {
    let mut lines = log::lines();
    let (client, _, _) = shared();
    let jid = client.push(Say::how("x", "until stopping")).await.expect("pushed").jid;
    let (server, mut events) = started(&client, &["default"]).await;
    performing(&mut events).await;
    let says = |line: &&String| line.contains(jid.as_str()) && line.contains("since") && line.contains("queue=default");
    for dumps in [1, 2] {
        match dumps {
            1 => order(&client, Order::Dump).await,
            _ => server.dump(),
        }
        let dumped = lines.wait_for(|lines| lines.iter().filter(says).count() == dumps);
        tokio::time::timeout(PATIENCE, dumped).await.expect("in time").expect("it is logged");
    }
    stop(&server).await;
}
