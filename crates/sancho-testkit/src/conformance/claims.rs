//! Facts of claiming.

use sancho_core::claim::{Fill, Repeated};
use sancho_core::{ErrorKind, Incarnation, Pausable, Payload, Place, Set, SettleAnswer, Source, Standing, State};

use crate::factory::{job, queue, unreadable};
use crate::stage::{Stage, at, claimed, performed, request, settlement};

fn quota(name: &str, quota: usize) -> Source {
    Source { queue: queue(name), quota }
}

async fn two_queues(s: &Stage) {
    s.push([job("H1").queue("high"), job("H2").queue("high"), job("H3").queue("high")], 0).await;
    s.push([job("L1").queue("low"), job("L2").queue("low"), job("L3").queue("low")], 0).await;
    s.hello("p", 0).await;
}

pub(super) async fn a_queue_is_claimed_from_its_front(s: Stage) {
    s.push([job("A"), job("B"), job("C")], 0).await;
    s.hello("p", 0).await;
    assert_eq!(claimed(&s.claim("p", 2, &["default"], 1).await), ["A", "B"]);
    assert_eq!(s.queued("default").await, ["C"]);
}

pub(super) async fn a_job_is_claimed_by_one(s: Stage) {
    s.push([job("A")], 0).await;
    s.hello("p", 0).await;
    s.hello("q", 0).await;
    assert_eq!(s.claim("p", 5, &["default"], 1).await.len(), 1);
    assert!(s.claim("q", 5, &["default"], 1).await.is_empty());
}

pub(super) async fn a_claimed_job_is_busy_in_one_process(s: Stage) {
    s.push([job("A")], 0).await;
    s.claim_one("p", 3).await;
    let row = s.find("A").await.expect("it is there");
    assert_eq!((row.state, row.at), (State::Busy, Some(at(3))));
    assert_eq!(row.incarnation, Some(Incarnation::new("p")));
    assert_eq!((s.stats(3).await.busy, s.stats(3).await.enqueued), (1, 0));
}

pub(super) async fn a_claim_names_the_queue_it_came_from(s: Stage) {
    two_queues(&s).await;
    let claims = s.claim("p", 6, &["low", "high"], 1).await;
    let queues: Vec<_> = claims.iter().map(|claim| claim.queue.as_str().to_owned()).collect();
    assert_eq!(queues, ["low", "low", "low", "high", "high", "high"]);
}

pub(super) async fn sources_are_served_in_order(s: Stage) {
    two_queues(&s).await;
    assert_eq!(claimed(&s.claim("p", 4, &["high", "low"], 1).await), ["H1", "H2", "H3", "L1"]);
}

pub(super) async fn no_more_than_the_limit_is_claimed(s: Stage) {
    two_queues(&s).await;
    let mut request = request("p", 1, 2, &[]);
    request.sources = vec![quota("high", 3), quota("low", 3)];
    assert_eq!(claimed(&s.exchange(&[], Some(&request), 1).await.claims), ["H1", "H2"]);
}

pub(super) async fn quotas_come_before_the_filling(s: Stage) {
    two_queues(&s).await;
    let mut request = request("p", 1, 4, &[]);
    request.sources = vec![quota("high", 1), quota("low", 2)];
    assert_eq!(claimed(&s.exchange(&[], Some(&request), 1).await.claims), ["H1", "L1", "L2", "H2"]);
}

pub(super) async fn a_quota_is_no_more_than_a_quota(s: Stage) {
    two_queues(&s).await;
    let mut request = request("p", 1, 6, &[]);
    request.sources = vec![quota("high", 1), quota("low", 2)];
    request.fill = Fill::No;
    assert_eq!(claimed(&s.exchange(&[], Some(&request), 1).await.claims), ["H1", "L1", "L2"]);
}

pub(super) async fn without_filling_a_zero_quota_gives_nothing(s: Stage) {
    two_queues(&s).await;
    let mut request = request("p", 1, 6, &["high", "low"]);
    request.fill = Fill::No;
    assert!(s.exchange(&[], Some(&request), 1).await.claims.is_empty());
}

pub(super) async fn room_that_a_short_queue_leaves_is_filled_from_the_next(s: Stage) {
    two_queues(&s).await;
    let mut request = request("p", 1, 5, &[]);
    request.sources = vec![quota("empty", 2), quota("high", 1), quota("low", 1)];
    assert_eq!(claimed(&s.exchange(&[], Some(&request), 1).await.claims), ["H1", "L1", "H2", "H3", "L2"]);
}

pub(super) async fn a_queue_nobody_pushed_to_gives_nothing(s: Stage) {
    s.hello("p", 0).await;
    let exchanged = s.exchange(&[], Some(&request("p", 1, 5, &["nowhere"])), 0).await;
    assert!(exchanged.claims.is_empty());
    assert_eq!(exchanged.standing, Standing::Good);
}

pub(super) async fn a_paused_queue_is_not_served(s: Stage) {
    two_queues(&s).await;
    s.inspect.pause(&Pausable::Queue(queue("high")), at(1)).await.expect("pause");
    let mut request = request("p", 1, 4, &[]);
    request.sources = vec![quota("high", 2), quota("low", 1)];
    assert_eq!(claimed(&s.exchange(&[], Some(&request), 1).await.claims), ["L1", "L2", "L3"]);
    assert_eq!(s.queued("high").await, ["H1", "H2", "H3"]);
}

pub(super) async fn a_resumed_queue_is_served_again(s: Stage) {
    s.push([job("A")], 0).await;
    s.hello("p", 0).await;
    s.inspect.pause(&Pausable::Queue(queue("default")), at(1)).await.expect("pause");
    assert!(s.claim("p", 1, &["default"], 1).await.is_empty());
    s.inspect.resume(&Pausable::Queue(queue("default")), at(2)).await.expect("resume");
    assert_eq!(claimed(&s.claim("p", 1, &["default"], 2).await), ["A"]);
}

pub(super) async fn unreadable_bytes_are_handed_out_as_they_are(s: Stage) {
    let bytes = b"\x00\xff{not json";
    s.push([unreadable("A", bytes), job("B")], 0).await;
    s.hello("p", 0).await;
    let claims = s.claim("p", 2, &["default"], 1).await;
    assert_eq!(claims[0].payload, Payload::from_bytes(&bytes[..]));
    assert_eq!(claims[1].payload.envelope().expect("it can be read").class(), "B");
}

pub(super) async fn an_unknown_incarnation_claims_nothing(s: Stage) {
    s.push([job("A")], 0).await;
    let exchanged = s.exchange(&[], Some(&request("stranger", 1, 5, &["default"])), 0).await;
    assert!(exchanged.claims.is_empty());
    assert_eq!(exchanged.standing, Standing::Lost);
    assert_eq!(s.queued("default").await, ["A"]);
}

pub(super) async fn standing_is_good_where_no_claim_is_asked_for(s: Stage) {
    assert_eq!(s.exchange(&[], None, 0).await.standing, Standing::Good);
}

pub(super) async fn claims_are_numbered_from_the_first_number(s: Stage) {
    s.push([job("A"), job("B"), job("C")], 0).await;
    s.hello("p", 0).await;
    let claims = s.exchange(&[], Some(&request("p", 40, 5, &["default"])), 1).await.claims;
    let numbers: Vec<u64> = claims.iter().map(|claim| claim.receipt.number()).collect();
    assert_eq!(numbers, [40, 41, 42]);
    assert!(claims.iter().all(|claim| *claim.receipt.incarnation() == Incarnation::new("p")));
}

pub(super) async fn a_repeated_claim_answers_with_the_same_claims(s: Stage) {
    s.push([job("A"), job("B"), job("C")], 0).await;
    s.hello("p", 0).await;
    let mut request = request("p", 1, 2, &["default"]);
    let first = s.exchange(&[], Some(&request), 1).await.claims;
    request.repeated = Repeated::Yes;
    let second = s.exchange(&[], Some(&request), 2).await.claims;
    assert_eq!(claimed(&second), ["A", "B"]);
    let receipts = |claims: &[sancho_core::Claim]| claims.iter().map(|c| c.receipt.number()).collect::<Vec<_>>();
    assert_eq!(receipts(&second), receipts(&first));
    assert_eq!(s.queued("default").await, ["C"]);
}

pub(super) async fn a_repeated_claim_claims_if_the_first_did_not(s: Stage) {
    s.push([job("A"), job("B")], 0).await;
    s.hello("p", 0).await;
    let mut request = request("p", 1, 5, &["default"]);
    request.repeated = Repeated::Yes;
    assert_eq!(claimed(&s.exchange(&[], Some(&request), 1).await.claims), ["A", "B"]);
}

pub(super) async fn a_repeated_claim_leaves_out_what_is_settled(s: Stage) {
    s.push([job("A"), job("B"), job("C")], 0).await;
    s.hello("p", 0).await;
    let mut request = request("p", 1, 2, &["default"]);
    let claims = s.exchange(&[], Some(&request), 1).await.claims;
    s.done(&claims[0], 2).await;
    request.repeated = Repeated::Yes;
    assert_eq!(claimed(&s.exchange(&[], Some(&request), 3).await.claims), ["B"]);
}

pub(super) async fn one_call_settles_and_claims(s: Stage) {
    s.push([job("A"), job("B")], 0).await;
    let claim = s.claim_one("p", 0).await;
    let request = request("p", s.numbers(5), 5, &["default"]);
    let exchanged = s.exchange(&[performed(&claim)], Some(&request), 1).await;
    assert_eq!(claimed(&exchanged.claims), ["B"]);
    assert_eq!((s.stats(1).await.processed, s.state("A").await), (1, None));
}

/// A job of `p` that is sent on beside a claim: such an exchange is another way through a store.
async fn beside_a_failed_job(s: &Stage, request: &sancho_core::ClaimRequest) -> sancho_core::Exchanged {
    s.push([job("F").queue("first")], 0).await;
    let failed = s.claim("p", 1, &["first"], 0).await.remove(0);
    s.exchange(&[settlement(&failed, Place::Retries { at: at(70) })], Some(request), 1).await
}

pub(super) async fn a_claim_beside_a_job_sent_on_takes_quotas_and_fills(s: Stage) {
    two_queues(&s).await;
    let mut request = request("p", 40, 4, &[]);
    request.sources = vec![quota("high", 1), quota("low", 2)];
    let exchanged = beside_a_failed_job(&s, &request).await;
    assert_eq!((exchanged.answers, exchanged.standing), (vec![SettleAnswer::Settled], Standing::Good));
    assert_eq!(claimed(&exchanged.claims), ["H1", "L1", "L2", "H2"]);
    let named: Vec<_> = exchanged.claims.iter().map(|one| (one.queue.as_str(), one.receipt.number())).collect();
    assert_eq!(named, [("high", 40), ("low", 41), ("low", 42), ("high", 43)]);
    let row = s.find("L1").await.expect("it runs");
    assert_eq!((row.state, row.incarnation, row.queue), (State::Busy, Some(Incarnation::new("p")), queue("low")));
    assert_eq!((s.queued("high").await, s.queued("low").await), (vec!["H3".to_owned()], vec!["L3".to_owned()]));
    let answers = s.settle_all(exchanged.claims.iter().map(performed).collect(), 2).await;
    assert_eq!(answers, [SettleAnswer::Settled; 4]);
    assert_eq!((s.stats(2).await.busy, s.state("F").await), (0, Some(State::Retries)));
}

pub(super) async fn a_claim_beside_a_job_sent_on_obeys_limit_and_pauses(s: Stage) {
    two_queues(&s).await;
    s.inspect.pause(&Pausable::Queue(queue("high")), at(1)).await.expect("pause");
    let mut request = request("p", 40, 2, &[]);
    request.sources = vec![quota("high", 2), quota("low", 1), quota("empty", 1)];
    request.fill = Fill::No;
    assert_eq!(claimed(&beside_a_failed_job(&s, &request).await.claims), ["L1"]);
    assert_eq!(s.queued("high").await, ["H1", "H2", "H3"]);
}

pub(super) async fn a_claim_beside_a_job_sent_on_is_repeated_as_any_other(s: Stage) {
    two_queues(&s).await;
    let mut request = request("p", 40, 2, &["low"]);
    beside_a_failed_job(&s, &request).await;
    request.repeated = Repeated::Yes;
    assert_eq!(claimed(&s.exchange(&[], Some(&request), 2).await.claims), ["L1", "L2"]);
    assert_eq!(s.queued("low").await, ["L3"]);
}

pub(super) async fn a_claim_number_is_given_once(s: Stage) {
    two_queues(&s).await;
    let request = request("p", 40, 2, &["low"]);
    s.exchange(&[], Some(&request), 1).await;
    let refused = s.store.exchange(&[], Some(&request), at(2)).await.expect_err("the numbers are taken");
    assert_eq!(refused.kind, ErrorKind::Invalid);
    assert_eq!(s.queued("low").await, ["L3"]);
}

pub(super) async fn what_the_store_knows_of_enqueued_at_is_right(s: Stage) {
    s.push([job("A")], 4).await;
    let claim = s.claim_one("p", 9).await;
    let in_payload = claim.payload.envelope().expect("it can be read").enqueued_at();
    assert!([Some(at(4)), Some(at(0))].contains(&claim.enqueued_at.or(in_payload)), "{:?}", claim.enqueued_at);
    assert!(claim.enqueued_at.is_none_or(|time| time == at(4)));
}

pub(super) async fn busy_jobs_are_listed_by_start(s: Stage) {
    s.push([job("A"), job("B"), job("C")], 0).await;
    s.hello("p", 0).await;
    for now in 1..=3 {
        s.claim("p", 1, &["default"], now).await;
    }
    assert_eq!(s.names(Set::Busy).await, ["A", "B", "C"]);
}
