//! Facts of processes: beats, orders, checkpoints, goodbyes.

use sancho_core::process::Quiet;
use sancho_core::{
    Checkpoint, Claim, ErrorKind, Greeting, Incarnation, Kept, Order, Pausable, SettleAnswer, Standing, State, limits,
};

use crate::factory::{jid_of, job, queue};
use crate::stage::{Stage, at, beat, capsule, front};

async fn identities(s: &Stage, now: i64) -> Vec<String> {
    let rows = s.inspect.processes(at(now)).await.expect("processes");
    rows.into_iter().map(|row| row.info.incarnation.as_str().to_owned()).collect()
}

async fn order(s: &Stage, who: &str, order: Order, now: i64) {
    s.inspect.order(&Incarnation::new(who), &order, at(now)).await.expect("order");
}

fn tune(slots: Option<usize>, queues: Option<&[&str]>) -> Order {
    let queues = queues.map(|queues| queues.iter().map(|queue| (*queue).to_owned()).collect());
    Order::Tune { capsule: "default".to_owned(), slots, queues }
}

async fn keep(s: &Stage, claim: &Claim, bytes: &[u8]) -> Kept {
    let checkpoint = Checkpoint { receipt: claim.receipt.clone(), bytes: bytes.into() };
    s.store.checkpoint(&[checkpoint], at(1)).await.expect("checkpoint")[0]
}

pub(super) async fn hello_makes_a_process_known(s: Stage) {
    let answer = s.hello("p", 0).await;
    assert_eq!((answer.standing, answer.lost.len(), answer.orders.len()), (Standing::Good, 0, 0));
    assert_eq!(identities(&s, 0).await, ["p"]);
    assert_eq!(s.stats(0).await.processes, 1);
}

pub(super) async fn a_later_beat_of_an_unknown_process_is_lost(s: Stage) {
    assert_eq!(s.still_here("p", &[], 0).await.standing, Standing::Lost);
    assert!(identities(&s, 0).await.is_empty());
    s.push([job("A")], 0).await;
    assert!(s.claim("p", 1, &["default"], 0).await.is_empty());
}

pub(super) async fn a_beat_extends_the_lease(s: Stage) {
    s.hello("p", 0).await;
    assert_eq!(s.still_here("p", &[], 15).await.standing, Standing::Good);
    assert_eq!(identities(&s, 30).await, ["p"]);
    assert!(identities(&s, 60).await.is_empty());
    assert_eq!(s.stats(60).await.processes, 0);
}

pub(super) async fn processes_are_sorted_by_identity(s: Stage) {
    for who in ["c", "a", "b"] {
        s.hello(who, 0).await;
    }
    assert_eq!(identities(&s, 1).await, ["a", "b", "c"]);
}

pub(super) async fn a_process_is_shown_as_of_its_last_beat(s: Stage) {
    s.hello("p", 0).await;
    let mut quiet = beat("p", Greeting::StillHere);
    quiet.quiet = Quiet::Yes;
    quiet.rss_bytes = 4711;
    s.store.beat(&quiet, at(5)).await.expect("beat");
    let row = s.inspect.processes(at(6)).await.expect("processes").remove(0);
    assert_eq!((row.quiet, row.rss_bytes, row.beat_at, row.busy), (Quiet::Yes, 4711, at(5), 0));
    assert_eq!(row.info, quiet.process);
    assert_eq!(row.round_trip, quiet.round_trip);
}

pub(super) async fn a_process_that_was_tuned_is_shown_as_it_is_now(s: Stage) {
    s.hello("p", 0).await;
    let mut tuned = beat("p", Greeting::StillHere);
    tuned.process.slots = 9;
    tuned.process.queues = vec![queue("critical"), queue("low")];
    tuned.process.capsules = vec![
        capsule("default", 8, "mixed", &["low,2", "critical,6", "tenant:*", "!tenant:slow"]),
        capsule("a", 1, "strict", &[]),
    ];
    s.store.beat(&tuned, at(5)).await.expect("beat");
    let row = s.inspect.processes(at(6)).await.expect("processes").remove(0);
    assert_eq!(row.info, tuned.process);
}

pub(super) async fn a_second_hello_is_harmless(s: Stage) {
    s.push([job("A")], 0).await;
    let claim = s.claim_one("p", 0).await;
    assert_eq!(s.hello("p", 1).await.standing, Standing::Good);
    assert_eq!(s.done(&claim, 2).await, SettleAnswer::Settled);
}

pub(super) async fn a_beat_tells_which_claims_are_no_longer_held(s: Stage) {
    s.push([job("A"), job("B")], 0).await;
    s.hello("p", 0).await;
    let claims = s.claim("p", 2, &["default"], 0).await;
    s.settle(&claims[0], front("default"), 1).await;
    let answer = s.still_here("p", &[&claims[0], &claims[1]], 2).await;
    assert_eq!(answer.lost, [claims[0].receipt.clone()]);
    assert_eq!(answer.standing, Standing::Good);
}

pub(super) async fn orders_are_heard_once_and_in_order(s: Stage) {
    s.hello("p", 0).await;
    let given = [
        Order::Quiet,
        Order::Cancel(jid_of("A")),
        tune(Some(3), Some(&["critical,6", "tenant:*", "!tenant:slow", "with a \"space"])),
        tune(None, None),
        Order::Dump,
        Order::Stop,
    ];
    for one in &given {
        order(&s, "p", one.clone(), 1).await;
    }
    assert_eq!(s.still_here("p", &[], 2).await.orders, given);
    assert!(s.still_here("p", &[], 3).await.orders.is_empty());
}

pub(super) async fn an_order_is_heard_by_its_process_only(s: Stage) {
    s.hello("p", 0).await;
    s.hello("q", 0).await;
    order(&s, "p", Order::Stop, 1).await;
    assert!(s.still_here("q", &[], 2).await.orders.is_empty());
    assert_eq!(s.still_here("p", &[], 2).await.orders, [Order::Stop]);
}

pub(super) async fn an_order_that_is_too_long_is_not_left(s: Stage) {
    s.hello("p", 0).await;
    let long = "q".repeat(limits::ORDER_BYTES_MAX);
    let error =
        s.inspect.order(&Incarnation::new("p"), &tune(None, Some(&[&long])), at(1)).await.expect_err("too long");
    assert_eq!(error.kind, ErrorKind::Invalid);
    assert!(s.still_here("p", &[], 2).await.orders.is_empty());
}

pub(super) async fn an_order_for_nobody_is_not_found(s: Stage) {
    let error = s.inspect.order(&Incarnation::new("p"), &Order::Stop, at(0)).await.expect_err("nobody is there");
    assert_eq!(error.kind, ErrorKind::NotFound);
}

pub(super) async fn an_order_for_the_dead_is_not_found(s: Stage) {
    s.hello("p", 0).await;
    let error = s.inspect.order(&Incarnation::new("p"), &Order::Stop, at(60)).await.expect_err("it is dead");
    assert_eq!(error.kind, ErrorKind::NotFound);
}

pub(super) async fn a_beat_tells_which_classes_are_paused(s: Stage) {
    s.hello("p", 0).await;
    let class = Pausable::Class("Mailer".to_owned());
    s.inspect.pause(&class, at(1)).await.expect("pause");
    s.inspect.pause(&class, at(1)).await.expect("pause twice");
    assert_eq!(s.still_here("p", &[], 2).await.paused_classes, ["Mailer"]);
    s.inspect.resume(&class, at(3)).await.expect("resume");
    assert!(s.still_here("p", &[], 4).await.paused_classes.is_empty());
}

pub(super) async fn a_retired_process_is_unknown(s: Stage) {
    s.push([job("A")], 0).await;
    s.hello("p", 0).await;
    s.store.retire(&Incarnation::new("p"), at(1)).await.expect("retire");
    assert!(identities(&s, 1).await.is_empty());
    assert_eq!(s.still_here("p", &[], 2).await.standing, Standing::Lost);
    assert!(s.claim("p", 1, &["default"], 2).await.is_empty());
}

pub(super) async fn a_checkpoint_is_given_to_the_next_run(s: Stage) {
    s.push([job("A")], 0).await;
    let first = s.claim_one("p", 0).await;
    assert_eq!(first.checkpoint, None);
    assert_eq!(keep(&s, &first, b"page 1").await, Kept::Kept);
    assert_eq!(keep(&s, &first, b"page \xff2").await, Kept::Kept);
    s.settle(&first, front("default"), 2).await;
    assert_eq!(s.claim_one("p", 3).await.checkpoint.as_deref(), Some(&b"page \xff2"[..]));
}

pub(super) async fn a_checkpoint_survives_a_retry(s: Stage) {
    s.push([job("A")], 0).await;
    let first = s.claim_one("p", 0).await;
    keep(&s, &first, b"7").await;
    s.settle(&first, sancho_core::Place::Retries { at: at(5) }, 2).await;
    s.promote(5).await;
    assert_eq!(s.claim_one("p", 6).await.checkpoint.as_deref(), Some(&b"7"[..]));
}

pub(super) async fn a_checkpoint_of_a_settled_claim_is_lost(s: Stage) {
    s.push([job("A")], 0).await;
    let first = s.claim_one("p", 0).await;
    s.settle(&first, front("default"), 1).await;
    assert_eq!(keep(&s, &first, b"late").await, Kept::Lost);
    let second = s.claim_one("p", 2).await;
    assert_eq!(second.checkpoint, None);
    assert_eq!(keep(&s, &first, b"late").await, Kept::Lost);
}

pub(super) async fn checkpoints_are_answered_in_order(s: Stage) {
    s.push([job("A"), job("B")], 0).await;
    s.hello("p", 0).await;
    let claims = s.claim("p", 2, &["default"], 0).await;
    s.done(&claims[0], 1).await;
    let both: Vec<Checkpoint> =
        claims.iter().map(|claim| Checkpoint { receipt: claim.receipt.clone(), bytes: b"x"[..].into() }).collect();
    assert_eq!(s.store.checkpoint(&both, at(1)).await.expect("checkpoint"), [Kept::Lost, Kept::Kept]);
}

pub(super) async fn a_beat_alone_moves_no_job(s: Stage) {
    s.push([job("A")], 0).await;
    let claim = s.claim_one("p", 0).await;
    s.still_here("p", &[], 5).await;
    assert_eq!(s.state("A").await, Some(State::Busy));
    assert_eq!(s.done(&claim, 6).await, SettleAnswer::Settled);
}
