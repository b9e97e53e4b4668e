//! A server in a process of its own: what signals make of it, and what becomes of its jobs when it is killed.
#![cfg(unix)]

use std::path::Path;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use sancho::core::lifecycle::Verdict;
use sancho::core::process::Quiet;
use sancho::{Client, Context, Event, Job, JobResult, Perform, Server, State};
use sancho_testkit::TestChild;
use sancho_testkit::test_child::PATIENCE;
use serde::{Deserialize, Serialize};

/// Where the child finds its store, and how long it may take to stop, in milliseconds.
const STORE: &str = "SANCHO_TEST_STORE";
const STOP_TIMEOUT: &str = "SANCHO_TEST_STOP_TIMEOUT";

/// Ends when the server stops, or, if it is told so, never.
#[derive(Job, Serialize, Deserialize)]
struct Linger {
    forever: bool,
}

impl Perform<()> for Linger {
    async fn perform(self, cx: &Context<()>) -> JobResult {
        if self.forever {
            std::future::pending::<()>().await;
        }
        cx.stopping().await;
        Ok(())
    }
}

#[test]
#[ignore = "a part of the other tests, which start it in a process of its own"]
fn child() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async {
        let client = sancho::connect(&std::env::var(STORE).expect("a store")).await.expect("opens");
        let timeout = std::env::var(STOP_TIMEOUT).ok().and_then(|text| text.parse().ok()).expect("a timeout");
        let server = Server::new(client, ()).register::<Linger>().stop_timeout(Duration::from_millis(timeout));
        let mut events = server.subscribe();
        tokio::spawn(async move {
            while let Some(event) = events.next().await {
                match event {
                    Event::Started { .. } => println!("\nstarted"),
                    Event::Performing { .. } => println!("\nperforming"),
                    Event::Quiet => println!("\nquiet"),
                    _ => {}
                }
            }
        });
        server.run().await.expect("runs");
    });
}

/// A server in a process of its own.
fn start(url: &str, stop_timeout: Duration) -> TestChild {
    let stop_timeout = stop_timeout.as_millis().to_string();
    TestChild::start([(STORE, url.to_owned()), (STOP_TIMEOUT, stop_timeout)])
}

fn send(child: &TestChild, signal: Signal) {
    let pid = Pid::from_raw(i32::try_from(child.process.id()).expect("a process id")).expect("a process id");
    kill_process(pid, signal).expect("signaled");
}

/// Waits for the end; answers whether it was a good one.
fn ends_well(mut child: TestChild) -> bool {
    child.process.wait().expect("the child ends").success()
}

fn url(folder: &Path) -> String {
    format!("sqlite://{}", folder.join("jobs.db").display())
}

async fn states(client: &Client, jids: &[&sancho::Jid]) -> Vec<Option<State>> {
    let mut states = Vec::new();
    for jid in jids {
        states.push(client.find(jid).await.expect("the store answers").map(|row| row.state));
    }
    states
}

async fn counted(client: &Client) -> (u64, u64) {
    let stats = client.inspect().stats(client.clock().now()).await.expect("the store answers");
    (stats.processed, stats.failed)
}

/// Waits until every process says of itself that it asks for no more jobs.
async fn until_all_are_quiet(client: &Client) {
    let are_quiet = async {
        loop {
            let processes = client.inspect().processes(client.clock().now()).await.expect("the store answers");
            if processes.iter().all(|process| process.quiet == Quiet::Yes) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, are_quiet).await.expect("they become quiet in time");
}

#[tokio::test(flavor = "multi_thread")]
async fn tstp_makes_a_server_quiet_and_term_stops_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let client = sancho::connect(&url(folder.path())).await.expect("opens");
    let first = client.push(Linger { forever: false }).await.expect("pushed").jid;
    let process = start(&url(folder.path()), Duration::from_secs(20));
    process.until("performing");
    // It logs what runs; a process that did not listen would be suspended.
    send(&process, Signal::TTIN);
    send(&process, Signal::TSTP);
    process.until("quiet");
    // A claim that was under way is over by the time that the store hears of it.
    until_all_are_quiet(&client).await;
    let second = client.push(Linger { forever: false }).await.expect("pushed").jid;
    send(&process, Signal::TERM);
    assert!(ends_well(process));
    assert_eq!(states(&client, &[&first, &second]).await, [None, Some(State::Enqueued)]);
    assert_eq!(counted(&client).await, (1, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_outlasts_the_stop_returns_to_the_front_uncounted() {
    for signal in [Signal::TERM, Signal::INT] {
        let folder = tempfile::tempdir().expect("a folder");
        let client = sancho::connect(&url(folder.path())).await.expect("opens");
        let jid = client.push(Linger { forever: true }).await.expect("pushed").jid;
        let process = start(&url(folder.path()), Duration::from_millis(100));
        process.until("performing");
        send(&process, signal);
        assert!(ends_well(process));
        assert_eq!(states(&client, &[&jid]).await, [Some(State::Enqueued)]);
        assert_eq!(counted(&client).await, (0, 0));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_interrupt_stops_at_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let client = sancho::connect(&url(folder.path())).await.expect("opens");
    let jid = client.push(Linger { forever: true }).await.expect("pushed").jid;
    let process = start(&url(folder.path()), Duration::from_secs(100_000));
    process.until("performing");
    send(&process, Signal::INT);
    process.until("quiet");
    send(&process, Signal::INT);
    assert!(ends_well(process));
    assert_eq!(states(&client, &[&jid]).await, [Some(State::Enqueued)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn jobs_of_a_killed_process_come_back() {
    let folder = tempfile::tempdir().expect("a folder");
    let client = sancho::connect(&url(folder.path())).await.expect("opens");
    let jid = client.push(Linger { forever: false }).await.expect("pushed").jid;
    let process = start(&url(folder.path()), Duration::from_secs(20));
    process.until("performing");
    send(&process, Signal::KILL);
    assert!(!ends_well(process));

    let server = Server::new(client.clone(), ()).register::<Linger>();
    let mut events = server.subscribe();
    let server = server.start().await.expect("starts");
    let again = |event: &Event| matches!(event, Event::Performing { jid: begun, .. } if *begun == jid).then_some(());
    tokio::time::timeout(PATIENCE, events.wait_for(again)).await.expect("in time").expect("the server lives");
    server.begin_stop();
    let done = |event: &Event| matches!(event, Event::Settled { verdict: Verdict::Done, .. }).then_some(());
    tokio::time::timeout(PATIENCE, events.wait_for(done)).await.expect("in time").expect("the server lives");
    server.stopped().await;
    assert_eq!(states(&client, &[&jid]).await, [None]);
    assert_eq!(counted(&client).await, (1, 0));
}
