//! What is in the stores: a job in every place, two queues beside it, and one process that runs something.

use std::time::Duration;

use sancho::core::claim::{Fill, Repeated};
use sancho::core::process::Quiet;
use sancho::core::{
    Beat, CapsuleInfo, Checkpoint, Checkpointed, ClaimRequest, End, Execution, Greeting, Incarnation, NewJob, Pausable,
    Payload, Place, ProcessInfo, QueueCount, Source,
};
use sancho::{Client, Jid, Key, OnConflict, Progress, QueueName, Timestamp};
use serde_json::json;

/// The process that runs `running-1`.
pub(crate) const PROCESS: &str = "host:1:nonce";

/// Every word that is data, and so is the same in all languages. Whole words, without numbers.
pub(crate) const WORDS: &[&str] = &[
    // Ours.
    "Mailer",
    "Report",
    "Billing",
    "Boom",
    "broke",
    "it",
    "default",
    "low",
    "first",
    "shop",
    "blue",
    "eu",
    "two",
    "host",
    "nonce",
    "thumbnails",
    "running",
    "waiting",
    "scheduled",
    "retry",
    "dead",
    "held",
    "unreadable",
    "by",
    "hand",
    "weighted",
    "first-key",
    "v",
    "class",
    "key",
    "one",
    // The same everywhere: names, units, and the languages' own names.
    "Sancho",
    "sancho",
    "sidekiq",
    "SQLite",
    "sqlite",
    "Redis",
    "redis",
    "UTC",
    "p",
    "ms",
    "s",
    "B",
    "kB",
    "MB",
    "GB",
    "KiB",
    "MiB",
    "GiB",
    "English",
    "Enter",
    "Ti",
    "ng",
    "Vi",
    "t",
    "h",
    "P",
];

pub(crate) fn queue(name: &str) -> QueueName {
    QueueName::new(name).expect("a name")
}

/// A job of a class.
pub(crate) fn job(jid: &str, class: &str, place: Place) -> NewJob {
    let queue = if let Place::Queue { queue, .. } = &place { queue.as_str() } else { "default" };
    let mut payload = json!({
        "class": class, "args": [1, "two"], "jid": jid, "queue": queue, "retry": 25, "tags": ["eu"],
        "created_at": 1_795_226_400.0,
    });
    if matches!(place, Place::Retries { .. } | Place::Dead) {
        payload["error_class"] = json!("Boom");
        payload["error_message"] = json!("it broke");
        payload["error_backtrace"] = json!(["src/mail.rs:41", "src/jobs.rs:17"]);
        payload["failed_at"] = json!(1_795_226_500.0);
        payload["retry_count"] = json!(1);
    }
    raw(jid, place, payload.to_string().as_bytes())
}

/// A job whose payload is this.
pub(crate) fn raw(jid: &str, place: Place, payload: &[u8]) -> NewJob {
    let (jid, payload) = (Jid::new(jid).expect("a jid"), Payload::from_bytes(payload));
    NewJob { jid, place, key: None, on_conflict: OnConflict::Keep, pushed_by: None, payload }
}

pub(crate) fn enqueued(name: &str) -> Place {
    Place::Queue { queue: queue(name), end: End::Back }
}

/// Puts jobs into a store.
pub(crate) async fn push(client: &Client, jobs: &[NewJob]) {
    client.store().push(jobs, client.clock().now()).await.expect("the store takes every push");
}

/// Fills a store.
pub(crate) async fn fill(client: &Client) {
    let now = client.clock().now();
    let later = now + Duration::from_secs(3_600);
    push(client, &[job("running-1", "Report", enqueued("default"))]).await;
    run(client).await;
    let mut jobs = vec![
        job("waiting-1", "Mailer", enqueued("default")),
        job("waiting-2", "Report", enqueued("low")),
        job("scheduled-1", "Mailer", Place::Scheduled { at: later }),
        job("scheduled-2", "Report", Place::Scheduled { at: later + Duration::from_secs(60) }),
        job("retry-1", "Mailer", Place::Retries { at: later }),
        job("retry-2", "Report", Place::Retries { at: later + Duration::from_secs(60) }),
        job("retry-3", "Mailer", Place::Retries { at: later + Duration::from_secs(120) }),
        job("dead-1", "Mailer", Place::Dead),
        job("dead-2", "Report", Place::Dead),
        job("held-1", "Mailer", Place::Held { reason: "by hand".to_owned() }),
        raw("unreadable-1", Place::Dead, b"\xff{"),
    ];
    jobs[0].key = Some(Key::new("first-key").expect("a key"));
    push(client, &jobs).await;
    let inspect = client.inspect();
    inspect.pause(&Pausable::Queue(queue("low")), now).await.expect("a queue is paused");
    inspect.pause(&Pausable::Class("Billing".to_owned()), now).await.expect("a class is paused");
    inspect.mark_deploy("v2", now.before(Duration::from_secs(300))).await.expect("a deploy is marked");
}

/// Lets the process take what is in the first queue.
async fn run(client: &Client) {
    let (store, now) = (client.store(), client.clock().now());
    store.beat(&beat(now), now).await.expect("the store takes every beat");
    let request = ClaimRequest {
        incarnation: Incarnation::new(PROCESS),
        first_number: 1,
        repeated: Repeated::No,
        sources: vec![Source { queue: queue("default"), quota: 0 }],
        fill: Fill::InOrder,
        limit: 1,
    };
    let mut claims = store.exchange(&[], Some(&request), now).await.expect("the store gives what there is").claims;
    let receipt = claims.pop().expect("one job runs").receipt;
    let mut kept = Checkpointed::new();
    kept.set_progress(Progress { done: 740, total: 2_000 });
    kept.set_step("thumbnails");
    let checkpoint = Checkpoint { receipt, bytes: kept.to_bytes() };
    store.checkpoint(&[checkpoint], now).await.expect("the store keeps it");
}

/// A beat of the process, which lives for as long as a test goes on.
pub(crate) fn beat(now: Timestamp) -> Beat {
    let mut executions: Vec<Execution> = ["Mailer", "Report"].map(Execution::of).into();
    for execution in &mut executions {
        (1..=5).for_each(|runs| execution.add_run(Duration::from_millis(120 * runs)));
    }
    executions[0].add_failure();
    Beat {
        process: ProcessInfo {
            incarnation: Incarnation::new(PROCESS),
            hostname: "host".to_owned(),
            pid: 1,
            started_at: now.before(Duration::from_secs(7_200)),
            slots: 4,
            queues: vec![queue("default"), queue("low")],
            capsules: vec![CapsuleInfo {
                name: "first".to_owned(),
                slots: 4,
                order: "weighted".to_owned(),
                queues: vec!["default,2".to_owned(), "low,1".to_owned()],
            }],
            tag: "shop".to_owned(),
            labels: vec!["blue".to_owned()],
            version: "sancho 0.1.0".to_owned(),
        },
        greeting: Greeting::Hello,
        quiet: Quiet::No,
        lease: Duration::from_secs(86_400),
        running: Vec::new(),
        rss_bytes: 40_000_000,
        round_trip: Duration::from_millis(2),
        executions,
        by_queue: vec![QueueCount { queue: queue("default"), count: 10, failures: 1 }],
    }
}
