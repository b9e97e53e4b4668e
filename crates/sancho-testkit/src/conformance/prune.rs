//! Facts of pruning, of queue names, and of classes that nobody knows.

use std::time::Duration;

use sancho_core::{Finding, Level, Place, Pruned, Retention, Set, Timestamp, limits};

use crate::factory::{job, queue};
use crate::stage::{Stage, at};

/// Dead jobs `D1`, `D2`, `D3`, which died at these seconds.
async fn three_dead(s: &Stage) {
    s.push([job("D1"), job("D2"), job("D3")], 0).await;
    s.hello("p", 0).await;
    for (claim, died) in s.claim("p", 3, &["default"], 0).await.iter().zip([10, 20, 30]) {
        s.settle(claim, Place::Dead, died).await;
    }
}

fn at_most(jobs: u64) -> Retention {
    Retention { dead_jobs_max: jobs, ..Retention::default() }
}

async fn prune(s: &Stage, retention: &Retention, limit: usize, now: i64) -> Pruned {
    s.store.prune(retention, limit, at(now)).await.expect("prune")
}

pub(super) async fn too_many_dead_jobs_go_oldest_first(s: Stage) {
    three_dead(&s).await;
    assert_eq!(prune(&s, &at_most(1), 10, 40).await, Pruned { dead: 2 });
    assert_eq!(s.names(Set::Dead).await, ["D3"]);
    assert_eq!(s.state("D1").await, None);
}

pub(super) async fn dead_jobs_go_when_they_are_too_old(s: Stage) {
    three_dead(&s).await;
    let retention = Retention { dead_kept_for: Duration::from_secs(15), ..Retention::default() };
    assert_eq!(prune(&s, &retention, 10, 40).await, Pruned { dead: 2 });
    assert_eq!(s.names(Set::Dead).await, ["D3"]);
}

pub(super) async fn pruning_removes_no_more_than_its_limit(s: Stage) {
    three_dead(&s).await;
    assert_eq!(prune(&s, &at_most(0), 2, 40).await, Pruned { dead: 2 });
    assert_eq!(s.names(Set::Dead).await, ["D3"]);
}

pub(super) async fn what_is_within_its_limits_stays(s: Stage) {
    three_dead(&s).await;
    s.push([job("A"), job("B").at(at(90))], 0).await;
    assert_eq!(prune(&s, &at_most(3), 10, 40).await, Pruned { dead: 0 });
    let stats = s.stats(40).await;
    assert_eq!((stats.dead, stats.enqueued, stats.scheduled), (3, 1, 1));
}

pub(super) async fn dead_jobs_are_listed_latest_first(s: Stage) {
    three_dead(&s).await;
    assert_eq!(s.names(Set::Dead).await, ["D3", "D2", "D1"]);
}

pub(super) async fn old_counters_by_day_are_pruned(s: Stage) {
    const DAY: i64 = 86_400;
    s.push([job("A"), job("B")], 0).await;
    s.hello("p", 0).await;
    let claims = s.claim("p", 2, &["default"], 0).await;
    s.done(&claims[0], 0).await;
    s.done(&claims[1], 10 * DAY).await;
    let retention = Retention { history_kept_for: Duration::from_secs(5 * 86_400), ..Retention::default() };
    prune(&s, &retention, 10, 10 * DAY).await;
    let days = s.inspect.history(11, at(10 * DAY)).await.expect("history");
    assert_eq!((days[0].processed, days[10].processed), (1, 0));
    assert_eq!(s.stats(10 * DAY).await.processed, 2);
}

pub(super) async fn queues_are_known_once_pushed_to_and_sorted(s: Stage) {
    s.push([job("A").queue("low"), job("B").queue("high"), job("C").queue("low")], 0).await;
    assert_eq!(s.store.queue_names().await.expect("queue_names"), [queue("high"), queue("low")]);
}

pub(super) async fn an_emptied_queue_is_still_known(s: Stage) {
    s.push([job("A")], 0).await;
    let claim = s.claim_one("p", 0).await;
    s.done(&claim, 1).await;
    assert_eq!(s.store.queue_names().await.expect("queue_names"), [queue("default")]);
}

pub(super) async fn a_promotion_makes_its_queue_known(s: Stage) {
    s.push([job("A").queue("later").at(at(5))], 0).await;
    s.promote(5).await;
    assert_eq!(s.store.queue_names().await.expect("queue_names"), [queue("later")]);
}

async fn meet(s: &Stage, class: &str, name: &str, now: i64) -> i64 {
    let met = s.store.meet_unknown(&[(class.to_owned(), queue(name))], at(now)).await.expect("meet_unknown");
    met[0].since(at(0)).as_secs() as i64
}

pub(super) async fn the_first_meeting_of_an_unknown_class_is_remembered(s: Stage) {
    assert_eq!(meet(&s, "X", "q", 5).await, 5);
    assert_eq!(meet(&s, "X", "q", 9).await, 5);
    assert_eq!(meet(&s, "X", "q", 600).await, 5);
}

pub(super) async fn meetings_are_kept_by_class_and_queue(s: Stage) {
    assert_eq!(meet(&s, "X", "q", 5).await, 5);
    assert_eq!(meet(&s, "X", "r", 6).await, 6);
    assert_eq!(meet(&s, "Y", "q", 7).await, 7);
    let both = [("Y".to_owned(), queue("q")), ("X".to_owned(), queue("q"))];
    assert_eq!(s.store.meet_unknown(&both, at(8)).await.expect("meet_unknown"), [at(7), at(5)]);
}

pub(super) async fn a_class_not_met_for_long_is_met_anew(s: Stage) {
    let forget = limits::UNKNOWN_CLASS_FORGET.as_secs() as i64;
    assert_eq!(meet(&s, "X", "q", 0).await, 0);
    assert_eq!(meet(&s, "X", "q", forget - 1).await, 0);
    assert_eq!(meet(&s, "X", "q", 2 * forget - 2).await, 0);
    assert_eq!(meet(&s, "X", "q", 3 * forget).await, 3 * forget);
}

/// What is listed: class, queue, first and last meeting in seconds.
async fn not_known(s: &Stage, now: i64) -> Vec<(String, String, u64, u64)> {
    let secs = |time: Timestamp| time.since(at(0)).as_secs();
    let listed = s.inspect.unknown_classes(at(now)).await.expect("unknown_classes");
    listed.into_iter().map(|met| (met.class, met.queue.to_string(), secs(met.since), secs(met.last))).collect()
}

pub(super) async fn classes_not_known_are_listed_with_their_first_and_last_meetings(s: Stage) {
    assert_eq!(not_known(&s, 0).await, []);
    for (class, name, now) in [("Y", "a", 5), ("X", "q", 6), ("X", "b", 7), ("X", "q", 600), ("É\nx", "a", 8)] {
        meet(&s, class, name, now).await;
    }
    let row = |class: &str, name: &str, since, last| (class.to_owned(), name.to_owned(), since, last);
    let want = [row("X", "b", 7, 7), row("X", "q", 6, 600), row("Y", "a", 5, 5), row("É\nx", "a", 8, 8)];
    assert_eq!(not_known(&s, 600).await, want);
}

pub(super) async fn a_class_not_met_for_long_is_listed_no_more(s: Stage) {
    let forget = limits::UNKNOWN_CLASS_FORGET.as_secs() as i64;
    meet(&s, "X", "q", 5).await;
    meet(&s, "Y", "q", 6).await;
    assert_eq!(not_known(&s, forget + 5).await.len(), 2);
    let left: Vec<String> = not_known(&s, forget + 6).await.into_iter().map(|(class, ..)| class).collect();
    assert_eq!(left, ["Y"]);
}

pub(super) async fn no_more_classes_not_known_are_listed_than_people_read(s: Stage) {
    let met: Vec<_> = (0..limits::UNKNOWN_CLASSES_TOLD_MAX + 50).map(|n| (format!("C{n}"), queue("q"))).collect();
    s.store.meet_unknown(&met, at(1)).await.expect("meet_unknown");
    let listed = not_known(&s, 2).await;
    assert_eq!(listed.len(), limits::UNKNOWN_CLASSES_TOLD_MAX);
    assert!(listed.is_sorted() && listed.iter().all(|(class, ..)| class.starts_with('C')));
}

pub(super) async fn a_checkup_warns_of_classes_not_known(s: Stage) {
    let of_class = |findings: Vec<Finding>| {
        let about = |finding: &Finding| finding.what.contains("class Mystery");
        findings.into_iter().filter(about).collect::<Vec<_>>()
    };
    assert_eq!(of_class(s.inspect.checkup(at(0)).await.expect("checkup")), []);
    meet(&s, "Mystery", "images", 5).await;
    let found = of_class(s.inspect.checkup(at(65)).await.expect("checkup"));
    assert_eq!(found.len(), 1);
    assert!(found[0].what.contains("queue images") && found[0].what.contains("1 minute"), "{:?}", found[0]);
    assert_eq!(found[0].level, Level::Warning);
}
