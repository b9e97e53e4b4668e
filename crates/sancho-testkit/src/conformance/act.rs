//! Facts of what people do to jobs and queues.

use sancho_core::lifecycle::Refusal;
use sancho_core::{Action, Applied, Filter, Pausable, Place, Selection, Set, State};

use crate::factory::{jid_of, job, key, queue, unreadable};
use crate::stage::{Stage, at, claimed, held};

/// The job `A` in a state, with a job `Z` enqueued behind it or alone.
async fn a_in(s: &Stage, state: State) {
    s.push([job("A"), job("Z")], 0).await;
    let claim = match state {
        State::Enqueued => return,
        _ => s.claim_one("p", 0).await,
    };
    let place = match state {
        State::Scheduled => Place::Scheduled { at: at(60) },
        State::Retries => Place::Retries { at: at(60) },
        State::Dead => Place::Dead,
        State::Held => held(),
        _ => return,
    };
    s.settle(&claim, place, 0).await;
}

async fn does(s: Stage, action: Action, from: State, to: Option<State>) {
    a_in(&s, from).await;
    assert_eq!(s.act(action, "A", 5).await, Applied { done: 1, ..Applied::default() });
    assert_eq!(s.state("A").await, to);
}

async fn refuses(s: Stage, action: Action, from: State, refusal: Refusal) {
    a_in(&s, from).await;
    let want = Applied { refused: vec![(jid_of("A"), refusal)], ..Applied::default() };
    assert_eq!(s.act(action, "A", 5).await, want);
    assert_eq!(s.state("A").await, Some(from));
}

fn everything(set: Set) -> Selection {
    Selection::All { set, filter: Filter::all(), after: None }
}

const LATER: Action = Action::Reschedule { at: at(90) };

pub(super) async fn a_scheduled_job_is_run_now(s: Stage) {
    does(s.clone(), Action::RunNow, State::Scheduled, Some(State::Enqueued)).await;
    assert_eq!(s.queued("default").await, ["Z", "A"]);
}

pub(super) async fn a_retry_is_run_now(s: Stage) {
    does(s, Action::RunNow, State::Retries, Some(State::Enqueued)).await;
}

pub(super) async fn a_dead_job_is_run_again(s: Stage) {
    does(s.clone(), Action::RunNow, State::Dead, Some(State::Enqueued)).await;
    s.hello("p", 6).await;
    assert_eq!(claimed(&s.claim("p", 2, &["default"], 6).await), ["Z", "A"]);
}

pub(super) async fn a_held_job_is_run_now(s: Stage) {
    does(s.clone(), Action::RunNow, State::Held, Some(State::Enqueued)).await;
    assert_eq!(s.find("A").await.expect("it is there").held, None);
}

pub(super) async fn an_enqueued_job_is_not_run_now(s: Stage) {
    refuses(s, Action::RunNow, State::Enqueued, Refusal::Senseless(State::Enqueued)).await;
}

pub(super) async fn an_enqueued_job_is_killed(s: Stage) {
    does(s.clone(), Action::Kill, State::Enqueued, Some(State::Dead)).await;
    assert_eq!(s.find("A").await.expect("it is kept").at, Some(at(5)));
    assert_eq!(s.queued("default").await, ["Z"]);
}

pub(super) async fn a_scheduled_job_is_killed(s: Stage) {
    does(s, Action::Kill, State::Scheduled, Some(State::Dead)).await;
}

pub(super) async fn a_retry_is_killed(s: Stage) {
    does(s, Action::Kill, State::Retries, Some(State::Dead)).await;
}

pub(super) async fn a_held_job_is_killed(s: Stage) {
    does(s, Action::Kill, State::Held, Some(State::Dead)).await;
}

pub(super) async fn a_dead_job_is_not_killed_again(s: Stage) {
    refuses(s, Action::Kill, State::Dead, Refusal::Senseless(State::Dead)).await;
}

pub(super) async fn an_enqueued_job_is_deleted(s: Stage) {
    does(s.clone(), Action::Delete, State::Enqueued, None).await;
    assert_eq!(s.queued("default").await, ["Z"]);
}

pub(super) async fn a_dead_job_is_deleted(s: Stage) {
    does(s.clone(), Action::Delete, State::Dead, None).await;
    assert_eq!(s.stats(6).await.dead, 0);
}

pub(super) async fn a_retry_is_deleted(s: Stage) {
    does(s, Action::Delete, State::Retries, None).await;
}

pub(super) async fn an_enqueued_job_is_canceled(s: Stage) {
    does(s, Action::Cancel, State::Enqueued, None).await;
}

pub(super) async fn a_scheduled_job_is_canceled(s: Stage) {
    does(s.clone(), Action::Cancel, State::Scheduled, None).await;
    assert_eq!(s.promote(99).await.moved, 0);
}

pub(super) async fn a_held_job_is_canceled(s: Stage) {
    does(s, Action::Cancel, State::Held, None).await;
}

pub(super) async fn a_dead_job_is_not_canceled(s: Stage) {
    refuses(s, Action::Cancel, State::Dead, Refusal::Senseless(State::Dead)).await;
}

pub(super) async fn an_enqueued_job_is_rescheduled(s: Stage) {
    does(s.clone(), LATER, State::Enqueued, Some(State::Scheduled)).await;
    assert_eq!(s.find("A").await.expect("it is there").at, Some(at(90)));
    assert_eq!(s.queued("default").await, ["Z"]);
}

pub(super) async fn a_scheduled_job_is_rescheduled(s: Stage) {
    does(s.clone(), LATER, State::Scheduled, Some(State::Scheduled)).await;
    assert_eq!(s.promote(60).await.next_due, Some(at(90)));
    assert_eq!(s.promote(90).await.moved, 1);
}

pub(super) async fn a_rescheduled_retry_stays_a_retry(s: Stage) {
    does(s.clone(), LATER, State::Retries, Some(State::Retries)).await;
    assert_eq!(s.find("A").await.expect("it is there").at, Some(at(90)));
}

pub(super) async fn a_held_job_is_rescheduled(s: Stage) {
    does(s, LATER, State::Held, Some(State::Scheduled)).await;
}

pub(super) async fn a_dead_job_is_not_rescheduled(s: Stage) {
    refuses(s, LATER, State::Dead, Refusal::Senseless(State::Dead)).await;
}

pub(super) async fn a_busy_job_is_out_of_reach(s: Stage) {
    a_in(&s, State::Busy).await;
    for action in [Action::RunNow, LATER, Action::Kill, Action::Delete, Action::Cancel] {
        let applied = s.act(action, "A", 5).await;
        assert_eq!((applied.done, applied.refused), (0, vec![(jid_of("A"), Refusal::Started)]));
    }
    assert_eq!(s.state("A").await, Some(State::Busy));
}

pub(super) async fn a_job_that_is_gone_is_in_neither_list(s: Stage) {
    assert_eq!(s.act(Action::Delete, "nobody", 5).await, Applied::default());
    let by_key = s.apply(Action::Cancel, Selection::Key(key("nobody")), 5, 5).await;
    assert_eq!(by_key, Applied::default());
}

pub(super) async fn a_job_is_acted_upon_by_its_key(s: Stage) {
    s.push([job("A").key("k").at(at(60)), job("B").key("l")], 0).await;
    assert_eq!(s.apply(LATER, Selection::Key(key("k")), 1, 1).await.done, 1);
    assert_eq!(s.find("A").await.expect("it is there").at, Some(at(90)));
    assert_eq!(s.holder("k").await.as_deref(), Some("A"));
    assert_eq!(s.apply(Action::Cancel, Selection::Key(key("k")), 1, 1).await.done, 1);
    assert_eq!((s.state("A").await, s.holder("k").await), (None, None));
    assert_eq!(s.state("B").await, Some(State::Enqueued));
}

pub(super) async fn an_unreadable_job_can_be_deleted(s: Stage) {
    s.push([unreadable("A", b"\xff")], 0).await;
    // Its bytes have no id: the one that the row shows is the store's own.
    let jid = s.rows(Set::Queue(queue("default"))).await[0].jid.clone();
    assert_eq!(s.apply(Action::Delete, Selection::Jid(jid), 10, 1).await.done, 1);
    assert_eq!(s.stats(1).await.enqueued, 0);
}

pub(super) async fn a_whole_set_is_acted_upon_step_by_step(s: Stage) {
    s.push((0..7).map(|n| job(&format!("J{n}")).at(at(60 + n))), 0).await;
    let (mut done, mut after, mut calls) = (0, None, 0);
    loop {
        let selection = Selection::All { set: Set::Scheduled, filter: Filter::all(), after };
        let applied = s.apply(Action::RunNow, selection, 3, 1).await;
        assert!(applied.done <= 3, "no more than the limit");
        (done, calls) = (done + applied.done, calls + 1);
        assert!(calls < 20, "it comes to an end");
        match applied.next {
            Some(next) => after = Some(next),
            None => break,
        }
    }
    assert_eq!((done, s.stats(1).await.enqueued, s.stats(1).await.scheduled), (7, 7, 0));
}

pub(super) async fn only_what_matches_is_acted_upon(s: Stage) {
    s.push([job("A").class("Mailer"), job("B").class("Resizer"), job("C").class("Mailer")], 0).await;
    let mut filter = Filter::all();
    filter.class = Some("Mail*".to_owned());
    let selection = Selection::All { set: Set::Queue(queue("default")), filter, after: None };
    assert_eq!(s.apply(Action::Delete, selection, 10, 1).await.done, 2);
    assert_eq!(s.queued("default").await, ["Resizer"]);
}

pub(super) async fn an_action_is_for_the_jobs_that_a_filter_means(s: Stage) {
    let jobs = [("A", "[1]"), ("B", "[2]"), ("C", "[1]"), ("D", "[1]")];
    s.push(jobs.map(|(name, args)| job(name).args(args).at(at(60))), 0).await;
    let filter = Filter::parse("arg:1 -class:C", at(1)).expect("a filter");
    let selection = Selection::All { set: Set::Scheduled, filter, after: None };
    assert_eq!(s.apply(Action::Kill, selection, 10, 1).await.done, 2);
    let mut dead = s.names(Set::Dead).await;
    dead.sort();
    assert_eq!(dead, ["A", "D"]);
}

/// Reschedules the whole scheduled set, three jobs a call; answers how many were moved in all.
async fn reschedule_all(s: &Stage, due: i64) -> usize {
    let (mut done, mut after) = (0, None);
    for _ in 0..20 {
        let selection = Selection::All { set: Set::Scheduled, filter: Filter::all(), after };
        let applied = s.apply(Action::Reschedule { at: at(due) }, selection, 3, 1).await;
        done += applied.done;
        match applied.next {
            Some(next) => after = Some(next),
            None => return done,
        }
    }
    panic!("it never comes to an end");
}

pub(super) async fn a_set_is_rescheduled_step_by_step_and_each_job_once(s: Stage) {
    s.push((0..7).map(|n| job(&format!("J{n}")).at(at(60 + n))), 0).await;
    for (due, want) in [(900, 7), (30, 7), (30, 0), (63, 7)] {
        assert_eq!(reschedule_all(&s, due).await, want, "to {due}");
        let rows = s.rows(Set::Scheduled).await;
        assert!(rows.len() == 7 && rows.iter().all(|row| row.at == Some(at(due))), "to {due}: {rows:?}");
    }
}

pub(super) async fn other_sets_are_left_alone(s: Stage) {
    s.push([job("A").at(at(60)), job("B"), job("C").queue("low")], 0).await;
    let default = Set::Queue(queue("default"));
    assert_eq!(s.apply(Action::Delete, everything(default), 10, 1).await.done, 1);
    assert_eq!((s.state("A").await, s.state("C").await), (Some(State::Scheduled), Some(State::Enqueued)));
}

pub(super) async fn busy_jobs_of_a_set_are_refused_one_by_one(s: Stage) {
    s.push([job("A"), job("B")], 0).await;
    s.hello("p", 0).await;
    s.claim("p", 2, &["default"], 0).await;
    let applied = s.apply(Action::Delete, everything(Set::Busy), 10, 1).await;
    assert_eq!((applied.done, applied.refused.len()), (0, 2));
    assert_eq!(s.stats(1).await.busy, 2);
}

pub(super) async fn a_cleared_queue_is_empty_and_forgotten(s: Stage) {
    s.push([job("A"), job("B"), job("C").queue("low"), job("D").at(at(9))], 0).await;
    assert_eq!(s.inspect.clear(&queue("default"), 10, at(1)).await.expect("clear"), 2);
    assert_eq!(s.store.queue_names().await.expect("queue_names"), [queue("low")]);
    let stats = s.stats(1).await;
    assert_eq!((stats.enqueued, stats.scheduled), (1, 1));
}

pub(super) async fn clearing_goes_step_by_step(s: Stage) {
    s.push([job("A"), job("B"), job("C")], 0).await;
    assert_eq!(s.inspect.clear(&queue("default"), 2, at(1)).await.expect("clear"), 2);
    assert_eq!(s.store.queue_names().await.expect("queue_names"), [queue("default")]);
    assert_eq!(s.inspect.clear(&queue("default"), 2, at(1)).await.expect("clear"), 1);
    assert_eq!(s.inspect.clear(&queue("default"), 2, at(1)).await.expect("clear"), 0);
    assert!(s.store.queue_names().await.expect("queue_names").is_empty());
}

pub(super) async fn clearing_leaves_running_jobs_alone(s: Stage) {
    s.push([job("A"), job("B")], 0).await;
    let claim = s.claim_one("p", 0).await;
    assert_eq!(s.inspect.clear(&queue("default"), 10, at(1)).await.expect("clear"), 1);
    assert_eq!(s.state("A").await, Some(State::Busy));
    assert_eq!(s.done(&claim, 2).await, sancho_core::SettleAnswer::Settled);
}

pub(super) async fn a_paused_queue_still_takes_jobs(s: Stage) {
    s.inspect.pause(&Pausable::Queue(queue("default")), at(0)).await.expect("pause");
    s.push([job("A"), job("B").at(at(5))], 0).await;
    s.promote(5).await;
    assert_eq!(s.queued("default").await, ["A", "B"]);
    s.hello("p", 6).await;
    assert!(s.claim("p", 5, &["default"], 6).await.is_empty());
}

pub(super) async fn a_paused_class_is_still_claimed(s: Stage) {
    s.inspect.pause(&Pausable::Class("A".to_owned()), at(0)).await.expect("pause");
    s.push([job("A")], 0).await;
    assert_eq!(claimed(&[s.claim_one("p", 1).await]), ["A"]);
}

pub(super) async fn what_is_paused_is_listed(s: Stage) {
    assert!(s.inspect.paused().await.expect("paused").is_empty());
    s.push([job("A")], 0).await;
    let (low, never) = (Pausable::Queue(queue("low")), Pausable::Queue(queue("default")));
    let (mailer, report) = (Pausable::Class("Mailer".to_owned()), Pausable::Class("Report".to_owned()));
    for what in [&report, &low, &mailer, &never] {
        s.inspect.pause(what, at(0)).await.expect("pause");
    }
    assert_eq!(s.inspect.paused().await.expect("paused"), [never.clone(), low.clone(), mailer.clone(), report]);
    s.inspect.resume(&never, at(1)).await.expect("resume");
    s.inspect.resume(&Pausable::Class("Report".to_owned()), at(1)).await.expect("resume");
    assert_eq!(s.inspect.paused().await.expect("paused"), [low, mailer]);
}
