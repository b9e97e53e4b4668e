//! Facts of pages: which jobs they show, in which order, and where they go on.

use sancho_core::{Action, Cursor, Direction, ErrorKind, Filter, Place, Selection, Set};

use crate::factory::{job, queue};
use crate::stage::{Stage, at, held, name_of};

/// The names that pages of two jobs show, page by page.
pub(super) async fn pages(s: &Stage, set: Set, filter: Filter) -> Vec<String> {
    listed(s, set, filter, Direction::Forward).await
}

/// The same in a direction.
async fn listed(s: &Stage, set: Set, filter: Filter, direction: Direction) -> Vec<String> {
    let (mut names, mut cursor): (Vec<String>, Option<Cursor>) = (Vec::new(), None);
    loop {
        let page = s.inspect.page(&set, &filter, direction, cursor.as_ref(), 2).await.expect("page");
        assert!(page.rows.len() <= 2, "a page is no longer than asked for");
        names.extend(page.rows.iter().map(|row| name_of(&row.payload)));
        match page.next {
            Some(next) => cursor = Some(next),
            None => return names,
        }
    }
}

/// Five jobs `A` to `E`, each put where `place` says for its number, one a second.
async fn five(s: &Stage, place: impl Fn(i64) -> Place) {
    let names = ["A", "B", "C", "D", "E"];
    s.push(names.map(job), 0).await;
    s.hello("p", 0).await;
    for (claim, now) in s.claim("p", 5, &["default"], 0).await.iter().zip(1..) {
        s.settle(claim, place(now), now).await;
    }
}

pub(super) async fn pages_of_a_queue_are_in_the_order_that_it_runs(s: Stage) {
    s.push(["A", "B", "C", "D", "E"].map(job), 0).await;
    assert_eq!(pages(&s, Set::Queue(queue("default")), Filter::all()).await, ["A", "B", "C", "D", "E"]);
}

pub(super) async fn pages_of_the_scheduled_are_earliest_first(s: Stage) {
    let jobs = [("A", 50), ("B", 20), ("C", 40), ("D", 10), ("E", 30)];
    s.push(jobs.map(|(name, due)| job(name).at(at(due))), 0).await;
    assert_eq!(pages(&s, Set::Scheduled, Filter::all()).await, ["D", "B", "E", "C", "A"]);
}

pub(super) async fn pages_of_the_retries_are_earliest_first(s: Stage) {
    five(&s, |now| Place::Retries { at: at(100 - now) }).await;
    assert_eq!(pages(&s, Set::Retries, Filter::all()).await, ["E", "D", "C", "B", "A"]);
}

pub(super) async fn pages_of_the_held_are_earliest_first(s: Stage) {
    five(&s, |_| held()).await;
    assert_eq!(pages(&s, Set::Held, Filter::all()).await, ["A", "B", "C", "D", "E"]);
}

pub(super) async fn pages_of_the_dead_are_latest_first(s: Stage) {
    five(&s, |_| Place::Dead).await;
    assert_eq!(pages(&s, Set::Dead, Filter::all()).await, ["E", "D", "C", "B", "A"]);
}

pub(super) async fn pages_of_the_busy_show_each_once(s: Stage) {
    s.push(["A", "B", "C", "D", "E"].map(job), 0).await;
    s.hello("p", 0).await;
    s.claim("p", 5, &["default"], 1).await;
    let mut names = pages(&s, Set::Busy, Filter::all()).await;
    names.sort();
    assert_eq!(names, ["A", "B", "C", "D", "E"]);
}

pub(super) async fn jobs_of_one_time_are_each_shown_once(s: Stage) {
    s.push(["A", "B", "C", "D", "E"].map(|name| job(name).at(at(9))), 0).await;
    let mut names = pages(&s, Set::Scheduled, Filter::all()).await;
    names.sort();
    assert_eq!(names, ["A", "B", "C", "D", "E"]);
}

/// Seven jobs in each set, some of one time.
async fn sevens(s: &Stage) -> [Set; 6] {
    let named = |set: &str| -> Vec<String> { (1..=7).map(|n| format!("{set}{n}")).collect() };
    s.push(named("S").iter().zip(1..).map(|(name, n)| job(name).at(at(900 - n / 2))), 0).await;
    s.hello("p", 0).await;
    for (set, of_one_time) in [("R", 3), ("D", 2), ("H", 4), ("B", 3)] {
        let names = named(set);
        s.push(names.iter().map(|name| job(name)), 0).await;
        for n in 0..7 {
            let now = 10 + n / of_one_time;
            let claims = s.claim("p", 1, &["default"], now).await;
            match set {
                "R" => s.settle(&claims[0], Place::Retries { at: at(800 - now) }, now).await,
                "D" => s.settle(&claims[0], Place::Dead, now).await,
                "H" => s.settle(&claims[0], held(), now).await,
                _ => continue,
            };
        }
    }
    s.push(named("Q").iter().map(|name| job(name)), 20).await;
    [Set::Queue(queue("default")), Set::Busy, Set::Scheduled, Set::Retries, Set::Dead, Set::Held]
}

pub(super) async fn backward_pages_are_the_exact_reverse_of_each_set(s: Stage) {
    for set in sevens(&s).await {
        let mut forward = pages(&s, set.clone(), Filter::all()).await;
        let backward = listed(&s, set.clone(), Filter::all(), Direction::Backward).await;
        forward.reverse();
        assert_eq!((forward.len(), &backward), (7, &forward), "{set:?}");
    }
}

pub(super) async fn backward_pages_are_filtered(s: Stage) {
    for set in sevens(&s).await {
        let filter = Filter::parse("-class:*3 -class:*6", at(30)).expect("a filter");
        let mut forward = pages(&s, set.clone(), filter.clone()).await;
        let backward = listed(&s, set.clone(), filter, Direction::Backward).await;
        forward.reverse();
        assert_eq!((forward.len(), &backward), (5, &forward), "{set:?}");
        let none = Filter::parse("class:nobody", at(30)).expect("a filter");
        assert!(listed(&s, set, none, Direction::Backward).await.is_empty());
    }
}

/// The first page of two jobs from the end of a set, and where to go on.
async fn last_two(s: &Stage, set: &Set) -> (Vec<String>, Option<Cursor>) {
    let page = s.inspect.page(set, &Filter::all(), Direction::Backward, None, 2).await.expect("page");
    (page.rows.iter().map(|row| name_of(&row.payload)).collect(), page.next)
}

/// What is shown after a cursor that goes backward.
async fn rest(s: &Stage, set: &Set, after: Option<Cursor>) -> Vec<String> {
    let page = s.inspect.page(set, &Filter::all(), Direction::Backward, after.as_ref(), 9).await.expect("page");
    assert_eq!(page.next, None);
    page.rows.iter().map(|row| name_of(&row.payload)).collect()
}

pub(super) async fn a_backward_page_goes_on_where_it_was_though_jobs_have_gone(s: Stage) {
    for set in sevens(&s).await {
        if set == Set::Busy {
            continue;
        }
        let (shown, next) = last_two(&s, &set).await;
        let left = rest(&s, &set, next.clone()).await;
        assert_eq!((shown.len(), left.len()), (2, 5), "{set:?}");
        // One that was shown, and one that is still to come; then the very job that the cursor stands at.
        for gone in [&shown[0], &left[2]] {
            assert_eq!(s.act(Action::Delete, gone, 30).await.done, 1);
        }
        let want = [&left[..2], &left[3..]].concat();
        assert_eq!(rest(&s, &set, next.clone()).await, want, "{set:?}");
        assert_eq!(s.act(Action::Delete, &shown[1], 30).await.done, 1);
        assert_eq!(rest(&s, &set, next).await, want, "{set:?}");
    }
}

pub(super) async fn a_backward_page_goes_on_where_it_was_though_jobs_have_come(s: Stage) {
    s.push(["A", "B", "C", "D", "E"].map(job), 0).await;
    s.hello("p", 0).await;
    let set = Set::Queue(queue("default"));
    let (shown, next) = last_two(&s, &set).await;
    assert_eq!(shown, ["E", "D"]);
    s.push(["F", "G", "H"].map(job), 1).await;
    assert_eq!(rest(&s, &set, next.clone()).await, ["C", "B", "A"]);
    s.claim("p", 2, &["default"], 2).await;
    assert_eq!(rest(&s, &set, next).await, ["C"]);
}

pub(super) async fn a_cursor_goes_on_in_its_own_direction_only(s: Stage) {
    for set in sevens(&s).await {
        for direction in [Direction::Forward, Direction::Backward] {
            let page = s.inspect.page(&set, &Filter::all(), direction, None, 2).await.expect("page");
            let next = page.next.expect("there are more");
            let other = direction.reversed();
            let error = s.inspect.page(&set, &Filter::all(), other, Some(&next), 2).await.expect_err("refused");
            assert_eq!((error.kind, error.to_string().contains("goes on")), (ErrorKind::Invalid, true), "{error}");
        }
    }
}

pub(super) async fn an_action_goes_on_forward_only(s: Stage) {
    s.push(["A", "B", "C"].map(job), 0).await;
    let set = Set::Queue(queue("default"));
    let (_, after) = last_two(&s, &set).await;
    let all = Selection::All { set, filter: Filter::all(), after };
    let error = s.inspect.apply(&Action::Delete, &all, 9, at(1)).await.expect_err("refused");
    assert_eq!((error.kind, s.queued("default").await.len()), (ErrorKind::Invalid, 3));
}

pub(super) async fn a_page_goes_on_where_it_was_though_jobs_have_gone(s: Stage) {
    s.push(["A", "B", "C", "D"].map(job), 0).await;
    let set = Set::Queue(queue("default"));
    let first = s.inspect.page(&set, &Filter::all(), Direction::Forward, None, 2).await.expect("page");
    s.hello("p", 0).await;
    s.claim("p", 3, &["default"], 0).await;
    let rest = s.inspect.page(&set, &Filter::all(), Direction::Forward, first.next.as_ref(), 2).await.expect("page");
    assert_eq!(rest.rows.iter().map(|row| name_of(&row.payload)).collect::<Vec<_>>(), ["D"]);
}
