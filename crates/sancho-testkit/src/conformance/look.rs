//! Facts of looking.

use std::sync::Arc;
use std::time::Duration;

use sancho_core::inspect::Paused;
use sancho_core::redact::{Hidden, Lens};
use sancho_core::{
    Action, Checkpoint, Claim, Cursor, Direction, ErrorKind, Filter, Finding, JobRow, Kept, Level, Pausable, Place,
    Progress, QueueRow, Selection, Set, Sought, State, Stats, Tally,
};

use crate::factory::{jid_of, job, key, queue, unreadable};
use crate::stage::{Stage, at, held, name_of, performed, settlement};

/// The names that pages of two jobs show, page by page.
async fn pages(s: &Stage, set: Set, filter: Filter) -> Vec<String> {
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

fn filter(class: Option<&str>, text: Option<&str>) -> Filter {
    let mut filter = Filter::all();
    filter.class = class.map(str::to_owned);
    filter.text = text.map(str::to_owned);
    filter
}

pub(super) async fn a_fresh_store_is_empty(s: Stage) {
    assert_eq!(s.stats(0).await, Stats::default());
    assert!(s.inspect.queues(at(0)).await.expect("queues").is_empty());
    assert!(s.inspect.processes(at(0)).await.expect("processes").is_empty());
    for set in [Set::Busy, Set::Scheduled, Set::Retries, Set::Dead, Set::Held, Set::Queue(queue("default"))] {
        assert!(s.rows(set).await.is_empty());
    }
}

pub(super) async fn totals_count_each_set(s: Stage) {
    let names = ["A", "B", "C", "D", "E", "F"];
    s.push(names.map(job), 0).await;
    s.push([job("G").at(at(9)), job("H").at(at(9))], 0).await;
    s.hello("p", 0).await;
    let claims = s.claim("p", 4, &["default"], 0).await;
    s.settle(&claims[0], Place::Retries { at: at(9) }, 1).await;
    s.settle(&claims[1], Place::Dead, 1).await;
    s.settle(&claims[2], held(), 1).await;
    let want =
        Stats { busy: 1, enqueued: 2, scheduled: 2, retries: 1, dead: 1, held: 1, processes: 1, ..Stats::default() };
    assert_eq!(s.stats(1).await, want);
}

pub(super) async fn history_is_by_day_and_today_is_first(s: Stage) {
    const DAY: i64 = 86_400;
    s.push([job("A"), job("B"), job("C")], 0).await;
    s.hello("p", 0).await;
    let claims = s.claim("p", 3, &["default"], 0).await;
    s.done(&claims[0], 0).await;
    s.done(&claims[1], 2 * DAY).await;
    let mut failed = settlement(&claims[2], Place::Dead);
    failed.transition.tally = Tally { processed: 1, failed: 1 };
    s.settle_all(vec![failed], 2 * DAY + 1).await;
    let days = s.inspect.history(3, at(2 * DAY + 2)).await.expect("history");
    let counts: Vec<_> = days.iter().map(|day| (day.processed, day.failed)).collect();
    assert_eq!(counts, [(2, 1), (0, 0), (1, 0)]);
    let first = at(0).unix_day();
    assert_eq!(days.iter().map(|day| day.unix_day).collect::<Vec<_>>(), [first + 2, first + 1, first]);
}

pub(super) async fn a_queue_tells_its_size_and_how_long_it_waits(s: Stage) {
    s.push([job("A").queue("low")], 3).await;
    s.push([job("B").queue("low"), job("C").queue("high")], 7).await;
    let row = |name: &str, size, latency| QueueRow {
        name: queue(name),
        size,
        latency: Duration::from_secs(latency),
        paused: Paused::No,
    };
    assert_eq!(s.inspect.queues(at(10)).await.expect("queues"), [row("high", 1, 3), row("low", 2, 7)]);
}

pub(super) async fn an_empty_queue_waits_for_nothing(s: Stage) {
    s.push([job("A")], 0).await;
    let claim = s.claim_one("p", 0).await;
    s.done(&claim, 1).await;
    let row = s.inspect.queues(at(50)).await.expect("queues").remove(0);
    assert_eq!((row.size, row.latency), (0, Duration::ZERO));
}

pub(super) async fn a_paused_queue_is_shown_as_paused(s: Stage) {
    s.push([job("A").queue("a"), job("B").queue("b")], 0).await;
    s.inspect.pause(&Pausable::Queue(queue("a")), at(1)).await.expect("pause");
    s.inspect.pause(&Pausable::Queue(queue("a")), at(1)).await.expect("pause twice");
    let paused = |rows: Vec<QueueRow>| rows.into_iter().map(|row| row.paused).collect::<Vec<_>>();
    assert_eq!(paused(s.inspect.queues(at(1)).await.expect("queues")), [Paused::Yes, Paused::No]);
    s.inspect.resume(&Pausable::Queue(queue("a")), at(2)).await.expect("resume");
    assert_eq!(paused(s.inspect.queues(at(2)).await.expect("queues")), [Paused::No, Paused::No]);
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

pub(super) async fn a_page_is_filtered_by_class(s: Stage) {
    let classes = [("A", "Mailer"), ("B", "Resizer"), ("C", "MailDigest"), ("D", "Email"), ("E", "Mailer")];
    s.push(classes.map(|(name, class)| job(name).class(class)), 0).await;
    let set = Set::Queue(queue("default"));
    assert_eq!(pages(&s, set.clone(), filter(Some("Mail*"), None)).await, ["Mailer", "MailDigest", "Mailer"]);
    assert_eq!(pages(&s, set, filter(Some("Mailer"), None)).await, ["Mailer", "Mailer"]);
}

pub(super) async fn a_page_is_filtered_by_text(s: Stage) {
    s.push([job("A").args("[\"blue\"]"), job("B").args("[\"red\"]"), job("C").args("[\"dark blue\"]")], 0).await;
    assert_eq!(pages(&s, Set::Queue(queue("default")), filter(None, Some("blue"))).await, ["A", "C"]);
    assert_eq!(pages(&s, Set::Queue(queue("default")), filter(Some("C"), Some("blue"))).await, ["C"]);
}

pub(super) async fn what_a_lens_hides_tells_neither_what_passes_nor_where_a_page_ends(s: Stage) {
    let secret = |name: &str| job(name).class("Hides").args("[7,\"4111\"]");
    s.push([secret("A").queue("has"), secret("B").args("[7,\"9\"]").queue("has-not")], 0).await;
    s.push([secret("C").at(at(900))], 0).await;
    let mut lens = Lens::default();
    lens.hide("Hides", Hidden::argument(1));
    let lens = Arc::new(lens);
    let through = |text| Filter::parse(text, at(1)).expect("a filter").through(Arc::clone(&lens));
    for (text, passes) in [("arg~4", 0), ("-arg~4", 1), ("4111", 0), ("-\"4111\"", 1), ("arg:7", 1), ("", 1)] {
        let filter = through(text);
        let mut ends = Vec::new();
        for set in ["has", "has-not"].map(|name| Set::Queue(queue(name))) {
            for direction in [Direction::Forward, Direction::Backward] {
                let page = s.inspect.page(&set, &filter, direction, None, 1).await.expect("page");
                assert_eq!(page.rows.len(), passes, "{text}");
                ends.push(page.next.is_some());
            }
        }
        assert!(ends.iter().all(|end| *end == ends[0]), "{text}: {ends:?}");
    }
    let all = |text| Selection::All { set: Set::Scheduled, filter: through(text), after: None };
    assert_eq!(s.apply(Action::Delete, all("arg:4111"), 10, 1).await.done, 0);
    assert_eq!(s.apply(Action::Delete, all("-arg:4111"), 10, 1).await.done, 1);
}

/// The names of the jobs of the retries that a filter lets pass, as seen half a minute after the start.
async fn retries_that_pass(s: &Stage, filter: &str) -> Vec<String> {
    let filter = Filter::parse(filter, at(30)).expect("a filter");
    pages(s, Set::Retries, filter).await
}

/// Jobs that differ in all that a filter can be about; the last is one that nobody can read.
async fn varied(s: &Stage) {
    let second = at(0).as_unix_micros() / 1_000_000;
    let members = [
        ("A", r#""args":[7]"#.to_owned()),
        ("B", r#""args":["blue",[7]],"queue":"high""#.to_owned()),
        ("C", r#""queue":"low","key":"user:7","tags":["eu","big ones"]"#.to_owned()),
        ("D", r#""retry_count":3,"error_class":"Net::Timeout","error_message":"oh""#.to_owned()),
        ("E", format!(r#""created_at":{}.0,"failed_at":{}.0"#, second + 10, second + 25)),
        ("F", r#""wrapped":"Inner","tags":["us"]"#.to_owned()),
    ];
    let place = || Place::Retries { at: at(900) };
    let mut jobs = vec![unreadable("G", b"oops {").place(place())];
    for (name, members) in &members {
        let payload = format!(r#"{{"class":"{name}","jid":"{}",{members}}}"#, jid_of(name));
        let new = job(name).place(place()).payload(&payload);
        jobs.push(if *name == "C" { new.key("user:7") } else { new });
    }
    s.push(jobs, 0).await;
}

pub(super) async fn a_page_is_filtered_by_every_term(s: Stage) {
    varied(&s).await;
    for (filter, want) in [
        ("class:A", &["A"][..]),
        ("class:Inn*", &["F"]),
        ("queue:low", &["C"]),
        ("key:user:7", &["C"]),
        ("tag:\"big ones\"", &["C"]),
        ("arg:7", &["A"]),
        ("arg~BLUE", &["B"]),
        ("error~timeout", &["D"]),
        ("error:oh", &["D"]),
        ("attempts>3", &["D"]),
        ("age>=20s", &["E"]),
        ("age>20s", &[]),
        ("failed<10s", &["E"]),
        ("oops", &["oops {"]),
        ("class:* -attempts:0", &["D"]),
        ("tag:* -tag:eu", &["F"]),
        ("tag:* queue:low", &["C"]),
        ("tag:us queue:low", &[]),
    ] {
        let mut names = retries_that_pass(&s, filter).await;
        names.sort();
        assert_eq!(names, want, "{filter}");
    }
    let jid = jid_of("C");
    assert_eq!(retries_that_pass(&s, &format!("jid:{}*", &jid.as_str()[..20])).await, ["C"]);
}

pub(super) async fn a_term_and_its_negation_part_a_set_in_two(s: Stage) {
    varied(&s).await;
    for term in ["class:A", "queue:low", "tag:eu", "arg:7", "error~timeout", "attempts>3", "age>5s", "blue"] {
        let mut with = retries_that_pass(&s, term).await;
        with.extend(retries_that_pass(&s, &format!("-{term}")).await);
        with.sort();
        assert_eq!(with, ["A", "B", "C", "D", "E", "F", "oops {"], "{term}");
    }
}

pub(super) async fn an_unreadable_job_is_found_by_its_text_and_shown(s: Stage) {
    s.push([unreadable("A", b"oops {"), job("B")], 0).await;
    assert_eq!(pages(&s, Set::Queue(queue("default")), filter(None, Some("oops"))).await, ["oops {"]);
    assert_eq!(pages(&s, Set::Queue(queue("default")), Filter::all()).await, ["oops {", "B"]);
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

pub(super) async fn a_job_is_found_wherever_it_is(s: Stage) {
    s.push([job("A"), job("B").at(at(9))], 0).await;
    assert_eq!((s.state("A").await, s.state("B").await), (Some(State::Enqueued), Some(State::Scheduled)));
    let claim = s.claim_one("p", 0).await;
    assert_eq!(s.state("A").await, Some(State::Busy));
    s.settle(&claim, Place::Dead, 1).await;
    assert_eq!((s.state("A").await, s.state("nobody").await), (Some(State::Dead), None));
}

/// Where the job with this name is, by steps of seeking it. More of them than a search could take end the test.
async fn sought(s: &Stage, name: &str) -> Option<State> {
    const STEPS_MAX: usize = 100;
    let (jid, mut after) = (jid_of(name), None);
    for _ in 0..STEPS_MAX {
        match s.inspect.seek(&jid, after.as_ref()).await.expect("seek") {
            Sought::Found(row) => {
                assert_eq!((&row.jid, name_of(&row.payload).as_str()), (&jid, name));
                return Some(row.state);
            }
            Sought::Gone => return None,
            Sought::Further(cursor) => after = Some(cursor),
        }
    }
    panic!("seeking {name} comes to no end")
}

pub(super) async fn a_job_is_sought_step_by_step_wherever_it_is(s: Stage) {
    s.push([job("A"), job("B"), job("C"), job("D"), job("E").at(at(90)), job("F").queue("other")], 0).await;
    s.hello("p", 0).await;
    let claims = s.claim("p", 4, &["default"], 0).await;
    s.settle(&claims[1], Place::Retries { at: at(9) }, 1).await;
    s.settle(&claims[2], Place::Dead, 1).await;
    s.settle(&claims[3], held(), 1).await;
    let states = [
        ("A", State::Busy),
        ("B", State::Retries),
        ("C", State::Dead),
        ("D", State::Held),
        ("E", State::Scheduled),
        ("F", State::Enqueued),
    ];
    for (name, state) in states {
        assert_eq!(sought(&s, name).await, Some(state), "{name}");
        assert_eq!(s.state(name).await, Some(state), "{name} is found where it is sought");
    }
    s.done(&claims[0], 2).await;
    assert_eq!(sought(&s, "A").await, None);
    // What became of a job is found though it was seen elsewhere before.
    s.act(Action::Kill, "F", 2).await;
    s.act(Action::RunNow, "C", 2).await;
    assert_eq!((sought(&s, "F").await, sought(&s, "C").await), (Some(State::Dead), Some(State::Enqueued)));
    s.act(Action::Delete, "C", 3).await;
    assert_eq!(sought(&s, "C").await, None);
}

pub(super) async fn an_id_that_is_nowhere_is_gone_after_so_many_steps(s: Stage) {
    assert_eq!(sought(&s, "nobody").await, None);
    // More queues than one step may look at.
    s.push((0..300).map(|n| job(&format!("A{n}")).queue(&format!("queue-{n:03}"))), 0).await;
    s.push([job("B").at(at(9))], 0).await;
    assert_eq!(sought(&s, "nobody").await, None);
    for name in ["A0", "A150", "A299", "B"] {
        assert!(sought(&s, name).await.is_some(), "{name}");
    }
}

pub(super) async fn a_job_is_sought_with_cursors_of_searches_only(s: Stage) {
    s.push(["A", "B", "C"].map(job), 0).await;
    let set = Set::Queue(queue("default"));
    let page = s.inspect.page(&set, &Filter::all(), Direction::Forward, None, 1).await.expect("page");
    let foreign = ["", "0", "A", "nonsense", "1|2|3", "back.1|2|3"].map(|text| Cursor(text.to_owned()));
    for cursor in foreign.into_iter().chain(page.next) {
        for name in ["A", "nobody"] {
            let error = s.inspect.seek(&jid_of(name), Some(&cursor)).await.expect_err(name);
            assert_eq!(error.kind, ErrorKind::Invalid, "{cursor:?}: {error}");
        }
    }
}

pub(super) async fn a_job_is_found_by_its_key(s: Stage) {
    s.push([job("A").key("ä key: \"42\"").at(at(9)), job("B").key("other")], 0).await;
    let row = s.inspect.find_key(&key("ä key: \"42\"")).await.expect("find_key").expect("it is taken");
    assert_eq!((name_of(&row.payload).as_str(), row.state), ("A", State::Scheduled));
    assert!(s.inspect.find_key(&key("ä key")).await.expect("find_key").is_none());
}

async fn keep(s: &Stage, claim: &Claim, bytes: &[u8]) {
    let checkpoint = Checkpoint { receipt: claim.receipt.clone(), bytes: bytes.into() };
    assert_eq!(s.store.checkpoint(&[checkpoint], at(1)).await.expect("checkpoint"), [Kept::Kept]);
}

pub(super) async fn a_busy_job_shows_how_far_it_is(s: Stage) {
    s.push([job("A"), job("B").key("b"), job("C")], 0).await;
    s.hello("p", 0).await;
    let claims = s.claim("p", 3, &["default"], 0).await;
    keep(&s, &claims[1], br#"{"progress":[7,50],"step":"resize","cursor":7}"#).await;
    let listed = |rows: Vec<JobRow>| {
        let far = |row: JobRow| (name_of(&row.payload), row.kept.progress().map(|it| it.done), row.kept.step());
        let mut all: Vec<_> = rows.into_iter().map(far).collect();
        all.sort();
        all
    };
    let nothing = |name: &str| (name.to_owned(), None, None);
    let far = ("B".to_owned(), Some(7), Some("resize".to_owned()));
    assert_eq!(listed(s.rows(Set::Busy).await), [nothing("A"), far.clone(), nothing("C")]);
    let (by_jid, by_key) = (s.find("B").await, s.inspect.find_key(&key("b")).await.expect("find_key"));
    for row in [by_jid, by_key] {
        let row = row.expect("it runs");
        assert_eq!(row.kept.progress(), Some(Progress { done: 7, total: 50 }));
        assert_eq!(row.kept.get("cursor"), Some("7"));
        assert_eq!(listed(vec![row])[0], far);
    }
    keep(&s, &claims[1], br#"{"progress":[8,50]}"#).await;
    assert_eq!(listed(s.rows(Set::Busy).await)[1], ("B".to_owned(), Some(8), None));
}

pub(super) async fn what_a_job_kept_is_shown_wherever_it_is(s: Stage) {
    s.push([job("A")], 0).await;
    let claim = s.claim_one("p", 0).await;
    keep(&s, &claim, br#"{"step":"upload"}"#).await;
    s.settle(&claim, Place::Retries { at: at(9) }, 2).await;
    assert_eq!(s.rows(Set::Retries).await[0].kept.step().as_deref(), Some("upload"));
    s.promote(9).await;
    assert_eq!(s.rows(Set::Queue(queue("default"))).await[0].kept.step().as_deref(), Some("upload"));
}

pub(super) async fn a_checkpoint_that_makes_no_sense_shows_nothing(s: Stage) {
    s.push([job("A")], 0).await;
    let claim = s.claim_one("p", 0).await;
    for bytes in [&b"page \xff2"[..], b"", br#"{"progress":"7","step":[7]}"#] {
        keep(&s, &claim, bytes).await;
        let row = &s.rows(Set::Busy).await[0];
        assert_eq!((row.kept.progress(), row.kept.step()), (None, None));
    }
}

pub(super) async fn looking_changes_nothing(s: Stage) {
    s.push([job("A"), job("B").at(at(9))], 0).await;
    let before = s.stats(20).await;
    s.inspect.queues(at(20)).await.expect("queues");
    s.inspect.history(3, at(20)).await.expect("history");
    s.rows(Set::Scheduled).await;
    assert_eq!(s.stats(20).await, before);
    assert_eq!(s.queued("default").await, ["A"]);
}

pub(super) async fn a_store_says_what_it_is(s: Stage) {
    let about = s.inspect.about().await.expect("about");
    assert!(!about.kind.is_empty() && !about.version.is_empty(), "{about:?}");
}

pub(super) async fn counters_stay_when_jobs_have_gone(s: Stage) {
    s.push([job("A")], 0).await;
    let claim = s.claim_one("p", 0).await;
    let mut failed = performed(&claim);
    failed.transition.tally.failed = 1;
    s.settle_all(vec![failed], 1).await;
    let stats = s.stats(900).await;
    assert_eq!((stats.processed, stats.failed, stats.busy), (1, 1, 0));
}

pub(super) async fn a_store_that_is_well_says_something_and_names_no_problem(s: Stage) {
    s.push([job("A")], 0).await;
    let findings = s.inspect.checkup(at(0)).await.expect("checkup");
    assert!(!findings.is_empty() && findings.iter().all(|finding| !finding.what.is_empty()), "{findings:?}");
    // A clock of the store's own is far from the time that a fact tells.
    let problem = |finding: &&Finding| finding.level == Level::Problem && !finding.what.contains("clock");
    assert_eq!(findings.iter().find(problem), None);
    assert!(findings.iter().all(|finding| (finding.level > Level::Notice) == finding.fix.is_some()), "{findings:?}");
    assert_eq!(s.queued("default").await, ["A"], "nothing was changed");
}
