//! Facts of wake-ups. Each marks, then acts, then waits: what happens between is not missed.

use std::time::Duration;

use sancho_core::{Incarnation, Interest, Mark, Order, Pausable, Place};

use crate::factory::{job, queue};
use crate::stage::{Stage, at, front};

/// How long a store may take to ring; over that it has not rung.
const PATIENCE: Duration = Duration::from_secs(10);

async fn rings(s: &Stage, interest: Interest, after: Mark) {
    let rung = tokio::time::timeout(PATIENCE, s.store.wait(&interest, after)).await;
    assert!(rung.is_ok(), "no wake-up for {interest:?}");
}

fn ready() -> Interest {
    Interest::Ready(vec![queue("default")])
}

pub(super) async fn a_push_wakes_those_who_wait_for_its_queue(s: Stage) {
    let mark = s.store.mark();
    s.push([job("A")], 0).await;
    rings(&s, ready(), mark).await;
}

pub(super) async fn a_push_wakes_those_who_wait_already(s: Stage) {
    let mark = s.store.mark();
    let waiter = s.clone();
    let waiting = tokio::spawn(async move { rings(&waiter, ready(), mark).await });
    tokio::task::yield_now().await;
    s.push([job("A")], 0).await;
    waiting.await.expect("it is woken");
}

pub(super) async fn a_push_wakes_everybody_who_waits(s: Stage) {
    let mark = s.store.mark();
    let waiting: Vec<_> = (0..3)
        .map(|_| {
            let waiter = s.clone();
            tokio::spawn(async move { rings(&waiter, ready(), mark).await })
        })
        .collect();
    tokio::task::yield_now().await;
    s.push([job("A")], 0).await;
    for one in waiting {
        one.await.expect("it is woken");
    }
}

pub(super) async fn one_of_several_queues_is_enough(s: Stage) {
    let mark = s.store.mark();
    s.push([job("A").queue("low")], 0).await;
    rings(&s, Interest::Ready(vec![queue("high"), queue("low")]), mark).await;
}

pub(super) async fn a_resumed_queue_wakes(s: Stage) {
    let paused = Pausable::Queue(queue("default"));
    s.push([job("A")], 0).await;
    s.inspect.pause(&paused, at(0)).await.expect("pause");
    let mark = s.store.mark();
    s.inspect.resume(&paused, at(1)).await.expect("resume");
    rings(&s, ready(), mark).await;
}

pub(super) async fn a_promotion_wakes_those_who_wait_for_the_queue(s: Stage) {
    s.push([job("A").at(at(5))], 0).await;
    let mark = s.store.mark();
    s.promote(5).await;
    rings(&s, ready(), mark).await;
}

pub(super) async fn a_job_put_back_wakes_those_who_wait_for_the_queue(s: Stage) {
    s.push([job("A")], 0).await;
    let claim = s.claim_one("p", 0).await;
    let mark = s.store.mark();
    s.settle(&claim, front("default"), 1).await;
    rings(&s, ready(), mark).await;
}

pub(super) async fn a_follow_up_wakes_those_who_wait_for_its_queue(s: Stage) {
    s.push([job("A").queue("low")], 0).await;
    s.hello("p", 0).await;
    let claim = s.claim("p", 1, &["low"], 0).await.remove(0);
    let mark = s.store.mark();
    let mut settlement = crate::stage::performed(&claim);
    settlement.then = vec![job("B").build()];
    s.settle_all(vec![settlement], 1).await;
    rings(&s, ready(), mark).await;
}

pub(super) async fn a_job_run_by_hand_wakes(s: Stage) {
    s.push([job("A").at(at(500))], 0).await;
    let mark = s.store.mark();
    s.act(sancho_core::Action::RunNow, "A", 1).await;
    rings(&s, ready(), mark).await;
}

pub(super) async fn the_first_scheduled_job_wakes_the_scheduler(s: Stage) {
    let mark = s.store.mark();
    s.push([job("A").at(at(500))], 0).await;
    rings(&s, Interest::Due, mark).await;
}

pub(super) async fn a_job_due_earlier_wakes_the_scheduler(s: Stage) {
    s.push([job("A").at(at(500))], 0).await;
    let mark = s.store.mark();
    s.push([job("B").at(at(400))], 0).await;
    rings(&s, Interest::Due, mark).await;
}

pub(super) async fn a_retry_due_earlier_wakes_the_scheduler(s: Stage) {
    s.push([job("A"), job("B").at(at(500))], 0).await;
    let claim = s.claim_one("p", 0).await;
    let mark = s.store.mark();
    s.settle(&claim, Place::Retries { at: at(30) }, 1).await;
    rings(&s, Interest::Due, mark).await;
}

pub(super) async fn a_job_rescheduled_to_earlier_wakes_the_scheduler(s: Stage) {
    s.push([job("A").at(at(500)), job("B").at(at(600))], 0).await;
    let mark = s.store.mark();
    s.act(sancho_core::Action::Reschedule { at: at(40) }, "B", 1).await;
    rings(&s, Interest::Due, mark).await;
}

pub(super) async fn an_order_wakes_its_process(s: Stage) {
    s.hello("p", 0).await;
    let mark = s.store.mark();
    s.inspect.order(&Incarnation::new("p"), &Order::Stop, at(1)).await.expect("order");
    rings(&s, Interest::Orders(Incarnation::new("p")), mark).await;
}

pub(super) async fn marks_never_go_back(s: Stage) {
    let mut last = s.store.mark();
    for name in ["A", "B", "C"] {
        s.push([job(name)], 0).await;
        let mark = s.store.mark();
        assert!(mark >= last, "{mark:?} after {last:?}");
        last = mark;
    }
}
