//! Facts of keys: when one is taken, when it is free, and what a push does about it.

use sancho_core::lifecycle::Refusal;
use sancho_core::{Action, OnConflict, Place, Pushed, SettleAnswer, State};

use crate::factory::{jid_of, job};
use crate::stage::{Stage, at, front, held, performed};

/// A job `A` with key `k`, in a state.
async fn holder_in(s: &Stage, state: State) {
    s.push([job("A").key("k")], 0).await;
    let place = match state {
        State::Scheduled => Place::Scheduled { at: at(60) },
        State::Retries => Place::Retries { at: at(60) },
        State::Held => held(),
        State::Dead => Place::Dead,
        _ => front("default"),
    };
    if state != State::Enqueued {
        let claim = s.claim_one("p", 0).await;
        if state != State::Busy {
            s.settle(&claim, place, 0).await;
        }
    }
    assert_eq!(s.state("A").await, Some(state));
}

async fn keeps(s: Stage, state: State) {
    holder_in(&s, state).await;
    assert_eq!(s.push([job("B").key("k")], 1).await, [Pushed::Kept { holder: jid_of("A"), state }]);
    assert_eq!(s.state("B").await, None);
    assert_eq!(s.holder("k").await.as_deref(), Some("A"));
}

pub(super) async fn a_key_is_taken_while_its_job_is_enqueued(s: Stage) {
    keeps(s, State::Enqueued).await;
}

pub(super) async fn a_key_is_taken_while_its_job_is_busy(s: Stage) {
    keeps(s, State::Busy).await;
}

pub(super) async fn a_key_is_taken_while_its_job_is_scheduled(s: Stage) {
    keeps(s, State::Scheduled).await;
}

pub(super) async fn a_key_is_taken_while_its_job_retries(s: Stage) {
    keeps(s, State::Retries).await;
}

pub(super) async fn a_key_is_taken_while_its_job_is_held(s: Stage) {
    keeps(s, State::Held).await;
}

pub(super) async fn a_dead_job_takes_no_key(s: Stage) {
    holder_in(&s, State::Dead).await;
    assert_eq!(s.holder("k").await, None);
    assert_eq!(s.find("A").await.expect("it is kept").key, None);
    assert_eq!(s.push([job("B").key("k")], 1).await, [Pushed::Added]);
}

pub(super) async fn a_pushed_job_holds_its_key(s: Stage) {
    assert_eq!(s.holder("k").await, None);
    s.push([job("A").key("k"), job("B")], 0).await;
    assert_eq!(s.holder("k").await.as_deref(), Some("A"));
    assert_eq!(s.find("A").await.expect("it is there").key.expect("it has a key").as_str(), "k");
    assert_eq!(s.find("B").await.expect("it is there").key, None);
}

async fn replaces(s: Stage, state: State) {
    holder_in(&s, state).await;
    let replacement = job("B").key("k").on_conflict(OnConflict::Replace);
    assert_eq!(s.push([replacement], 1).await, [Pushed::Replaced { holder: jid_of("A") }]);
    assert_eq!(s.state("A").await, None);
    assert_eq!(s.queued("default").await, ["B"]);
    assert_eq!(s.holder("k").await.as_deref(), Some("B"));
}

pub(super) async fn replace_removes_an_enqueued_job(s: Stage) {
    replaces(s, State::Enqueued).await;
}

pub(super) async fn replace_removes_a_scheduled_job(s: Stage) {
    replaces(s, State::Scheduled).await;
}

pub(super) async fn replace_removes_a_retrying_job(s: Stage) {
    replaces(s, State::Retries).await;
}

pub(super) async fn replace_removes_a_held_job(s: Stage) {
    replaces(s, State::Held).await;
}

pub(super) async fn replace_of_a_busy_job_is_refused(s: Stage) {
    holder_in(&s, State::Busy).await;
    let replacement = job("B").key("k").on_conflict(OnConflict::Replace);
    assert_eq!(s.push([replacement], 1).await, [Pushed::Refused { holder: jid_of("A"), state: State::Busy }]);
    assert_eq!((s.state("A").await, s.state("B").await), (Some(State::Busy), None));
}

pub(super) async fn refuse_adds_nothing_and_names_the_holder(s: Stage) {
    holder_in(&s, State::Held).await;
    let refused = job("B").key("k").on_conflict(OnConflict::Refuse);
    assert_eq!(s.push([refused], 1).await, [Pushed::Refused { holder: jid_of("A"), state: State::Held }]);
    assert_eq!((s.state("A").await, s.state("B").await), (Some(State::Held), None));
}

pub(super) async fn a_key_is_free_when_its_job_is_done(s: Stage) {
    holder_in(&s, State::Enqueued).await;
    let claim = s.claim_one("p", 0).await;
    s.done(&claim, 1).await;
    assert_eq!(s.holder("k").await, None);
    assert_eq!(s.push([job("B").key("k")], 1).await, [Pushed::Added]);
}

pub(super) async fn a_key_is_free_when_its_job_is_deleted(s: Stage) {
    holder_in(&s, State::Enqueued).await;
    s.act(Action::Delete, "A", 1).await;
    assert_eq!(s.holder("k").await, None);
    assert_eq!(s.push([job("B").key("k")], 1).await, [Pushed::Added]);
}

pub(super) async fn a_key_is_free_when_its_job_is_killed(s: Stage) {
    holder_in(&s, State::Enqueued).await;
    s.act(Action::Kill, "A", 1).await;
    assert_eq!(s.push([job("B").key("k")], 1).await, [Pushed::Added]);
    assert_eq!(s.holder("k").await.as_deref(), Some("B"));
}

pub(super) async fn a_key_is_free_when_its_queue_is_cleared(s: Stage) {
    holder_in(&s, State::Enqueued).await;
    s.inspect.clear(&crate::factory::queue("default"), 10, at(1)).await.expect("clear");
    assert_eq!(s.push([job("B").key("k")], 1).await, [Pushed::Added]);
}

pub(super) async fn a_repeated_push_with_a_key_adds_nothing_even_if_its_job_has_run(s: Stage) {
    s.push([job("A").key("k")], 59).await;
    assert_eq!(s.push([job("A").key("k")], 59).await, [Pushed::Repeated]);
    let claim = s.claim_one("p", 59).await;
    s.done(&claim, 59).await;
    for now in [59, 61] {
        assert_eq!(s.push([job("A").key("k")], now).await, [Pushed::Repeated]);
        assert_eq!((s.state("A").await, s.holder("k").await), (None, None));
    }
}

pub(super) async fn a_key_stays_taken_through_promotion_and_claim(s: Stage) {
    s.push([job("A").key("k").at(at(5))], 0).await;
    s.promote(5).await;
    assert_eq!(s.holder("k").await.as_deref(), Some("A"));
    s.claim_one("p", 6).await;
    assert_eq!(s.push([job("B").key("k")], 7).await, [Pushed::Kept { holder: jid_of("A"), state: State::Busy }]);
}

pub(super) async fn a_key_stays_with_a_job_that_is_taken_over(s: Stage) {
    holder_in(&s, State::Busy).await;
    s.hello("q", 60).await;
    assert_eq!(s.take_over("q", 5, 60).await.claims.len(), 1);
    assert_eq!(s.push([job("B").key("k")], 61).await, [Pushed::Kept { holder: jid_of("A"), state: State::Busy }]);
}

pub(super) async fn of_two_jobs_of_one_batch_the_later_meets_the_earlier(s: Stage) {
    let answers = s.push([job("A").key("k"), job("B").key("k")], 0).await;
    assert_eq!(answers, [Pushed::Added, Pushed::Kept { holder: jid_of("A"), state: State::Enqueued }]);
    assert_eq!(s.queued("default").await, ["A"]);
}

pub(super) async fn a_later_job_of_a_batch_may_replace_an_earlier_one(s: Stage) {
    let later = job("B").key("k").on_conflict(OnConflict::Replace);
    let answers = s.push([job("A").key("k"), later], 0).await;
    assert_eq!(answers, [Pushed::Added, Pushed::Replaced { holder: jid_of("A") }]);
    assert_eq!(s.queued("default").await, ["B"]);
}

pub(super) async fn a_busy_job_may_push_its_own_key_for_after_itself(s: Stage) {
    holder_in(&s, State::Busy).await;
    assert_eq!(s.push([job("B").key("k").pushed_by("A").at(at(90))], 1).await, [Pushed::Added]);
    assert_eq!(s.holder("k").await.as_deref(), Some("B"));
    assert_eq!(s.find("A").await.expect("it runs").key, None);
}

pub(super) async fn a_key_that_passed_on_stays_when_the_first_job_ends(s: Stage) {
    s.push([job("A").key("k")], 0).await;
    let claim = s.claim_one("p", 0).await;
    s.push([job("B").key("k").pushed_by("A").at(at(90))], 1).await;
    s.done(&claim, 2).await;
    assert_eq!(s.holder("k").await.as_deref(), Some("B"));
    assert_eq!(s.push([job("C").key("k")], 3).await, [Pushed::Kept { holder: jid_of("B"), state: State::Scheduled }]);
}

pub(super) async fn a_job_whose_key_passed_on_retries_without_it(s: Stage) {
    s.push([job("A").key("k")], 0).await;
    let claim = s.claim_one("p", 0).await;
    s.push([job("B").key("k").pushed_by("A").at(at(90))], 1).await;
    assert_eq!(s.settle(&claim, Place::Retries { at: at(30) }, 2).await, SettleAnswer::Settled);
    assert_eq!(s.holder("k").await.as_deref(), Some("B"));
    assert_eq!(s.find("A").await.expect("it retries").key, None);
}

pub(super) async fn only_the_job_that_holds_a_key_passes_it_on(s: Stage) {
    s.push([job("A").key("k"), job("X")], 0).await;
    s.hello("p", 0).await;
    s.claim("p", 2, &["default"], 0).await;
    let answer = s.push([job("B").key("k").pushed_by("X")], 1).await;
    assert_eq!(answer, [Pushed::Kept { holder: jid_of("A"), state: State::Busy }]);
}

pub(super) async fn a_job_that_is_not_running_passes_no_key_on(s: Stage) {
    holder_in(&s, State::Enqueued).await;
    let answer = s.push([job("B").key("k").pushed_by("A")], 1).await;
    assert_eq!(answer, [Pushed::Kept { holder: jid_of("A"), state: State::Enqueued }]);
}

pub(super) async fn a_follow_up_takes_the_key_that_its_job_leaves(s: Stage) {
    s.push([job("A").key("k")], 0).await;
    let claim = s.claim_one("p", 0).await;
    let mut settlement = performed(&claim);
    settlement.then = vec![job("B").key("k").build()];
    s.settle_all(vec![settlement], 1).await;
    assert_eq!(s.holder("k").await.as_deref(), Some("B"));
    assert_eq!(s.queued("default").await, ["B"]);
}

pub(super) async fn a_revived_job_takes_its_key_again(s: Stage) {
    holder_in(&s, State::Dead).await;
    assert_eq!(s.act(Action::RunNow, "A", 1).await.done, 1);
    assert_eq!(s.holder("k").await.as_deref(), Some("A"));
    assert_eq!(s.push([job("B").key("k")], 2).await, [Pushed::Kept { holder: jid_of("A"), state: State::Enqueued }]);
}

pub(super) async fn a_dead_job_is_not_revived_while_its_key_is_taken(s: Stage) {
    holder_in(&s, State::Dead).await;
    s.push([job("B").key("k")], 1).await;
    let applied = s.act(Action::RunNow, "A", 1).await;
    assert_eq!(applied.refused, [(jid_of("A"), Refusal::KeyTaken { holder: jid_of("B") })]);
    assert_eq!((applied.done, s.state("A").await), (0, Some(State::Dead)));
}
