//! How the command shows jobs that a server has had in its hands, and what it may do to them.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod harness;

use std::time::Duration;

use harness::Bench;
use sancho_core::claim::{Claim, Fill, Repeated};
use sancho_core::lifecycle::{Attempt, Failure, Outcome, Policy, decide};
use sancho_core::process::Quiet;
use sancho_core::{
    Beat, ClaimRequest, Greeting, Incarnation, Place, ProcessInfo, QueueName, Settlement, Source, Tally, Transition,
};
use serde_json::json;

/// A server that claims one job and stops there.
struct Server {
    client: sancho::Client,
    claim: Claim,
}

impl Server {
    async fn with_a_claim(bench: &Bench) -> Self {
        let client = sancho::connect(&format!("sqlite://{}", bench.path("jobs.db").display())).await.unwrap();
        let now = client.clock().now();
        let incarnation = Incarnation::new("host:1:abc");
        let process = ProcessInfo {
            incarnation: incarnation.clone(),
            hostname: "host".into(),
            pid: 1,
            started_at: now,
            slots: 1,
            queues: vec![QueueName::default()],
            capsules: Vec::new(),
            tag: String::new(),
            labels: Vec::new(),
            version: "test".into(),
        };
        let beat = Beat {
            process,
            greeting: Greeting::Hello,
            quiet: Quiet::No,
            lease: Duration::from_secs(3_600),
            running: Vec::new(),
            rss_bytes: 0,
            round_trip: Duration::ZERO,
            executions: Vec::new(),
            by_queue: Vec::new(),
        };
        client.store().beat(&beat, now).await.unwrap();
        let request = ClaimRequest {
            incarnation,
            first_number: 1,
            repeated: Repeated::No,
            sources: vec![Source { queue: QueueName::default(), quota: 1 }],
            fill: Fill::default(),
            limit: 1,
        };
        let mut claims = client.store().exchange(&[], Some(&request), now).await.unwrap().claims;
        Server { client, claim: claims.pop().unwrap() }
    }

    async fn settle(self, transition: Transition) {
        let settlement = Settlement { receipt: self.claim.receipt, transition, then: Vec::new() };
        self.client.store().exchange(&[settlement], None, self.client.clock().now()).await.unwrap();
    }

    /// Fails the job as a server does.
    async fn fail(self, failure: Failure) {
        let policy = Policy::default();
        let attempt = Attempt { payload: &self.claim.payload, queue: &self.claim.queue, policy: &policy };
        let decision = decide(attempt, Outcome::Failed(failure), self.client.clock().now(), 0.0);
        self.settle(decision.transition).await;
    }
}

fn boom() -> Failure {
    Failure { class: "app::Boom".into(), message: "no\u{1b}[2J fire".into(), ..Failure::default() }
}

#[tokio::test]
async fn a_failed_job_is_listed_under_the_names_of_its_error() {
    let bench = Bench::new();
    let jid = bench.ok(&["push", "Resize", "[7]"]);
    Server::with_a_claim(&bench).await.fail(boom()).await;
    let row = &bench.json(&["ls", "retries"])["jobs"][0];
    assert_eq!((&row["jid"], &row["state"], &row["retry_count"]), (&json!(jid), &json!("retries"), &json!(0)));
    assert_eq!((&row["error_class"], &row["error_message"]), (&json!("app::Boom"), &json!("no\u{1b}[2J fire")));
    assert!(row["failed_at"].is_f64() && row["at"].is_f64(), "{row}");
    let text = bench.ok(&["ls", "retries"]);
    assert!(text.ends_with("app::Boom: no\\u{1b}[2J fire"), "{text:?}");
    let shown = bench.ok(&["show", &jid]);
    assert!(shown.lines().any(|line| line == "failures  1"), "{shown}");
    assert!(shown.lines().any(|line| line == "error     app::Boom"), "{shown}");
    assert_eq!((bench.total("processed"), bench.total("failed"), bench.total("retries")), (1, 1, 1));
}

#[tokio::test]
async fn a_failed_job_is_tried_again_now_and_a_rescheduled_one_stays_a_retry() {
    let bench = Bench::new();
    let jid = bench.ok(&["push", "Resize", "[7]"]);
    Server::with_a_claim(&bench).await.fail(boom()).await;
    bench.ok(&["reschedule", &jid, "--in", "3h"]);
    assert_eq!(bench.json(&["show", &jid])["state"], "retries");
    bench.ok(&["retry", &jid]);
    assert_eq!(bench.json(&["show", &jid])["state"], "enqueued");
}

#[tokio::test]
async fn a_busy_job_is_shown_with_its_process_and_refuses_every_action() {
    let bench = Bench::new();
    let jid = bench.ok(&["push", "Resize", "[7]", "--key", "k"]);
    let server = Server::with_a_claim(&bench).await;
    let row = &bench.json(&["ls", "busy"])["jobs"][0];
    assert_eq!((&row["jid"], &row["state"], &row["process"]), (&json!(jid), &json!("busy"), &json!("host:1:abc")));
    for verb in ["cancel", "retry", "delete", "kill"] {
        bench.run(&[verb, "--key", "k"]).refused(1, &[verb, &jid, "it has started"]);
    }
    bench.run(&["reschedule", &jid, "--in", "1h"]).refused(1, &["it has started"]);
    assert_eq!((bench.total("busy"), bench.total("processes")), (1, 1));
    drop(server);
}

#[tokio::test]
async fn a_held_job_is_listed_with_its_reason() {
    let bench = Bench::new();
    let jid = bench.ok(&["push", "Resize", "[7]"]);
    let place = Place::Held { reason: "class Resize is paused".into() };
    let transition = Transition { place, payload: None, tally: Tally::default() };
    Server::with_a_claim(&bench).await.settle(transition).await;
    let row = &bench.json(&["ls", "held"])["jobs"][0];
    assert_eq!((&row["state"], &row["held"]), (&json!("held"), &json!("class Resize is paused")));
    assert_eq!(bench.ok(&["retry", &jid]), format!("enqueued {jid}"));
}

#[tokio::test]
async fn bytes_that_are_no_payload_are_shown_as_text() {
    let bench = Bench::new();
    let jid = bench.ok(&["push", "Resize", "[7]"]);
    let payload = Some(sancho_core::Payload::from_bytes(b"\xff{not json".to_vec()));
    let transition = Transition { place: Place::Dead, payload, tally: Tally::default() };
    Server::with_a_claim(&bench).await.settle(transition).await;
    let row = bench.json(&["show", &jid]);
    assert_eq!((&row["payload"], &row["state"]), (&json!("\u{fffd}{not json"), &json!("dead")));
    assert!(bench.ok(&["ls", "dead"]).contains("(unreadable)"));
}

#[tokio::test]
async fn what_a_job_hides_is_shown_to_whoever_asks_for_it_alone() {
    let bench = Bench::new();
    let client = sancho::connect(&format!("sqlite://{}", bench.path("jobs.db").display())).await.unwrap();
    let job = sancho::Raw::new("Charge", (7, "s3cr3t"));
    let jid = client.push(job).member("redact", &json!([1, "errors"])).await.unwrap().jid;
    let failure = Failure { message: "no s3cr3t".into(), ..boom() };
    Server::with_a_claim(&bench).await.fail(failure).await;
    for command in [&["show", jid.as_str()][..], &["ls", "retries"]] {
        for json in [&[][..], &["--json"]] {
            let out = bench.ok(&[json, command].concat());
            assert!(out.contains("[redacted]") && out.contains('7') && !out.contains("s3cr3t"), "{command:?}: {out}");
        }
    }
    let whole = bench.json(&["show", jid.as_str(), "--reveal"]);
    assert_eq!((&whole["args"], &whole["error_message"]), (&json!([7, "s3cr3t"]), &json!("no s3cr3t")));
    assert!(bench.ok(&["show", "--reveal", jid.as_str()]).contains("s3cr3t"));
}
