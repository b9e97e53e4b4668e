//! Processes that claimed a job and were never heard of again.

use std::time::Duration;

use sancho::core::process::{Beat, Quiet};
use sancho::core::{Claim, ClaimRequest, Greeting, Incarnation, ProcessInfo, Source};
use sancho::{Client, QueueName};

/// A process of the past claims one job of `default`, and dies: its lease is over.
pub(crate) async fn claim_and_die(client: &Client, name: &str) -> Claim {
    let (store, incarnation) = (client.store(), Incarnation::new(name));
    let long_ago = client.clock().now().before(Duration::from_secs(60));
    let process = ProcessInfo {
        incarnation: incarnation.clone(),
        hostname: "elsewhere".into(),
        pid: 1,
        started_at: long_ago,
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
        lease: Duration::from_secs(20),
        running: Vec::new(),
        rss_bytes: 0,
        round_trip: Duration::ZERO,
        executions: Vec::new(),
        by_queue: Vec::new(),
    };
    store.beat(&beat, long_ago).await.expect("the store answers");
    let request = ClaimRequest {
        incarnation,
        first_number: 1,
        repeated: Default::default(),
        sources: vec![Source { queue: QueueName::default(), quota: 0 }],
        fill: Default::default(),
        limit: 1,
    };
    let exchanged = store.exchange(&[], Some(&request), long_ago).await.expect("the store answers");
    exchanged.claims.into_iter().next().expect("one job")
}
