//! Facts of `push`.

use sancho_core::{Place, Pushed, Set, State};

use crate::factory::{job, queue};
use crate::stage::{Stage, at, claimed, essence, held};

pub(super) async fn pushed_jobs_run_in_the_order_given(s: Stage) {
    assert_eq!(s.push([job("A"), job("B"), job("C")], 0).await, [Pushed::Added, Pushed::Added, Pushed::Added]);
    assert_eq!(s.queued("default").await, ["A", "B", "C"]);
}

pub(super) async fn later_pushes_go_behind_earlier_ones(s: Stage) {
    s.push([job("A")], 0).await;
    s.push([job("B")], 0).await;
    s.push([job("C")], 1).await;
    assert_eq!(s.queued("default").await, ["A", "B", "C"]);
}

pub(super) async fn a_push_of_nothing_adds_nothing(s: Stage) {
    assert!(s.push([], 0).await.is_empty());
    assert_eq!(s.stats(0).await.enqueued, 0);
}

pub(super) async fn each_job_of_a_batch_goes_to_its_own_queue(s: Stage) {
    s.push([job("A").queue("low"), job("B").queue("high"), job("C").queue("low")], 0).await;
    assert_eq!(s.queued("low").await, ["A", "C"]);
    assert_eq!(s.queued("high").await, ["B"]);
}

pub(super) async fn a_batch_of_a_thousand_is_all_there_in_order(s: Stage) {
    let names: Vec<String> = (0..1_000).map(|n| format!("J{n}")).collect();
    let answers = s.push(names.iter().map(|name| job(name)), 0).await;
    assert!(answers.iter().all(|answer| *answer == Pushed::Added));
    assert_eq!(s.queued("default").await, names);
}

pub(super) async fn a_scheduled_job_waits_for_its_time(s: Stage) {
    s.push([job("A").at(at(60)).queue("low")], 0).await;
    let rows = s.rows(Set::Scheduled).await;
    assert_eq!((rows[0].at, rows[0].state, rows[0].queue.clone()), (Some(at(60)), State::Scheduled, queue("low")));
    assert!(s.queued("low").await.is_empty());
}

pub(super) async fn a_job_may_be_held_from_the_start(s: Stage) {
    s.push([job("A").place(held())], 0).await;
    let row = s.find("A").await.expect("it is there");
    assert_eq!((row.state, row.held.as_deref()), (State::Held, Some("class is paused")));
}

pub(super) async fn a_job_may_be_a_retry_or_dead_from_the_start(s: Stage) {
    s.push([job("A").place(Place::Retries { at: at(9) }), job("B").key("b").place(Place::Dead)], 3).await;
    let [retry, dead] = [s.find("A").await, s.find("B").await].map(|row| row.expect("it is there"));
    assert_eq!((retry.state, retry.at), (State::Retries, Some(at(9))));
    assert_eq!((dead.state, dead.at, s.holder("b").await), (State::Dead, Some(at(3)), None));
    s.promote(9).await;
    assert_eq!(s.queued("default").await, ["A"]);
}

pub(super) async fn a_repeated_push_adds_nothing(s: Stage) {
    s.push([job("A"), job("B")], 0).await;
    assert_eq!(s.push([job("A"), job("B")], 1).await, [Pushed::Repeated, Pushed::Repeated]);
    assert_eq!(s.queued("default").await, ["A", "B"]);
}

pub(super) async fn a_repeated_push_of_many_moves_nothing(s: Stage) {
    let names: Vec<String> = (0..40).map(|n| format!("J{n}")).collect();
    let queue_of = |n: usize| if n.is_multiple_of(2) { "low" } else { "high" };
    let many = || names.iter().enumerate().map(|(n, name)| job(name).queue(queue_of(n)));
    s.push([job("before").queue("low")], 0).await;
    assert!(s.push(many(), 0).await.iter().all(|answer| *answer == Pushed::Added));
    s.push([job("after").queue("low")], 1).await;
    assert!(s.push(many(), 2).await.iter().all(|answer| *answer == Pushed::Repeated));
    let (low, high): (Vec<_>, Vec<_>) = names.iter().enumerate().partition(|(n, _)| queue_of(*n) == "low");
    let names_of = |jobs: Vec<(usize, &String)>| jobs.into_iter().map(|(_, name)| name.clone()).collect::<Vec<_>>();
    assert_eq!(s.queued("low").await, [vec!["before".into()], names_of(low), vec!["after".into()]].concat());
    assert_eq!(s.queued("high").await, names_of(high));
}

pub(super) async fn a_repeated_push_adds_nothing_even_if_its_jobs_have_run(s: Stage) {
    s.push([job("A"), job("B")], 0).await;
    s.hello("p", 0).await;
    for claim in s.claim("p", 2, &["default"], 1).await {
        s.done(&claim, 2).await;
    }
    assert_eq!(s.push([job("A"), job("B")], 59).await, [Pushed::Repeated, Pushed::Repeated]);
    assert_eq!(s.state("A").await, None);
    assert_eq!(s.state("B").await, None);
}

pub(super) async fn a_repeated_push_is_known_in_the_next_minute(s: Stage) {
    s.push([job("A")], 59).await;
    let claim = s.claim_one("p", 59).await;
    s.done(&claim, 60).await;
    assert_eq!(s.push([job("A")], 61).await, [Pushed::Repeated]);
    assert_eq!(s.state("A").await, None);
}

pub(super) async fn unknown_members_and_big_numbers_survive(s: Stage) {
    let text = r#"{"class":"A","args":[123456789012345678901234567890,1.50,[],{"z":1,"a":2}],"bid":"x","queue":"default","é":"\u00e9","jid":"j"}"#;
    s.push([job("A").payload(text)], 0).await;
    let claim = s.claim_one("p", 0).await;
    assert_eq!(essence(&claim.payload).to_text_lossy(), text);
}

pub(super) async fn a_pushed_job_is_found_as_it_was_pushed(s: Stage) {
    s.push([job("A").queue("low").key("k").args(r#"[7,"ä"]"#)], 5).await;
    let row = s.find("A").await.expect("it is there");
    assert_eq!(
        essence(&row.payload),
        essence(&job("A").queue("low").key("k").args(r#"[7,"ä"]"#).build_at(at(5)).payload)
    );
    assert_eq!((row.state, row.queue, row.at), (State::Enqueued, queue("low"), Some(at(5))));
    assert_eq!((row.held, row.incarnation), (None, None));
}

pub(super) async fn one_batch_may_mix_now_and_later(s: Stage) {
    s.push([job("A").at(at(9)), job("B"), job("C").at(at(8))], 0).await;
    assert_eq!(s.names(Set::Scheduled).await, ["C", "A"]);
    s.hello("p", 0).await;
    assert_eq!(claimed(&s.claim("p", 5, &["default"], 0).await), ["B"]);
}
