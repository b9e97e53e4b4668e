//! Rounds of a server: two exchanges are under way while a queue has jobs enough, and one while it has not.

#[path = "server/jobs.rs"]
#[expect(dead_code, reason = "other tests use the rest")]
mod jobs;
#[path = "server/watching.rs"]
#[expect(dead_code, reason = "other tests use the rest")]
mod watching;

use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jobs::{Journal, Say};
use sancho::core::model::ModelStore;
use sancho::core::{BoxFuture, ClaimRequest, Exchanged, Settlement, Store, StoreResult, Timestamp};
use sancho::{Client, Event};
use sancho_testkit::interposed::{Interpose, Interposed};
use watching::{PATIENCE, server, settled, stop};

const SLOTS: usize = 10;

/// A model store that takes a while for an exchange, and keeps count.
struct Gauged {
    inner: ModelStore,
    worth: usize,
    gauge: Mutex<Gauge>,
}

/// What is so now, and what was so at the most.
#[derive(Clone, Copy, Debug, Default)]
struct Gauge {
    under_way: usize,
    under_way_max: usize,
    /// Jobs that are asked for, or claimed and not settled.
    in_hand: usize,
    in_hand_max: usize,
    /// Exchanges that found nothing and settled nothing.
    idle: usize,
}

impl Gauged {
    fn gauge(&self) -> std::sync::MutexGuard<'_, Gauge> {
        self.gauge.lock().expect("nothing panics while it counts")
    }
}

impl fmt::Debug for Gauged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Gauged")
    }
}

impl Interpose for Gauged {
    fn inner(&self) -> &dyn Store {
        &self.inner
    }

    fn jobs_worth_a_second_exchange(&self) -> usize {
        self.worth
    }

    fn exchange<'a>(
        &'a self,
        settlements: &'a [Settlement],
        claim: Option<&'a ClaimRequest>,
        now: Timestamp,
    ) -> BoxFuture<'a, StoreResult<Exchanged>> {
        Box::pin(async move {
            let asked = claim.map_or(0, |claim| claim.limit);
            {
                let mut gauge = self.gauge();
                gauge.under_way += 1;
                gauge.under_way_max = gauge.under_way_max.max(gauge.under_way);
                gauge.in_hand = gauge.in_hand + asked - settlements.len();
                gauge.in_hand_max = gauge.in_hand_max.max(gauge.in_hand);
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
            let exchanged = self.inner.exchange(settlements, claim, now).await?;
            let mut gauge = self.gauge();
            gauge.under_way -= 1;
            gauge.in_hand -= asked - exchanged.claims.len();
            gauge.idle += usize::from(exchanged.claims.is_empty() && settlements.is_empty());
            Ok(exchanged)
        })
    }
}

/// Performs `jobs` jobs of one queue; answers what was counted, and what the jobs said.
async fn performed(jobs: usize, worth: usize) -> (Gauge, Vec<String>) {
    let model = ModelStore::new();
    let gauged = Arc::new(Gauged { inner: model.clone(), worth, gauge: Mutex::default() });
    let client = Client::new(Arc::new(Interposed(Arc::clone(&gauged))), Arc::new(model));
    let journal = Journal::default();
    client.push_bulk((0..jobs).map(|n| Say::new(&n.to_string()))).await.expect("pushed");
    let server = server(&client, &journal).slots(SLOTS);
    let mut events = server.subscribe();
    let server = server.start().await.expect("starts");
    for _ in 0..jobs {
        settled(&mut events).await;
    }
    stop(&server).await;
    let stats = client.inspect().stats(client.clock().now()).await.expect("the model answers");
    assert_eq!((stats.processed, stats.enqueued, stats.busy), (jobs as u64, 0, 0));
    let gauge = *gauged.gauge();
    assert_eq!((gauge.under_way, gauge.in_hand), (0, 0), "what was asked for was answered, and settled");
    (gauge, journal.said())
}

#[tokio::test]
async fn two_rounds_share_the_slots_and_keep_the_order() {
    let (gauge, said) = performed(500, 1).await;
    assert_eq!(gauge.under_way_max, 2, "{gauge:?}");
    assert!(gauge.in_hand_max <= SLOTS, "{gauge:?}");
    let words: Vec<String> = (0..500).map(|n| n.to_string()).collect();
    assert_eq!(said, words);
}

#[tokio::test]
async fn a_second_round_is_not_begun_for_fewer_jobs_than_it_is_worth() {
    let (gauge, _) = performed(500, SLOTS / 2 + 1).await;
    assert_eq!(gauge.under_way_max, 1, "{gauge:?}");
    assert_eq!(gauge.in_hand_max, SLOTS, "all slots are asked for at once: {gauge:?}");
}

#[tokio::test]
async fn an_idle_server_asks_once() {
    let model = ModelStore::new();
    let gauged = Arc::new(Gauged { inner: model.clone(), worth: 1, gauge: Mutex::default() });
    let client = Client::new(Arc::new(Interposed(Arc::clone(&gauged))), Arc::new(model));
    let journal = Journal::default();
    let server = server(&client, &journal).slots(SLOTS);
    let mut events = server.subscribe();
    let server = server.start().await.expect("starts");
    for n in 0..20 {
        client.push(Say::new(&n.to_string())).await.expect("pushed");
        settled(&mut events).await;
    }
    stop(&server).await;
    let gauge = *gauged.gauge();
    assert_eq!(gauge.under_way_max, 1, "{gauge:?}");
}

#[tokio::test]
async fn a_round_goes_on_while_a_class_that_is_not_known_is_told_to_the_store() {
    let model = ModelStore::new();
    let gauged = Arc::new(Gauged { inner: model.clone(), worth: 1, gauge: Mutex::default() });
    let client = Client::new(Arc::new(Interposed(Arc::clone(&gauged))), Arc::new(model));
    client.push_bulk((0..100).map(|n| sancho::Raw::new("Stranger", [n]))).await.expect("pushed");
    let journal = Journal::default();
    let server = server(&client, &journal).slots(SLOTS);
    let mut events = server.subscribe();
    let server = server.start().await.expect("starts");
    let returned = |event: &Event| matches!(event, Event::Settled { .. }).then_some(());
    for _ in 0..SLOTS {
        tokio::time::timeout(PATIENCE, events.wait_for(returned)).await.expect("in time").expect("the server lives");
    }
    stop(&server).await;
    let stats = client.inspect().stats(client.clock().now()).await.expect("the model answers");
    assert_eq!((stats.enqueued, stats.busy), (100, 0), "none is lost, none is kept");
}
