//! Facts of settling.

use sancho_core::{Place, Pushed, Receipt, Set, SettleAnswer, State, Tally};

use crate::factory::{jid_of, job, queue, unreadable};
use crate::stage::{Stage, at, back, claimed, essence, front, held, performed, settlement};

pub(super) async fn a_job_that_is_done_is_gone(s: Stage) {
    s.push([job("A")], 0).await;
    let claim = s.claim_one("p", 0).await;
    assert_eq!(s.done(&claim, 1).await, SettleAnswer::Settled);
    assert_eq!(s.state("A").await, None);
    assert_eq!(s.stats(1).await.busy, 0);
}

pub(super) async fn a_job_sent_back_runs_after_those_that_are_there(s: Stage) {
    s.push([job("A"), job("B")], 0).await;
    let claim = s.claim_one("p", 0).await;
    s.settle(&claim, back("default"), 1).await;
    assert_eq!(s.queued("default").await, ["B", "A"]);
}

pub(super) async fn a_job_put_in_front_runs_next(s: Stage) {
    s.push([job("A"), job("B"), job("C")], 0).await;
    let claim = s.claim_one("p", 0).await;
    s.settle(&claim, front("default"), 1).await;
    assert_eq!(s.queued("default").await, ["A", "B", "C"]);
    assert_eq!(claimed(&s.claim("p", 1, &["default"], 2).await), ["A"]);
}

pub(super) async fn of_several_put_in_front_the_first_runs_first(s: Stage) {
    s.push([job("A"), job("B"), job("C"), job("D")], 0).await;
    s.hello("p", 0).await;
    let claims = s.claim("p", 3, &["default"], 0).await;
    s.settle_all(claims.iter().map(|claim| settlement(claim, front("default"))).collect(), 1).await;
    assert_eq!(s.queued("default").await, ["A", "B", "C", "D"]);
}

pub(super) async fn what_is_put_in_front_later_runs_before(s: Stage) {
    s.push([job("A"), job("B"), job("C")], 0).await;
    s.hello("p", 0).await;
    let claims = s.claim("p", 2, &["default"], 0).await;
    s.settle(&claims[0], front("default"), 1).await;
    s.settle(&claims[1], front("default"), 2).await;
    assert_eq!(s.queued("default").await, ["B", "A", "C"]);
}

pub(super) async fn a_job_may_go_to_another_queue(s: Stage) {
    s.push([job("A"), job("B").queue("low")], 0).await;
    let claim = s.claim_one("p", 0).await;
    s.settle(&claim, back("low"), 1).await;
    assert_eq!(s.queued("low").await, ["B", "A"]);
    assert_eq!(s.find("A").await.expect("it is there").queue, queue("low"));
}

pub(super) async fn a_snoozed_job_is_scheduled(s: Stage) {
    s.push([job("A")], 0).await;
    let claim = s.claim_one("p", 0).await;
    s.settle(&claim, Place::Scheduled { at: at(70) }, 1).await;
    let row = s.find("A").await.expect("it is there");
    assert_eq!((row.state, row.at, row.incarnation), (State::Scheduled, Some(at(70)), None));
}

pub(super) async fn a_failed_job_waits_in_the_retries(s: Stage) {
    s.push([job("A")], 0).await;
    let claim = s.claim_one("p", 0).await;
    s.settle(&claim, Place::Retries { at: at(70) }, 1).await;
    let row = s.find("A").await.expect("it is there");
    assert_eq!((row.state, row.at), (State::Retries, Some(at(70))));
    assert_eq!(s.names(Set::Retries).await, ["A"]);
}

pub(super) async fn a_dead_job_is_kept_with_the_time_of_its_death(s: Stage) {
    s.push([job("A")], 0).await;
    let claim = s.claim_one("p", 0).await;
    s.settle(&claim, Place::Dead, 33).await;
    let row = s.find("A").await.expect("it is there");
    assert_eq!((row.state, row.at), (State::Dead, Some(at(33))));
}

pub(super) async fn a_held_job_keeps_the_reason(s: Stage) {
    s.push([job("A")], 0).await;
    let claim = s.claim_one("p", 0).await;
    s.settle(&claim, held(), 3).await;
    let row = s.find("A").await.expect("it is there");
    assert_eq!((row.state, row.at, row.held.as_deref()), (State::Held, Some(at(3)), Some("class is paused")));
}

pub(super) async fn a_settlement_may_change_the_payload(s: Stage) {
    s.push([job("A")], 0).await;
    let claim = s.claim_one("p", 0).await;
    let mut members = claim.payload.members().expect("it can be read");
    members.set("retry_count", &3);
    members.set("error_message", "x");
    let changed = members.to_payload();
    let mut settlement = settlement(&claim, Place::Retries { at: at(9) });
    settlement.transition.payload = Some(changed.clone());
    s.settle_all(vec![settlement], 1).await;
    assert_eq!(essence(&s.find("A").await.expect("it is there").payload), essence(&changed));
}

pub(super) async fn without_a_new_payload_the_bytes_stay(s: Stage) {
    s.push([job("A").args("[1.0,[]]")], 0).await;
    let claim = s.claim_one("p", 0).await;
    s.settle(&claim, Place::Dead, 1).await;
    assert_eq!(s.find("A").await.expect("it is there").payload, claim.payload);
}

pub(super) async fn unreadable_bytes_are_buried_as_they_are(s: Stage) {
    let bytes = b"\xff\x00[";
    s.push([unreadable("A", bytes)], 0).await;
    let claim = s.claim_one("p", 0).await;
    s.settle(&claim, Place::Dead, 1).await;
    assert_eq!(s.rows(Set::Dead).await[0].payload.as_bytes(), bytes);
}

pub(super) async fn what_is_counted_is_counted_once(s: Stage) {
    s.push([job("A"), job("B")], 0).await;
    s.hello("p", 0).await;
    let claims = s.claim("p", 2, &["default"], 0).await;
    let mut failed = settlement(&claims[1], Place::Retries { at: at(9) });
    failed.transition.tally = Tally { processed: 1, failed: 1 };
    s.settle_all(vec![performed(&claims[0]), failed], 1).await;
    let stats = s.stats(1).await;
    assert_eq!((stats.processed, stats.failed, stats.retries), (2, 1, 1));
}

pub(super) async fn what_was_settled_is_not_counted_again(s: Stage) {
    s.push([job("A")], 0).await;
    let claim = s.claim_one("p", 0).await;
    assert_eq!(s.done(&claim, 1).await, SettleAnswer::Settled);
    assert_eq!(s.done(&claim, 2).await, SettleAnswer::AlreadySettled);
    assert_eq!(s.stats(2).await.processed, 1);
    let days = s.inspect.history(1, at(2)).await.expect("history");
    assert_eq!(days[0].processed, 1);
}

pub(super) async fn a_repeated_settlement_changes_nothing(s: Stage) {
    s.push([job("A")], 0).await;
    let claim = s.claim_one("p", 0).await;
    let mut settlement = performed(&claim);
    settlement.then = vec![job("B").build()];
    assert_eq!(s.settle_all(vec![settlement.clone()], 1).await, [SettleAnswer::Settled]);
    assert_eq!(s.settle_all(vec![settlement], 2).await, [SettleAnswer::AlreadySettled]);
    assert_eq!(s.stats(2).await.processed, 1);
    assert_eq!(s.queued("default").await, ["B"]);
}

pub(super) async fn an_old_receipt_does_not_settle_a_newer_claim(s: Stage) {
    s.push([job("A")], 0).await;
    let old = s.claim_one("p", 0).await;
    s.settle(&old, front("default"), 1).await;
    let new = s.claim_one("p", 2).await;
    assert_eq!(s.done(&old, 3).await, SettleAnswer::AlreadySettled);
    assert_eq!(s.state("A").await, Some(State::Busy));
    assert_eq!(s.done(&new, 4).await, SettleAnswer::Settled);
}

pub(super) async fn a_receipt_of_another_process_settles_nothing(s: Stage) {
    s.push([job("A")], 0).await;
    let claim = s.claim_one("p", 0).await;
    s.hello("q", 0).await;
    let mut settlement = performed(&claim);
    let (number, locator) = (claim.receipt.number(), claim.receipt.locator());
    settlement.receipt = Receipt::mint(sancho_core::Incarnation::new("q"), number, locator);
    assert_eq!(s.settle_all(vec![settlement], 1).await, [SettleAnswer::Lost]);
    assert_eq!((s.state("A").await, s.stats(1).await.processed), (Some(State::Busy), 0));
}

pub(super) async fn follow_ups_are_pushed_with_their_settlement(s: Stage) {
    s.push([job("A")], 0).await;
    let claim = s.claim_one("p", 0).await;
    let mut settlement = performed(&claim);
    settlement.then = vec![job("B").build(), job("C").build(), job("D").at(at(9)).build()];
    s.settle_all(vec![settlement], 1).await;
    assert_eq!(s.queued("default").await, ["B", "C"]);
    assert_eq!(s.names(Set::Scheduled).await, ["D"]);
}

pub(super) async fn follow_ups_obey_keys(s: Stage) {
    s.push([job("A")], 0).await;
    let claim = s.claim_one("p", 0).await;
    assert_eq!(s.push([job("K").key("k")], 0).await, [Pushed::Added]);
    let mut settlement = performed(&claim);
    settlement.then = vec![job("B").key("k").build(), job("C").build()];
    assert_eq!(s.settle_all(vec![settlement], 1).await, [SettleAnswer::Settled]);
    assert_eq!(s.queued("default").await, ["K", "C"]);
    assert_eq!(s.holder("k").await.as_deref(), Some("K"));
}

pub(super) async fn answers_are_in_the_order_of_the_settlements(s: Stage) {
    s.push([job("A"), job("B")], 0).await;
    s.hello("p", 0).await;
    let claims = s.claim("p", 2, &["default"], 0).await;
    s.done(&claims[0], 1).await;
    s.hello("q", 0).await;
    let mut strange = performed(&claims[1]);
    strange.receipt = Receipt::mint(sancho_core::Incarnation::new("nobody"), 1, claims[1].receipt.locator());
    let answers = s.settle_all(vec![performed(&claims[0]), strange, performed(&claims[1])], 2).await;
    assert_eq!(answers, [SettleAnswer::AlreadySettled, SettleAnswer::Lost, SettleAnswer::Settled]);
}

pub(super) async fn a_settled_job_can_be_claimed_again(s: Stage) {
    s.push([job("A")], 0).await;
    let first = s.claim_one("p", 0).await;
    s.settle(&first, back("default"), 1).await;
    let second = s.claim_one("q", 2).await;
    assert_eq!(claimed(&[second]), ["A"]);
    assert_eq!(s.find("A").await.expect("it runs").jid, jid_of("A"));
}
