//! Jobs of processes that were never heard of again.

use std::time::Duration;

use sancho::core::process::{Beat, Quiet};
use sancho::core::{
    Claim, ClaimRequest, End, Greeting, Incarnation, Place, ProcessInfo, Settlement, Source, Tally, Transition,
};
use sancho::{Client, QueueName};

/// A process claims a job and dies, three times over; the last of them has not been taken over.
pub(crate) async fn orphan_three_times(client: &Client) {
    let now = client.clock().now().as_unix_secs_f64();
    let claim = claim_and_die(client, "dead:1:0").await;
    let mut members = claim.payload.members().expect("readable");
    members.set("orphaned_at", &[now - 60.0, now - 30.0]);
    let place = Place::Queue { queue: claim.queue.clone(), end: End::Front };
    let transition = Transition { place, payload: Some(members.to_payload()), tally: Tally::default() };
    let settlement = Settlement { receipt: claim.receipt, transition, then: Vec::new() };
    client.store().exchange(&[settlement], None, client.clock().now()).await.expect("the store answers");
    claim_and_die(client, "dead:2:0").await;
}

async fn claim_and_die(client: &Client, name: &str) -> Claim {
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
