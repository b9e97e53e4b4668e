//! How the command sees servers, quiets them and stops them: each is a process of its own.
#![cfg(unix)]

mod harness;

use std::process::Command;
use std::time::Duration;

use harness::Bench;
use sancho::{Context, Event, Job, JobResult, Perform, Server};
use sancho_testkit::TestChild;
use sancho_testkit::test_child::PATIENCE;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// Where the child finds its store, and whether it obeys.
const STORE: &str = "SANCHO_TEST_STORE";

/// Waits until it is told to stop, or canceled.
#[derive(Job, Serialize, Deserialize)]
struct Linger {}

impl Perform<()> for Linger {
    async fn perform(self, cx: &Context<()>) -> JobResult {
        cx.stopping().await;
        Ok(())
    }
}

/// Never ends, whatever it is told.
#[derive(Job, Serialize, Deserialize)]
struct Stuck {}

impl Perform<()> for Stuck {
    async fn perform(self, _: &Context<()>) -> JobResult {
        std::future::pending().await
    }
}

#[test]
#[ignore = "a part of the other tests, which start it in a process of its own"]
fn child() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async {
        let client = sancho::connect(&std::env::var(STORE).expect("a store")).await.expect("opens");
        let server = Server::new(client, ()).register::<Linger>().register::<Stuck>().slots(3).stop_timeout(PATIENCE);
        let mut events = server.subscribe();
        tokio::spawn(async move {
            while let Some(event) = events.next().await {
                match event {
                    Event::Started { .. } => println!("\nstarted"),
                    Event::Performing { .. } => println!("\nperforming"),
                    _ => {}
                }
            }
        });
        server.run().await.expect("runs");
    });
}

/// A server in a process of its own.
fn start(bench: &Bench) -> TestChild {
    let server = TestChild::start([(STORE, format!("sqlite://{}", bench.path("jobs.db").display()))]);
    server.until("started");
    server
}

fn pid(server: &TestChild) -> String {
    server.process.id().to_string()
}

/// The only process that the command shows.
fn only(bench: &Bench) -> Value {
    let shown = bench.json(&["processes"])["processes"].clone();
    let rows = shown.as_array().expect("processes");
    assert_eq!(rows.len(), 1, "{rows:?}");
    rows[0].clone()
}

fn store_with(class: &str) -> Bench {
    let bench = Bench::new();
    bench.ok(&["push", class]);
    bench
}

#[test]
fn a_process_is_shown_with_what_it_does_quieted_and_stopped() {
    let bench = store_with("Linger");
    let mut server = start(&bench);
    server.until("performing");
    let row = only(&bench);
    assert_eq!(row["pid"].to_string(), pid(&server));
    assert_eq!((&row["slots"], &row["quiet"], &row["queues"]), (&json!(3), &json!(false), &json!(["default"])));
    let identity = row["identity"].as_str().expect("an identity").to_owned();
    let busy = bench.json(&["busy"])["jobs"].clone();
    assert_eq!((&busy[0]["class"], &busy[0]["process"]), (&json!("Linger"), &json!(identity)));
    let table = bench.ok(&["processes"]);
    let hostname = row["hostname"].as_str().expect("a host");
    for part in [identity.as_str(), hostname, "of 3", "default", "sancho 0", " ms", " MB"] {
        assert!(table.contains(part), "{part:?} in {table}");
    }
    assert!(bench.ok(&["watch", "--once"]).contains("of 3 slots in 1 process\n"));

    assert_eq!(bench.json(&["quiet", &pid(&server)]), json!({"processes":[{"identity":identity,"outcome":"quiet"}]}));
    assert_eq!(only(&bench)["quiet"], json!(true));
    assert_eq!(bench.ok(&["quiet", "--all"]), format!("{identity} was quiet already"));
    let said = bench.ok(&["stop", &identity]);
    assert!(said.starts_with(&format!("{identity} has stopped, after ")), "{said}");
    assert!(server.process.wait().expect("it ends").success());
    assert_eq!(bench.json(&["processes"]), json!({"processes":[]}));
    bench.run(&["stop", &identity]).refused(1, &["no process of this store", &identity]);
    assert_eq!((bench.total("processed"), bench.total("busy")), (1, 0));
}

#[test]
fn a_process_that_does_not_stop_in_time_is_killed_only_if_that_is_asked_for() {
    let bench = store_with("Stuck");
    let mut server = start(&bench);
    server.until("performing");
    let late = bench.run(&["stop", &pid(&server), "--timeout", "1s"]);
    assert_eq!(late.code, Some(4), "{late:?}");
    assert!(late.err.contains("have not stopped in time") && late.err.contains("--kill"), "{late:?}");
    assert!(server.process.try_wait().expect("it is asked").is_none(), "it is left alone");
    let killed = bench.json(&["stop", "--all", "--timeout", "0s", "--kill"]);
    assert_eq!(killed["processes"][0]["outcome"], "killed");
    let status = server.process.wait().expect("it ends");
    assert_eq!(std::os::unix::process::ExitStatusExt::signal(&status), Some(9));
    assert_eq!(bench.total("busy"), 1, "its job waits to be taken over");
}

#[test]
fn a_running_job_is_canceled_by_its_process() {
    let bench = store_with("Stuck");
    let server = start(&bench);
    server.until("performing");
    let jid = bench.json(&["busy"])["jobs"][0]["jid"].as_str().expect("an id").to_owned();
    bench.run(&["cancel", &jid]).refused(1, &["cancel --running", "[started]"]);
    let would = bench.ok(&["cancel", "busy", "class:Stuck", "--running", "--dry-run"]);
    assert_eq!(would, "would cancel 1 job of the running ones that match class:Stuck");
    assert_eq!(bench.json(&["cancel", &jid, "--running"])["jid"], json!(jid));
    let looks = PATIENCE.as_millis() / 50;
    let is_gone = (0..looks).any(|_| {
        let gone = bench.total("busy") == 0;
        if !gone {
            pause();
        }
        gone
    });
    assert!(is_gone, "it was never canceled");
    assert_eq!((bench.total("retries"), bench.total("dead"), bench.total("enqueued")), (0, 0, 0), "and it is gone");
}

#[test]
fn a_server_is_tuned_while_it_runs() {
    let bench = store_with("Linger");
    let server = start(&bench);
    server.until("performing");
    let tuned = bench.json(&["tune", &pid(&server), "--slots", "1", "-q", "critical,6", "-q", "default"]);
    assert_eq!((&tuned["slots"], &tuned["queues"]), (&json!(1), &json!(["critical,6", "default"])));
    let row = only(&bench);
    assert_eq!((&row["slots"], &row["queues"]), (&json!(1), &json!(["critical", "default"])));
    assert_eq!(row["capsules"][0]["slots"], json!(1));
    let back = bench.ok(&["tune", &pid(&server), "--slots", "2"]);
    assert!(back.ends_with("runs 2 at a time in its capsule default, of critical,6 default"), "{back}");
    // With a second slot, the second queue's next job runs beside the first.
    bench.ok(&["push", "Linger", "--queue", "critical"]);
    server.until("performing");
}

#[test]
fn what_a_server_performed_is_in_the_metrics() {
    let bench = store_with("Linger");
    let mut server = start(&bench);
    server.until("performing");
    bench.ok(&["stop", &pid(&server)]);
    assert!(server.process.wait().expect("it ends").success());
    let class = &bench.json(&["metrics", "Linger"])["classes"][0];
    assert_eq!((&class["executions"], &class["failures"]), (&json!(1), &json!(0)));
}

#[expect(clippy::disallowed_methods, reason = "a process is waited for that tells nobody")]
fn pause() {
    std::thread::sleep(Duration::from_millis(50));
}

/// A process in the store whose id belongs to another program: it is that program that must not be killed.
#[tokio::test]
async fn a_process_id_that_was_given_to_another_program_is_not_killed() {
    let bench = store_with("Stuck");
    let mut other = Command::new("sleep").arg("600").spawn().expect("sleep is part of every system");
    let client = sancho::connect(&format!("sqlite://{}", bench.path("jobs.db").display())).await.expect("opens");
    let hostname = rustix::system::uname().nodename().to_string_lossy().into_owned();
    let now = client.clock().now();
    let mut beat = sancho_testkit::stage::beat("gone:1:abc", sancho_core::Greeting::Hello);
    beat.lease = Duration::from_secs(600);
    beat.process.pid = other.id();
    beat.process.hostname = hostname;
    beat.process.started_at = now.before(Duration::from_secs(3_600));
    client.store().beat(&beat, now).await.expect("a beat");
    let answer = bench.run(&["stop", &other.id().to_string(), "--timeout", "0s", "--kill"]);
    assert_eq!(answer.code, Some(4), "{answer:?}");
    assert!(answer.out.contains("the id belongs to another program now"), "{answer:?}");
    assert!(other.try_wait().expect("it is asked").is_none(), "it lives");

    beat.process.hostname = "elsewhere".to_owned();
    beat.process.incarnation = sancho_core::Incarnation::new("elsewhere:1:abc");
    client.store().beat(&beat, now).await.expect("a beat");
    client.store().retire(&sancho_core::Incarnation::new("gone:1:abc"), now).await.expect("it goes");
    bench.run(&["stop", &other.id().to_string()]).refused(2, &["not on this host", "elsewhere:1:abc"]);
    let answer = bench.run(&["stop", "elsewhere:1:abc", "--timeout", "0s", "--kill"]);
    assert!(answer.out.contains("was not killed: it runs on elsewhere"), "{answer:?}");
    other.kill().expect("it lives to the end");
    other.wait().expect("it ends");
}
