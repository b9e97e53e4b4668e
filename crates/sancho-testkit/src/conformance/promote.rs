//! Facts of promotion.

use sancho_core::{Place, Set, State};

use crate::factory::{job, queue, unreadable};
use crate::stage::{Stage, at, claimed};

pub(super) async fn a_due_job_goes_to_its_queue(s: Stage) {
    s.push([job("A").queue("low").at(at(5))], 0).await;
    let promoted = s.promote(6).await;
    assert_eq!((promoted.moved, promoted.buried, promoted.next_due), (1, 0, None));
    assert_eq!(s.queued("low").await, ["A"]);
}

pub(super) async fn a_job_is_not_promoted_before_its_time(s: Stage) {
    s.push([job("A").at(at(5))], 0).await;
    let promoted = s.promote(4).await;
    assert_eq!((promoted.moved, promoted.next_due), (0, Some(at(5))));
    assert_eq!(s.state("A").await, Some(State::Scheduled));
}

pub(super) async fn a_job_is_due_at_its_very_time(s: Stage) {
    s.push([job("A").at(at(5))], 0).await;
    assert_eq!(s.promote(5).await.moved, 1);
}

pub(super) async fn due_jobs_run_in_the_order_of_their_times(s: Stage) {
    s.push([job("C").at(at(7)), job("A").at(at(5)), job("B").at(at(6))], 0).await;
    s.promote(9).await;
    assert_eq!(s.queued("default").await, ["A", "B", "C"]);
}

pub(super) async fn promoted_jobs_come_after_those_enqueued_before_they_were_due(s: Stage) {
    s.push([job("B").at(at(5)), job("C").at(at(6))], 0).await;
    s.push([job("A")], 1).await;
    s.promote(9).await;
    assert_eq!(s.queued("default").await, ["A", "B", "C"]);
}

pub(super) async fn a_promotion_moves_no_more_than_its_limit(s: Stage) {
    s.push([job("A").at(at(5)), job("B").at(at(6)), job("C").at(at(7))], 0).await;
    let promoted = s.store.promote(2, at(9)).await.expect("promote");
    assert_eq!((promoted.moved, promoted.next_due), (2, Some(at(7))));
    assert_eq!(s.queued("default").await, ["A", "B"]);
}

pub(super) async fn a_promotion_says_when_the_next_job_is_due(s: Stage) {
    s.push([job("A").at(at(5)), job("B").at(at(90)), job("C").at(at(80))], 0).await;
    assert_eq!(s.promote(6).await.next_due, Some(at(80)));
}

pub(super) async fn where_nothing_waits_nothing_is_due(s: Stage) {
    s.push([job("A")], 0).await;
    let promoted = s.promote(9).await;
    assert_eq!((promoted.moved, promoted.next_due), (0, None));
}

pub(super) async fn a_retry_that_is_due_goes_to_its_queue(s: Stage) {
    s.push([job("A"), job("B").at(at(40))], 0).await;
    let claim = s.claim_one("p", 0).await;
    s.settle(&claim, Place::Retries { at: at(30) }, 1).await;
    assert_eq!(s.promote(29).await.next_due, Some(at(30)));
    s.promote(40).await;
    assert_eq!(s.queued("default").await, ["A", "B"]);
    assert!(s.names(Set::Retries).await.is_empty());
}

pub(super) async fn the_payload_decides_the_queue(s: Stage) {
    s.push([job("A").queue("low")], 0).await;
    s.hello("p", 0).await;
    let claim = s.claim("p", 1, &["low"], 0).await.remove(0);
    let mut settlement = crate::stage::settlement(&claim, Place::Retries { at: at(5) });
    settlement.transition.payload = Some(job("A").queue("retries-only").build().payload);
    s.settle_all(vec![settlement], 1).await;
    s.promote(5).await;
    assert_eq!(s.queued("retries-only").await, ["A"]);
    assert_eq!(s.find("A").await.expect("it is there").queue, queue("retries-only"));
}

pub(super) async fn a_due_job_that_cannot_be_read_is_buried(s: Stage) {
    s.push([unreadable("A", b"{\xff").at(at(5)), job("B").at(at(6))], 0).await;
    let promoted = s.promote(9).await;
    assert_eq!((promoted.moved, promoted.buried), (1, 1));
    assert_eq!(s.rows(Set::Dead).await[0].payload.as_bytes(), b"{\xff");
    assert_eq!(s.queued("default").await, ["B"]);
}

pub(super) async fn a_due_job_that_names_no_valid_queue_is_buried(s: Stage) {
    // One that names none at all may go to `default`: Sidekiq's jobs do, and a store may share its jobs with Sidekiq.
    s.push([job("A").payload(r#"{"class":"A","queue":""}"#).at(at(5))], 0).await;
    s.push([job("B").payload(r#"{"class":"B","queue":null}"#).at(at(5))], 0).await;
    assert_eq!(s.promote(9).await.buried, 2);
    let mut dead = s.names(Set::Dead).await;
    dead.sort();
    assert_eq!(dead, ["A", "B"]);
}

pub(super) async fn a_promoted_job_is_claimed_with_its_bytes(s: Stage) {
    s.push([job("A").args("[1.0,123456789012345678901234567890]").at(at(5))], 0).await;
    s.promote(5).await;
    let claim = s.claim_one("p", 6).await;
    assert_eq!(claim.payload.envelope().expect("it can be read").args(), "[1.0,123456789012345678901234567890]");
    assert_eq!(claimed(&[claim]), ["A"]);
}

pub(super) async fn a_job_is_promoted_once(s: Stage) {
    s.push([job("A").at(at(5))], 0).await;
    assert_eq!(s.promote(6).await.moved, 1);
    assert_eq!(s.promote(7).await.moved, 0);
    assert_eq!(s.queued("default").await, ["A"]);
    assert_eq!(s.stats(7).await.scheduled, 0);
}

pub(super) async fn promotions_at_once_move_a_job_once(s: Stage) {
    s.push([job("A").at(at(5)), job("B").at(at(6))], 0).await;
    let (one, other) = tokio::join!(s.promote(9), s.promote(9));
    assert_eq!(one.moved + other.moved, 2);
    assert_eq!(s.queued("default").await, ["A", "B"]);
}
