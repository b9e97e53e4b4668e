//! A store with a job in every place.

use std::time::Duration;

use sancho_core::claim::{Fill, Repeated};
use sancho_core::model::ModelStore;
use sancho_core::process::{Greeting, Quiet};
use sancho_core::{
    Beat, ClaimRequest, End, Execution, Incarnation, Jid, NewJob, OnConflict, Payload, Place, ProcessInfo, QueueCount,
    QueueName, Source, Store,
};

use super::NOW;

/// The one process that runs jobs of [`sample`].
pub(crate) const PROCESS: &str = "host:1:nonce";

pub(crate) fn jid(text: &str) -> Jid {
    Jid::new(text).expect("a jid")
}

pub(crate) fn queue(name: &str) -> QueueName {
    QueueName::new(name).expect("a name")
}

/// A job whose payload is this text.
pub(crate) fn raw(id: &str, place: Place, payload: &[u8]) -> NewJob {
    let payload = Payload::from_bytes(payload);
    NewJob { jid: jid(id), place, key: None, on_conflict: OnConflict::Keep, pushed_by: None, payload }
}

/// A job of a class.
pub(crate) fn job(id: &str, class: &str, place: Place) -> NewJob {
    let name = if let Place::Queue { queue, .. } = &place { queue.as_str() } else { "default" };
    let payload = format!(
        r#"{{"class":"{class}","args":[1,"two"],"jid":"{id}","queue":"{name}","retry":true,"error_class":"Boom","error_message":"it broke","retry_count":1,"tags":["eu"]}}"#
    );
    raw(id, place, payload.as_bytes())
}

pub(crate) async fn push(store: &dyn Store, jobs: &[NewJob]) {
    store.push(jobs, NOW).await.expect("the store takes every push");
}

/// A store with a job in every place, two queues and one process.
pub(crate) async fn sample() -> ModelStore {
    let store = ModelStore::new();
    fill(&store).await;
    store
}

/// Puts a job in every place, with two queues and one process.
pub(crate) async fn fill(store: &dyn Store) {
    let later = NOW + Duration::from_secs(3_600);
    let to = |name: &str| Place::Queue { queue: queue(name), end: End::Back };
    push(
        store,
        &[
            job("running-1", "Report", to("default")),
            job("waiting-1", "Mailer", to("low/a b")),
            job("scheduled-1", "Mailer", Place::Scheduled { at: later }),
            job("retry-1", "Mailer", Place::Retries { at: later }),
            job("retry-2", "Report", Place::Retries { at: later + Duration::from_secs(1) }),
            job("dead-1", "Mailer", Place::Dead),
            job("held-1", "Mailer", Place::Held { reason: "paused".to_owned() }),
            raw("unreadable-1", Place::Dead, b"\xff{"),
        ],
    )
    .await;
    let incarnation = Incarnation::new(PROCESS);
    store.beat(&beat(), NOW).await.expect("the store takes every beat");
    let request = ClaimRequest {
        incarnation,
        first_number: 1,
        repeated: Repeated::No,
        sources: vec![Source { queue: queue("default"), quota: 0 }],
        fill: Fill::InOrder,
        limit: 1,
    };
    let exchanged = store.exchange(&[], Some(&request), NOW).await.expect("the store gives what there is");
    assert_eq!(exchanged.claims.len(), 1, "one job runs");
}

/// A beat of the process.
pub(crate) fn beat() -> Beat {
    let mut execution = Execution::of("Mailer");
    (0..5).for_each(|_| execution.add_run(Duration::from_millis(120)));
    execution.add_failure();
    Beat {
        process: ProcessInfo {
            incarnation: Incarnation::new(PROCESS),
            hostname: "host".to_owned(),
            pid: 1,
            started_at: NOW,
            slots: 4,
            queues: vec![queue("default")],
            capsules: Vec::new(),
            tag: String::new(),
            labels: Vec::new(),
            version: "sancho 0.1.0".to_owned(),
        },
        greeting: Greeting::Hello,
        quiet: Quiet::No,
        lease: Duration::from_secs(20),
        running: Vec::new(),
        rss_bytes: 40_000_000,
        round_trip: Duration::from_millis(2),
        executions: vec![execution],
        by_queue: vec![QueueCount { queue: queue("default"), count: 6, failures: 1 }],
    }
}
