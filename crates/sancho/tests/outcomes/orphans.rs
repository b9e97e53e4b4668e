//! Jobs of processes that were never heard of again.

use sancho::Client;
use sancho::core::{End, Place, Settlement, Tally, Transition};

use crate::dead::claim_and_die;

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
