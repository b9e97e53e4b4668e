//! Facts of looking.

use std::time::Duration;

use sancho_core::inspect::Paused;
use sancho_core::{
    Action, Checkpoint, Claim, Cursor, Direction, ErrorKind, Filter, Finding, JobRow, Kept, Level, Pausable, Place,
    Progress, QueueRow, Set, Sought, State, Stats, Tally,
};

use crate::factory::{jid_of, job, key, queue};
use crate::stage::{Stage, at, held, name_of, performed, settlement};

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
    assert!(findings.iter().all(|finding| finding.level <= Level::Notice || finding.kind.is_some()), "{findings:?}");
    assert_eq!(s.queued("default").await, ["A"], "nothing was changed");
}
