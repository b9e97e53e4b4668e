//! Facts of taking over, and of what the one who was taken over from can still do.

use sancho_core::{Checkpoint, Claim, Incarnation, Kept, SettleAnswer, Standing, State};

use crate::factory::job;
use crate::stage::{Stage, at, claimed, front, performed, request, settlement};

/// Jobs in the hands of `p`, whose lease has ended at second 60, and a living `q`.
async fn dead_p(s: &Stage, names: &[&str]) -> Vec<Claim> {
    s.push(names.iter().map(|name| job(name)), 0).await;
    s.hello("p", 0).await;
    let claims = s.claim("p", names.len(), &["default"], 0).await;
    s.hello("q", 60).await;
    claims
}

pub(super) async fn claims_of_the_dead_are_taken_over(s: Stage) {
    dead_p(&s, &["A", "B"]).await;
    let taken = s.take_over("q", 5, 60).await;
    let mut names = claimed(&taken.claims);
    names.sort();
    assert_eq!(names, ["A", "B"]);
    assert_eq!(taken.ended, [Incarnation::new("p")]);
    assert_eq!(s.find("A").await.expect("it runs").incarnation, Some(Incarnation::new("q")));
}

pub(super) async fn claims_of_the_living_stay_theirs(s: Stage) {
    let claims = dead_p(&s, &["A"]).await;
    s.still_here("p", &[&claims[0]], 60).await;
    let taken = s.take_over("q", 5, 61).await;
    assert!(taken.claims.is_empty() && taken.ended.is_empty());
    assert_eq!(s.done(&claims[0], 62).await, SettleAnswer::Settled);
}

pub(super) async fn a_lease_holds_until_its_end(s: Stage) {
    s.push([job("A")], 0).await;
    s.claim_one("p", 0).await;
    s.hello("q", 0).await;
    assert!(s.take_over("q", 5, 19).await.claims.is_empty());
    s.hello("q", 19).await;
    assert_eq!(s.take_over("q", 5, 21).await.claims.len(), 1);
}

pub(super) async fn a_take_over_takes_no_more_than_its_limit(s: Stage) {
    dead_p(&s, &["A", "B", "C"]).await;
    let first = s.take_over("q", 2, 60).await;
    assert_eq!(first.claims.len(), 2);
    let rest = s.take_over("q", 2, 60).await;
    assert_eq!((rest.claims.len(), rest.ended.len()), (1, 0));
    let mut names = claimed(&[first.claims, rest.claims].concat());
    names.sort();
    assert_eq!(names, ["A", "B", "C"]);
}

pub(super) async fn claims_taken_over_are_numbered_from_the_first_number(s: Stage) {
    dead_p(&s, &["A", "B"]).await;
    let taken = s.store.take_over(&Incarnation::new("q"), 70, 5, at(60)).await.expect("take_over");
    let numbers: Vec<u64> = taken.claims.iter().map(|claim| claim.receipt.number()).collect();
    assert_eq!(numbers, [70, 71]);
    assert!(taken.claims.iter().all(|claim| *claim.receipt.incarnation() == Incarnation::new("q")));
}

pub(super) async fn an_unknown_process_takes_nothing_over(s: Stage) {
    let claims = dead_p(&s, &["A"]).await;
    let taken = s.take_over("stranger", 5, 60).await;
    assert!(taken.claims.is_empty() && taken.ended.is_empty());
    assert_eq!(s.done(&claims[0], 60).await, SettleAnswer::Settled);
}

pub(super) async fn a_late_settlement_is_refused(s: Stage) {
    let claims = dead_p(&s, &["A"]).await;
    s.take_over("q", 5, 60).await;
    let mut late = performed(&claims[0]);
    late.then = vec![job("B").build()];
    assert_eq!(s.settle_all(vec![late], 61).await, [SettleAnswer::Lost]);
    assert_eq!((s.state("A").await, s.state("B").await), (Some(State::Busy), None));
    assert_eq!(s.stats(61).await.processed, 0);
}

pub(super) async fn a_late_settlement_is_refused_though_others_are_done_with_the_job(s: Stage) {
    let claims = dead_p(&s, &["A"]).await;
    let taken = s.take_over("q", 5, 60).await.claims;
    s.settle(&taken[0], front("default"), 61).await;
    assert_eq!(s.done(&claims[0], 62).await, SettleAnswer::Lost);
    assert_eq!(s.queued("default").await, ["A"]);
}

pub(super) async fn a_settlement_is_good_until_somebody_takes_over(s: Stage) {
    let claims = dead_p(&s, &["A"]).await;
    assert_eq!(s.done(&claims[0], 100).await, SettleAnswer::Settled);
    assert!(s.take_over("q", 5, 100).await.claims.is_empty());
}

pub(super) async fn an_incarnation_taken_over_from_is_unknown(s: Stage) {
    let claims = dead_p(&s, &["A"]).await;
    s.take_over("q", 5, 60).await;
    let answer = s.still_here("p", &[&claims[0]], 61).await;
    assert_eq!((answer.standing, answer.lost), (Standing::Lost, vec![claims[0].receipt.clone()]));
    s.push([job("B")], 61).await;
    let exchanged = s.exchange(&[], Some(&request("p", 500, 5, &["default"])), 61).await;
    assert_eq!((exchanged.standing, exchanged.claims.len()), (Standing::Lost, 0));
}

pub(super) async fn an_incarnation_without_claims_ends_too(s: Stage) {
    s.hello("p", 0).await;
    s.hello("q", 60).await;
    assert_eq!(s.take_over("q", 5, 60).await.ended, [Incarnation::new("p")]);
    assert_eq!(s.still_here("p", &[], 61).await.standing, Standing::Lost);
}

pub(super) async fn a_job_taken_over_is_settled_by_its_new_receipt(s: Stage) {
    dead_p(&s, &["A"]).await;
    let taken = s.take_over("q", 5, 60).await.claims;
    assert_eq!(s.settle(&taken[0], front("default"), 61).await, SettleAnswer::Settled);
    assert_eq!(s.queued("default").await, ["A"]);
    assert!(s.take_over("q", 5, 62).await.claims.is_empty());
}

pub(super) async fn claims_of_the_retired_are_taken_over_at_once(s: Stage) {
    s.push([job("A")], 0).await;
    let claim = s.claim_one("p", 0).await;
    s.hello("q", 0).await;
    s.store.retire(&Incarnation::new("p"), at(1)).await.expect("retire");
    assert_eq!(s.done(&claim, 1).await, SettleAnswer::Lost);
    assert_eq!(claimed(&s.take_over("q", 5, 1).await.claims), ["A"]);
}

pub(super) async fn a_checkpoint_is_taken_over_with_its_job(s: Stage) {
    let claims = dead_p(&s, &["A"]).await;
    let checkpoint = Checkpoint { receipt: claims[0].receipt.clone(), bytes: b"half"[..].into() };
    assert_eq!(s.store.checkpoint(std::slice::from_ref(&checkpoint), at(1)).await.expect("checkpoint"), [Kept::Kept]);
    let taken = s.take_over("q", 5, 60).await.claims;
    assert_eq!(taken[0].checkpoint.as_deref(), Some(&b"half"[..]));
    assert_eq!(s.store.checkpoint(&[checkpoint], at(61)).await.expect("checkpoint"), [Kept::Lost]);
}

pub(super) async fn a_job_taken_over_can_be_taken_over_again(s: Stage) {
    dead_p(&s, &["A"]).await;
    s.take_over("q", 5, 60).await;
    s.hello("r", 120).await;
    let taken = s.take_over("r", 5, 120).await;
    assert_eq!((claimed(&taken.claims), taken.ended), (vec!["A".to_owned()], vec![Incarnation::new("q")]));
}

pub(super) async fn a_take_over_names_the_queue_and_the_bytes(s: Stage) {
    s.push([job("A").queue("low").args("[1.0]")], 0).await;
    s.hello("p", 0).await;
    let claim = s.claim("p", 1, &["low"], 0).await.remove(0);
    s.hello("q", 60).await;
    let taken = s.take_over("q", 5, 60).await.claims.remove(0);
    assert_eq!((taken.queue, taken.payload), (claim.queue, claim.payload));
}

pub(super) async fn a_take_over_repeated_answers_with_the_same_claims(s: Stage) {
    dead_p(&s, &["A", "B", "C"]).await;
    let by = Incarnation::new("q");
    let first = s.store.take_over(&by, 70, 2, at(60)).await.expect("take_over");
    let again = s.store.take_over(&by, 70, 2, at(61)).await.expect("take_over");
    assert_eq!(claimed(&again.claims), claimed(&first.claims));
    let receipts = |claims: &[Claim]| claims.iter().map(|claim| claim.receipt.clone()).collect::<Vec<_>>();
    assert_eq!(receipts(&again.claims), receipts(&first.claims));
    assert_eq!(s.store.take_over(&by, 72, 2, at(62)).await.expect("take_over").claims.len(), 1);
}

pub(super) async fn who_takes_over_does_not_end_itself(s: Stage) {
    s.push([job("A")], 0).await;
    let claim = s.claim_one("p", 0).await;
    let taken = s.take_over("p", 5, 60).await;
    assert!(taken.claims.is_empty() && taken.ended.is_empty());
    assert_eq!(s.done(&claim, 61).await, SettleAnswer::Settled);
}

pub(super) async fn late_settlements_are_refused_beside_those_that_hold(s: Stage) {
    let late = dead_p(&s, &["A", "B"]).await;
    let taken = s.take_over("q", 1, 60).await.claims;
    let all = vec![performed(&late[0]), performed(&late[1]), settlement(&taken[0], front("default"))];
    assert_eq!(s.settle_all(all, 61).await, [SettleAnswer::Lost, SettleAnswer::Lost, SettleAnswer::Settled]);
    assert_eq!((s.queued("default").await, s.stats(61).await.processed), (claimed(&taken), 0));
}
