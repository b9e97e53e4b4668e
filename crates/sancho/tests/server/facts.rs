//! What a server does with jobs, one fact a test, on whatever store `super::home` opens.

use std::time::Duration;

use sancho::core::inspect::{Filter, Selection, Set};
use sancho::core::lifecycle::Verdict;
use sancho::core::process::Order;
use sancho::core::{Action, Claim, Direction};
use sancho::{ActError, Client, JobRow, Raw, Server, State};
use serde_json::json;

use super::home;
use crate::dead::claim_and_die;
use crate::jobs::{self, Journal, Say};
use crate::watching::{PATIENCE, performing, server, settled, stop};
use sancho::Event;

async fn rows(client: &Client, set: Set) -> Vec<JobRow> {
    client.inspect().page(&set, &Filter::all(), Direction::Forward, None, 100).await.expect("the store answers").rows
}

fn default_queue() -> Set {
    Set::Queue("default".parse_queue())
}

trait ParseQueue {
    fn parse_queue(&self) -> sancho::QueueName;
}

impl ParseQueue for str {
    fn parse_queue(&self) -> sancho::QueueName {
        sancho::QueueName::new(self).expect("a queue name")
    }
}

#[tokio::test]
async fn a_pushed_job_is_performed_with_its_arguments() {
    let (client, journal) = (home().await, Journal::default());
    let server = server(&client, &journal);
    let mut events = server.subscribe();
    let server = server.start().await.expect("starts");
    let jid = client.push(Say::new("hello")).await.expect("pushed").jid;
    assert_eq!(settled(&mut events).await, (Some(jid), Verdict::Done));
    stop(&server).await;
    assert_eq!(journal.said(), ["hello"]);
    let stats = client.inspect().stats(client.clock().now()).await.expect("the store answers");
    assert_eq!((stats.processed, stats.failed, stats.enqueued, stats.busy, stats.processes), (1, 0, 0, 0, 0));
}

#[tokio::test]
async fn jobs_of_one_queue_begin_in_the_order_of_their_pushes() {
    let (client, journal) = (home().await, Journal::default());
    let words: Vec<String> = (0..200).map(|n| n.to_string()).collect();
    client.push_bulk(words.iter().map(|word| Say::new(word))).await.expect("pushed");
    let server = server(&client, &journal).slots(1);
    let mut events = server.subscribe();
    let server = server.start().await.expect("starts");
    for _ in &words {
        settled(&mut events).await;
    }
    stop(&server).await;
    assert_eq!(journal.said(), words);
}

#[tokio::test]
async fn a_failure_is_kept_with_the_job_and_tried_again() {
    let (client, journal) = (home().await, Journal::default());
    let server = server(&client, &journal);
    let mut events = server.subscribe();
    let server = server.start().await.expect("starts");
    client.push(Say::failing("oh", 1)).await.expect("pushed");
    let (_, verdict) = settled(&mut events).await;
    assert!(matches!(verdict, Verdict::Retried { retry_count: 0, .. }), "{verdict:?}");
    assert_eq!(settled(&mut events).await.1, Verdict::Done);
    stop(&server).await;
    assert_eq!(journal.said(), ["oh", "oh"]);
    let stats = client.inspect().stats(client.clock().now()).await.expect("the store answers");
    assert_eq!((stats.processed, stats.failed, stats.retries), (2, 1, 0));
}

#[tokio::test]
async fn an_exhausted_job_is_dead_with_its_error_and_can_be_run_again() {
    let (client, journal) = (home().await, Journal::default());
    let server = server(&client, &journal);
    let mut events = server.subscribe();
    let server = server.start().await.expect("starts");
    let jid = client.push(Say::failing("no", 9)).retry(1).await.expect("pushed").jid;
    settled(&mut events).await;
    assert_eq!(settled(&mut events).await.1, Verdict::Died);
    let dead = rows(&client, Set::Dead).await;
    let envelope = dead[0].payload.envelope().expect("readable");
    assert_eq!(envelope.error_message().as_deref(), Some("I was told to fail"));
    assert_eq!(envelope.retry_count(), Some(1));
    let now = client.clock().now();
    let applied = client.inspect().apply(&Action::RunNow, &Selection::Jid(jid), 1, now).await.expect("applied");
    assert_eq!(applied.done, 1);
    assert_eq!(settled(&mut events).await.1, Verdict::Died);
    stop(&server).await;
    assert_eq!(journal.said().len(), 3);
}

#[tokio::test]
async fn a_panic_is_a_failure_that_says_where() {
    let (client, journal) = (home().await, Journal::default());
    let server = server(&client, &journal);
    let mut events = server.subscribe();
    let server = server.start().await.expect("starts");
    for mode in ["panic now", "panic later"] {
        client.push(Say::how("!", mode)).retry(0).await.expect("pushed");
        assert_eq!(settled(&mut events).await.1, Verdict::Died);
    }
    stop(&server).await;
    for row in rows(&client, Set::Dead).await {
        let envelope = row.payload.envelope().expect("readable");
        assert_eq!(envelope.error_class().as_deref(), Some("Sancho::Panic"));
        let message = envelope.error_message().expect("a message").into_owned();
        assert!(message.starts_with("the job panics") && message.contains("jobs.rs:"), "{message}");
    }
}

#[tokio::test]
async fn a_job_that_outlasts_its_timeout_fails_as_timeout() {
    let (client, journal) = (home().await, Journal::default());
    let server = Server::new(client.clone(), journal.clone()).register::<jobs::Brief>();
    let mut events = server.subscribe();
    let server = server.start().await.expect("starts");
    client.push(jobs::Brief {}).retry(0).await.expect("pushed");
    assert_eq!(settled(&mut events).await.1, Verdict::Died);
    stop(&server).await;
    let dead = rows(&client, Set::Dead).await;
    assert_eq!(dead[0].payload.envelope().expect("readable").error_class().as_deref(), Some("Timeout"));
}

#[tokio::test]
async fn arguments_that_do_not_fit_are_a_failure_that_names_them() {
    let (client, journal) = (home().await, Journal::default());
    let server = server(&client, &journal);
    let mut events = server.subscribe();
    let server = server.start().await.expect("starts");
    client.push(Raw::new("Say", json!([{}]))).retry(0).await.expect("pushed");
    assert_eq!(settled(&mut events).await.1, Verdict::Died);
    stop(&server).await;
    let dead = rows(&client, Set::Dead).await;
    let envelope = dead[0].payload.envelope().expect("readable");
    assert_eq!(envelope.error_class().as_deref(), Some("Sancho::ArgsError"));
    assert!(envelope.error_message().expect("a message").contains("argument 1"), "{envelope:?}");
}

#[tokio::test]
async fn a_scheduled_job_is_performed_when_it_is_due() {
    let (client, journal) = (home().await, Journal::default());
    let server = server(&client, &journal);
    let mut events = server.subscribe();
    let server = server.start().await.expect("starts");
    let due = client.clock().now() + Duration::from_millis(150);
    client.push(Say::new("later")).at(due).await.expect("pushed");
    settled(&mut events).await;
    assert!(client.clock().now() >= due);
    stop(&server).await;
    assert_eq!(journal.said(), ["later"]);
}

#[tokio::test]
async fn blocking_jobs_do_not_hold_up_the_others() {
    let (client, journal) = (home().await, Journal::default());
    let server = server(&client, &journal);
    let mut events = server.subscribe();
    let server = server.start().await.expect("starts");
    client.push(jobs::Sync {}).await.expect("pushed");
    performing(&mut events).await;
    client.push(Say::new("meanwhile")).await.expect("pushed");
    settled(&mut events).await;
    assert_eq!(journal.said(), ["meanwhile"], "the blocking job still waits");
    journal.let_go();
    settled(&mut events).await;
    stop(&server).await;
    assert_eq!(journal.said(), ["meanwhile", "blocking"]);
}

#[tokio::test]
async fn a_stop_returns_running_jobs_to_the_front_and_counts_nothing() {
    let (client, journal) = (home().await, Journal::default());
    let server = server(&client, &journal).slots(1).stop_timeout(Duration::ZERO);
    let mut events = server.subscribe();
    let jid = client.push(Say::how("x", "wait")).await.expect("pushed").jid;
    client.push(Say::new("behind")).await.expect("pushed");
    let before = client.find(&jid).await.expect("found").expect("there").payload;
    let server = server.start().await.expect("starts");
    performing(&mut events).await;
    stop(&server).await;
    let queue = rows(&client, default_queue()).await;
    assert_eq!(queue.len(), 2);
    assert_eq!((&queue[0].jid, &queue[0].payload), (&jid, &before), "at the front, with the same bytes");
    let stats = client.inspect().stats(client.clock().now()).await.expect("the store answers");
    assert_eq!((stats.processed, stats.failed, stats.busy), (0, 0, 0));
}

#[tokio::test]
async fn a_stop_lets_running_jobs_finish_within_its_timeout() {
    let (client, journal) = (home().await, Journal::default());
    let server = server(&client, &journal);
    let mut events = server.subscribe();
    client.push(Say::how("x", "until stopping")).await.expect("pushed");
    let server = server.start().await.expect("starts");
    performing(&mut events).await;
    stop(&server).await;
    assert_eq!(journal.said(), ["x"]);
    assert_eq!(rows(&client, default_queue()).await.len(), 0);
}

#[tokio::test]
async fn a_quiet_server_finishes_what_it_has_and_claims_nothing() {
    let (client, journal) = (home().await, Journal::default());
    let server = server(&client, &journal);
    let mut events = server.subscribe();
    client.push(Say::how("x", "until let go")).await.expect("pushed");
    let server = server.start().await.expect("starts");
    performing(&mut events).await;
    server.quiet();
    let quiet = |event: &Event| matches!(event, Event::Quiet).then_some(());
    tokio::time::timeout(PATIENCE, events.wait_for(quiet)).await.expect("in time").expect("quiet");
    let left = client.push(Say::new("left")).await.expect("pushed").jid;
    journal.let_go();
    settled(&mut events).await;
    stop(&server).await;
    assert_eq!(client.find(&left).await.expect("found").expect("there").state, State::Enqueued);
}

#[tokio::test]
async fn jobs_of_a_dead_process_come_back() {
    let (client, journal) = (home().await, Journal::default());
    let jid = client.push(Say::new("again")).await.expect("pushed").jid;
    claim_and_die(&client, "dead:1:0").await;
    let server = server(&client, &journal);
    let mut events = server.subscribe();
    let server = server.start().await.expect("starts");
    assert_eq!(settled(&mut events).await, (Some(jid.clone()), Verdict::Returned));
    assert_eq!(settled(&mut events).await, (Some(jid), Verdict::Done));
    stop(&server).await;
    assert_eq!(journal.said(), ["again"]);
}

#[tokio::test]
async fn a_job_orphaned_three_times_is_poison_and_performed_no_more() {
    let (client, journal) = (home().await, Journal::default());
    let now = client.clock().now().as_unix_secs_f64();
    let raw = Raw::new("Say", json!(["poison", ""]));
    let jid = client.push(raw).member("trace", &now).await.expect("pushed").jid;
    let mut draft = client.draft("Say", r#"["poison",""]"#);
    draft.extra.clear();
    // Two deaths stand in the payload; the third makes it poison.
    let claim = claim_and_die(&client, "dead:1:0").await;
    let mut members = claim.payload.members().expect("readable");
    members.set("orphaned_at", &[now - 60.0, now - 30.0]);
    give_back(&client, claim, members.to_payload()).await;
    claim_and_die(&client, "dead:2:0").await;
    let server = server(&client, &journal);
    let mut events = server.subscribe();
    let server = server.start().await.expect("starts");
    assert_eq!(settled(&mut events).await, (Some(jid), Verdict::Died));
    stop(&server).await;
    assert_eq!(journal.said(), Vec::<String>::new());
    assert_eq!(rows(&client, Set::Dead).await.len(), 1);
}

/// Returns a claimed job to the front of its queue, with other bytes.
async fn give_back(client: &Client, claim: Claim, payload: sancho::core::Payload) {
    use sancho::core::{End, Place, Settlement, Tally, Transition};
    let place = Place::Queue { queue: claim.queue.clone(), end: End::Front };
    let transition = Transition { place, payload: Some(payload), tally: Tally::default() };
    let settlement = Settlement { receipt: claim.receipt, transition, then: Vec::new() };
    client.store().exchange(&[settlement], None, client.clock().now()).await.expect("the store answers");
}

#[tokio::test]
async fn a_job_orphaned_twice_runs_alone() {
    let (client, journal) = (home().await, Journal::default());
    client.push(Say::how("suspect", "wait a moment")).await.expect("pushed");
    let now = client.clock().now().as_unix_secs_f64();
    let claim = claim_and_die(&client, "dead:1:0").await;
    let mut members = claim.payload.members().expect("readable");
    members.set("orphaned_at", &[now - 60.0, now - 30.0]);
    give_back(&client, claim, members.to_payload()).await;
    client.push_bulk((0..5).map(|n| Say::new(&n.to_string()))).await.expect("pushed");
    let server = server(&client, &journal);
    let mut events = server.subscribe();
    let server = server.start().await.expect("starts");
    for _ in 0..6 {
        settled(&mut events).await;
    }
    stop(&server).await;
    assert!(!journal.had_company("suspect"), "{:?}", journal.said());
    assert_eq!(journal.said().len(), 6);
}

#[tokio::test]
async fn a_class_that_is_not_known_goes_back_unchanged() {
    let (client, journal) = (home().await, Journal::default());
    let jid = client.push(Raw::new("Stranger", json!([1]))).await.expect("pushed").jid;
    let before = client.find(&jid).await.expect("found").expect("there").payload;
    let server = server(&client, &journal);
    let mut events = server.subscribe();
    let server = server.start().await.expect("starts");
    assert_eq!(settled(&mut events).await, (Some(jid.clone()), Verdict::Returned));
    stop(&server).await;
    let after = client.find(&jid).await.expect("found").expect("there");
    assert_eq!((after.state, after.payload), (State::Enqueued, before));
    let stats = client.inspect().stats(client.clock().now()).await.expect("the store answers");
    assert_eq!((stats.processed, stats.failed), (0, 0));
}

#[tokio::test]
async fn orders_from_outside_are_heard_at_once() {
    let (client, journal) = (home().await, Journal::default());
    let server = server(&client, &journal);
    let mut events = server.subscribe();
    let jid = client.push(Say::how("x", "wait")).await.expect("pushed").jid;
    let server = server.start().await.expect("starts");
    performing(&mut events).await;
    let now = client.clock().now();
    let processes = client.inspect().processes(now).await.expect("the store answers");
    let incarnation = &processes[0].info.incarnation;
    client.inspect().order(incarnation, &Order::Cancel(jid.clone()), now).await.expect("ordered");
    assert_eq!(settled(&mut events).await, (Some(jid), Verdict::Dropped));
    client.inspect().order(incarnation, &Order::Stop, now).await.expect("ordered");
    tokio::time::timeout(PATIENCE, server.stopped()).await.expect("the server stops");
}

#[tokio::test]
async fn a_client_cancels_a_job_where_it_runs() {
    let (client, journal) = (home().await, Journal::default());
    let server = server(&client, &journal);
    let mut events = server.subscribe();
    let (by_jid, by_key) = (Say::how("x", "wait"), Say::how("y", "wait"));
    let jid = client.push(by_jid).await.expect("pushed").jid;
    let waits = client.cancel_running(&jid).await.expect_err("it has not started");
    assert!(matches!(waits, ActError::NotRunning { state: State::Enqueued }), "{waits}");
    assert!(waits.to_string().contains("`cancel` takes away"), "{waits}");

    let server = server.start().await.expect("starts");
    performing(&mut events).await;
    let processes = client.inspect().processes(client.clock().now()).await.expect("the store answers");
    let asked = client.cancel_running(&jid).await.expect("asked");
    assert_eq!(asked, processes[0].info.incarnation);
    assert_eq!(settled(&mut events).await, (Some(jid.clone()), Verdict::Dropped));

    let keyed = client.push(by_key).key("y").await.expect("pushed").jid;
    performing(&mut events).await;
    client.cancel_running_key("y").await.expect("asked");
    assert_eq!(settled(&mut events).await, (Some(keyed), Verdict::Dropped));
    stop(&server).await;
    let gone = client.cancel_running(&jid).await.expect_err("it is gone");
    assert!(matches!(gone, ActError::NotFound), "{gone}");
}

#[tokio::test]
async fn a_server_without_classes_or_slots_says_what_to_do() {
    let client = home().await;
    let none = Server::new(client.clone(), ()).start().await.expect_err("no class");
    assert!(none.to_string().contains("register::<YourJob>()"), "{none}");
    let slots = server(&client, &Journal::default()).slots(0).start().await.expect_err("no slot");
    assert!(slots.to_string().contains("1 to 1000 slots"), "{slots}");
    let queue = server(&client, &Journal::default()).queues([""]).start().await.expect_err("no queue name");
    assert!(queue.to_string().contains("queue name is empty"), "{queue}");
}

#[tokio::test]
async fn a_job_may_push_its_own_key_for_after_itself() {
    let (client, journal) = (home().await, Journal::default());
    let server = server(&client, &journal);
    let mut events = server.subscribe();
    let first = client.push(Say::how("tick", "push my key")).key("ticker").await.expect("pushed").jid;
    let server = server.start().await.expect("starts");
    assert_eq!(settled(&mut events).await, (Some(first.clone()), Verdict::Done));
    stop(&server).await;
    let next = client.find_key("ticker").await.expect("found").expect("the key passed on");
    assert_eq!(next.state, State::Scheduled);
    assert_ne!(next.jid, first);
}
