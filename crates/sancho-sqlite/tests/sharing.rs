//! Several stores on one file, as several processes have them: each with connections of its own.

use std::collections::HashSet;
use std::path::Path;
use std::time::Duration;

use sancho_core::{Claim, Incarnation, Inspect, Interest, Mark, NewJob, Place, Pushed, Store, limits};
use sancho_sqlite::rusqlite::{Connection, TransactionBehavior};
use sancho_sqlite::{Options, SqliteStore};
use sancho_testkit::stage::{performed, request};
use sancho_testkit::{Stage, at, jid_of, job};
use tempfile::TempDir;

fn directory() -> TempDir {
    tempfile::tempdir().expect("a directory")
}

fn file(directory: &TempDir) -> std::path::PathBuf {
    directory.path().join("jobs.db")
}

fn open(path: &Path) -> SqliteStore {
    SqliteStore::open(path, Options::default()).expect("the file opens")
}

fn stage(store: &SqliteStore) -> Stage {
    Stage::new(std::sync::Arc::new(store.clone()), std::sync::Arc::new(store.clone()))
}

fn ready() -> Interest {
    Interest::Ready(vec![sancho_core::QueueName::default()])
}

/// Waits as a server does, but not forever.
async fn woken(store: &SqliteStore, interest: &Interest, after: Mark) {
    let rung = tokio::time::timeout(Duration::from_secs(30), store.wait(interest, after)).await;
    assert!(rung.is_ok(), "nothing woke the one who waits");
}

/// A waiter of `store`, polled once so that it waits before anything happens.
async fn waiting(store: &SqliteStore, interest: Interest) -> tokio::task::JoinHandle<()> {
    let (store, after) = (store.clone(), store.mark());
    let (started, starting) = tokio::sync::oneshot::channel();
    let waiter = tokio::spawn(async move {
        started.send(()).expect("somebody listens");
        woken(&store, &interest, after).await;
    });
    starting.await.expect("it starts");
    waiter
}

#[tokio::test]
async fn what_one_store_pushes_another_performs() {
    let directory = directory();
    let (pusher, server) = (open(&file(&directory)), open(&file(&directory)));
    stage(&pusher).push([job("A")], 0).await;
    let claim = stage(&server).claim_one("p", 1).await;
    stage(&server).done(&claim, 2).await;
    assert_eq!(pusher.stats(at(2)).await.expect("it works").processed, 1);
}

#[tokio::test]
async fn a_push_wakes_another_store_on_the_file() {
    let directory = directory();
    let (pusher, server) = (open(&file(&directory)), open(&file(&directory)));
    for name in ["A", "B", "C"] {
        let waiter = waiting(&server, ready()).await;
        stage(&pusher).push([job(name)], 0).await;
        waiter.await.expect("it is woken");
    }
}

#[tokio::test]
async fn a_job_due_earlier_wakes_another_store_on_the_file() {
    let directory = directory();
    let (pusher, server) = (open(&file(&directory)), open(&file(&directory)));
    let waiter = waiting(&server, Interest::Due).await;
    stage(&pusher).push([job("A").at(at(60))], 0).await;
    waiter.await.expect("it is woken");
}

#[tokio::test]
async fn an_order_wakes_the_process_on_another_store() {
    let directory = directory();
    let (command, server) = (open(&file(&directory)), open(&file(&directory)));
    stage(&server).hello("p", 0).await;
    let waiter = waiting(&server, Interest::Orders(Incarnation::new("p"))).await;
    command.order(&Incarnation::new("p"), &sancho_core::Order::Stop, at(1)).await.expect("it lives");
    waiter.await.expect("it is woken");
}

#[tokio::test]
async fn own_commits_of_no_interest_wake_nobody() {
    let directory = directory();
    let store = open(&file(&directory));
    let after = store.mark();
    for name in ["A", "B", "C"] {
        stage(&store).push([job(name).queue("other")], 0).await;
    }
    store.queue_names().await.expect("names");
    let interest = ready();
    let mut wait = store.wait(&interest, after);
    let polled = std::future::poll_fn(|context| std::task::Poll::Ready(wait.as_mut().poll(context))).await;
    assert!(polled.is_pending());
}

fn jobs(names: &[&str]) -> Vec<NewJob> {
    names.iter().map(|name| job(name).build()).collect()
}

#[tokio::test]
async fn push_in_is_there_exactly_if_the_application_commits() {
    let directory = directory();
    let store = open(&file(&directory));
    let mut application = Connection::open(file(&directory)).expect("a connection of its own");
    application.execute_batch("CREATE TABLE users (name TEXT)").expect("a table of its own");

    let undone = application.transaction_with_behavior(TransactionBehavior::Immediate).expect("begins");
    undone.execute("INSERT INTO users VALUES ('a')", []).expect("inserts");
    assert_eq!(SqliteStore::push_in(&undone, &jobs(&["A"]), at(0)).expect("pushes"), [Pushed::Added]);
    undone.rollback().expect("rolls back");
    assert!(store.find(&jid_of("A")).await.expect("it works").is_none());

    let done = application.transaction_with_behavior(TransactionBehavior::Immediate).expect("begins");
    done.execute("INSERT INTO users VALUES ('b')", []).expect("inserts");
    // The same batch again: the first push of it never happened.
    assert_eq!(SqliteStore::push_in(&done, &jobs(&["A"]), at(0)).expect("pushes"), [Pushed::Added]);
    assert!(store.find(&jid_of("A")).await.expect("it works").is_none(), "not before the commit");
    done.commit().expect("commits");
    assert!(store.find(&jid_of("A")).await.expect("it works").is_some());
}

#[tokio::test]
async fn a_committed_push_in_wakes_an_idle_server() {
    let directory = directory();
    let server = open(&file(&directory));
    let mut application = Connection::open(file(&directory)).expect("a connection of its own");
    for name in ["A", "B", "C"] {
        let waiter = waiting(&server, ready()).await;
        let transaction = application.transaction_with_behavior(TransactionBehavior::Immediate).expect("begins");
        SqliteStore::push_in(&transaction, &jobs(&[name]), at(0)).expect("pushes");
        transaction.commit().expect("commits");
        waiter.await.expect("it is woken");
    }
}

#[test]
fn push_in_to_a_file_without_jobs_says_what_to_do() {
    let directory = directory();
    let mut application = Connection::open(file(&directory)).expect("a file");
    let transaction = application.transaction().expect("begins");
    let error = SqliteStore::push_in(&transaction, &jobs(&["A"]), at(0)).expect_err("no table");
    assert!(error.to_string().contains("open it with SqliteStore::open first"), "{error}");
}

#[tokio::test]
async fn a_file_that_is_opened_again_has_all_its_jobs() {
    let directory = directory();
    let store = open(&file(&directory));
    stage(&store).push([job("A"), job("B").at(at(60))], 0).await;
    let claim = stage(&store).claim_one("p", 1).await;
    drop(store);
    let store = open(&file(&directory));
    assert_eq!(stage(&store).done(&claim, 2).await, sancho_core::SettleAnswer::Settled);
    assert_eq!(stage(&store).promote(100).await.moved, 1);
    assert_eq!(stage(&store).queued("default").await, ["B"]);
}

#[tokio::test]
async fn jids_that_share_their_time_are_two_jobs() {
    let directory = directory();
    let store = open(&file(&directory));
    let twin = |tail: &str| {
        let mut new = job("Twin").build();
        new.jid = sancho_core::Jid::new(format!("01a1fca0d2a20005{tail}")).expect("it works");
        new
    };
    let twins = [twin("00000001"), twin("00000002")];
    assert_eq!(store.push(&twins, at(0)).await.expect("it works"), [Pushed::Added, Pushed::Added]);
    let first = stage(&store).claim_one("p", 1).await;
    stage(&store).settle(&first, Place::Gone, 1).await;
    assert!(store.find(&twins[0].jid).await.expect("it works").is_none());
    assert_eq!(store.find(&twins[1].jid).await.expect("it works").expect("it stays").jid, twins[1].jid);
    // Its time is free again, and it is still known.
    let again = [twin("00000003"), twins[1].clone()];
    assert_eq!(store.push(&again, at(2)).await.expect("it works"), [Pushed::Added, Pushed::Repeated]);
}

#[tokio::test]
async fn many_may_open_a_new_file_at_once() {
    let directory = directory();
    let path = file(&directory);
    let openers: Vec<_> = (0..8)
        .map(|_| {
            let path = path.clone();
            std::thread::spawn(move || SqliteStore::open(&path, Options::default()).map(drop))
        })
        .collect();
    for opener in openers {
        opener.join().expect("no panic").expect("it opens");
    }
}

/// Claims and settles until nothing is left; answers with what it performed.
async fn serve(store: SqliteStore, who: String) -> Vec<String> {
    let stage = stage(&store);
    stage.hello(&who, 0).await;
    let (mut performed_jobs, mut held, mut number) = (Vec::new(), Vec::<Claim>::new(), 0);
    loop {
        let settlements: Vec<_> = held.iter().map(performed).collect();
        let request = request(&who, number, 25, &["default"]);
        number += 25;
        let exchanged = stage.exchange(&settlements, Some(&request), 1).await;
        performed_jobs.extend(held.iter().map(|claim| claim.payload.to_text_lossy().into_owned()));
        held = exchanged.claims;
        if held.is_empty() && jobs_left(&store).await == 0 {
            return performed_jobs;
        }
    }
}

async fn jobs_left(store: &SqliteStore) -> usize {
    usize::try_from(store.stats(at(1)).await.expect("stats").enqueued).expect("few")
}

#[tokio::test(flavor = "multi_thread")]
async fn three_stores_that_contend_give_each_job_to_one() {
    let directory = directory();
    let pusher = open(&file(&directory));
    const JOBS: usize = 1_000;
    let servers = [open(&file(&directory)), open(&file(&directory))];
    for batch in 0..JOBS / 50 {
        let names: Vec<String> = (0..50).map(|one| format!("J{batch}x{one}")).collect();
        stage(&pusher).push(names.iter().map(|name| job(name)), 0).await;
    }
    let serving: Vec<_> =
        servers.into_iter().enumerate().map(|(index, store)| tokio::spawn(serve(store, format!("p{index}")))).collect();
    let mut performed_jobs = Vec::new();
    for server in serving {
        performed_jobs.extend(server.await.expect("no call fails"));
    }
    let distinct: HashSet<_> = performed_jobs.iter().collect();
    assert_eq!((performed_jobs.len(), distinct.len()), (JOBS, JOBS));
    assert_eq!(pusher.stats(at(1)).await.expect("it works").processed, JOBS as u64);
}

#[tokio::test]
async fn a_call_that_fails_leaves_its_neighbors_alone() {
    let directory = directory();
    let store = open(&file(&directory));
    let many = vec![job("Many").build(); limits::JOBS_PER_PUSH_MAX + 1];
    let (a, b) = (jobs(&["A"]), jobs(&["B"]));
    let (left, wrong, right) = tokio::join!(store.push(&a, at(0)), store.push(&many, at(0)), store.push(&b, at(0)));
    assert_eq!(wrong.expect_err("too many").kind, sancho_core::ErrorKind::Invalid);
    assert_eq!((left.expect("it works"), right.expect("it works")), (vec![Pushed::Added], vec![Pushed::Added]));
    assert_eq!(stage(&store).queued("default").await, ["A", "B"]);
}
