//! Looking and acting where sets are large: in bounded steps, and by the short way where there is one.

mod common;

use std::sync::Arc;

use common::Redis;
use redis::AsyncCommands;
use redis::aio::MultiplexedConnection;
use sancho_core::{Action, Cursor, Direction, Filter, Selection, Set, Sought, State, limits};
use sancho_redis::RedisStore;
use sancho_testkit::factory::{key, queue};
use sancho_testkit::{JobDraft, RedisServer, Stage, at, jid_of, job};

async fn stage(redis: &Redis) -> (Stage, MultiplexedConnection) {
    let url = redis.url();
    let store = Arc::new(RedisStore::connect(&url).await.expect("connect"));
    let raw = ::redis::Client::open(url).expect("a URL").get_multiplexed_async_connection().await.expect("connect");
    (Stage::new(store.clone(), store), raw)
}

fn class(pattern: &str) -> Filter {
    let mut filter = Filter::all();
    filter.class = Some(pattern.to_owned());
    filter
}

async fn push_many(s: &Stage, count: usize, draft: impl Fn(usize) -> JobDraft) {
    for start in (0..count).step_by(5_000) {
        s.push((start..count.min(start + 5_000)).map(&draft), 0).await;
    }
}

/// A Redis whose commands are counted: no other test has a share in them.
fn counted() -> Redis {
    Redis(Arc::new(RedisServer::start()))
}

/// How often Redis has run a command.
async fn calls(raw: &mut MultiplexedConnection, command: &str) -> u64 {
    let stats: String = redis::cmd("INFO").arg("commandstats").query_async(raw).await.expect("INFO");
    let line = stats.lines().find_map(|line| line.strip_prefix(&format!("cmdstat_{command}:calls=")));
    line.and_then(|line| line.split(',').next()?.parse().ok()).unwrap_or(0)
}

/// Does something to all that match, and answers how many jobs it was done to.
async fn sweep(s: &Stage, action: Action, set: Set, filter: Filter, limit: usize) -> usize {
    let (mut done, mut after): (usize, Option<Cursor>) = (0, None);
    for _ in 0..1_000 {
        let selection = Selection::All { set: set.clone(), filter: filter.clone(), after };
        let applied = s.apply(action.clone(), selection, limit, 1).await;
        assert!(applied.done <= limit, "no more than the limit");
        done += applied.done;
        match applied.next {
            Some(next) => after = Some(next),
            None => return done,
        }
    }
    panic!("it comes to no end");
}

#[tokio::test]
async fn every_third_job_of_a_queue_is_deleted_and_no_other() {
    let redis = Redis::default();
    let (s, _) = stage(&redis).await;
    push_many(&s, 1_000, |n| job(&format!("{}{n}", ["A", "B", "C"][n % 3]))).await;
    let set = Set::Queue(queue("default"));
    assert_eq!(sweep(&s, Action::Delete, set.clone(), class("B*"), 30).await, 333);
    let left = s.queued("default").await;
    let want: Vec<_> = (0..1_000).filter(|n| n % 3 != 1).map(|n| format!("{}{n}", ["A", "B", "C"][n % 3])).collect();
    assert_eq!(left, want);
}

#[tokio::test]
async fn jobs_of_one_time_are_each_acted_upon_once() {
    let redis = Redis::default();
    let (s, _) = stage(&redis).await;
    push_many(&s, 900, |n| job(&format!("{}{n}", ["A", "B"][n % 2])).at(at(60))).await;
    assert_eq!(s.rows(Set::Scheduled).await.len(), 900);
    assert_eq!(sweep(&s, Action::Delete, Set::Scheduled, class("A*"), 70).await, 450);
    assert_eq!(sweep(&s, Action::RunNow, Set::Scheduled, Filter::all(), 70).await, 450);
    assert_eq!((s.stats(1).await.scheduled, s.stats(1).await.enqueued), (0, 450));
}

#[tokio::test]
async fn a_page_looks_at_a_bounded_number_of_jobs() {
    let redis = Redis::default();
    let (s, _) = stage(&redis).await;
    push_many(&s, limits::JOBS_PER_SCAN_MAX + 700, |n| job(&format!("A{n}"))).await;
    push_many(&s, limits::JOBS_PER_SCAN_MAX + 700, |n| job(&format!("B{n}")).at(at(60))).await;
    for set in [Set::Queue(queue("default")), Set::Scheduled] {
        for direction in [Direction::Forward, Direction::Backward] {
            let first = s.inspect.page(&set, &class("nobody"), direction, None, 5).await.expect("page");
            assert!(first.rows.is_empty());
            let next = first.next.expect("there are more");
            let second = s.inspect.page(&set, &class("nobody"), direction, Some(&next), 5).await.expect("page");
            assert_eq!((second.rows.len(), second.next), (0, None));
        }
    }
}

#[tokio::test]
async fn a_job_that_was_listed_is_found_and_deleted_without_a_search() {
    let redis = counted();
    let (s, mut raw) = stage(&redis).await;
    push_many(&s, 3_000, |n| job(&format!("A{n}"))).await;
    let set = Set::Queue(queue("default"));
    let scans = calls(&mut raw, "zscan").await;
    for direction in [Direction::Forward, Direction::Backward] {
        let first = s.inspect.page(&set, &Filter::all(), direction, None, 1_000).await.expect("page");
        let next = first.next.expect("there are more");
        let far = s.inspect.page(&set, &class("A*5"), direction, Some(&next), 20).await.expect("page");
        // Others come and go meanwhile.
        s.push([job(&format!("new, {direction:?}"))], 0).await;
        assert_eq!(s.inspect.clear(&queue("default"), 3, at(1)).await.expect("clear"), 3);
        for jid in far.rows[..10].iter().map(|row| row.jid.clone()) {
            assert!(s.inspect.find(&jid).await.expect("find").is_some(), "{jid}");
            assert_eq!(s.apply(Action::Delete, Selection::Jid(jid), 1, 1).await.done, 1);
        }
    }
    assert_eq!(calls(&mut raw, "zscan").await, scans, "nothing was searched for");
    assert_eq!(s.stats(1).await.enqueued, 3_000 + 2 - 6 - 20);
}

/// How many steps it takes to know where a job is, each of them bounded.
async fn steps_to(s: &Stage, raw: &mut MultiplexedConnection, name: &str) -> (usize, Option<State>) {
    // A hundred by the search, which are of five hundred jobs or fewer, as Redis's tables are full; and a few before it.
    const READS_MAX: u64 = 110;
    let mut after: Option<Cursor> = None;
    for step in 1..100 {
        let before = reads(raw).await;
        let sought = s.inspect.seek(&jid_of(name), after.as_ref()).await.expect("seek");
        let made = reads(raw).await - before;
        assert!(made <= READS_MAX, "{made} reads in step {step}");
        match sought {
            Sought::Found(row) => return (step, Some(row.state)),
            Sought::Gone => return (step, None),
            Sought::Further(cursor) => after = Some(cursor),
        }
    }
    panic!("seeking {name} comes to no end")
}

async fn reads(raw: &mut MultiplexedConnection) -> u64 {
    calls(raw, "lrange").await + calls(raw, "zscan").await + calls(raw, "zrange").await
}

#[tokio::test]
async fn a_job_that_no_index_leads_to_is_sought_in_bounded_steps_and_acted_upon_without_another_search() {
    let redis = counted();
    let (s, mut raw) = stage(&redis).await;
    push_many(&s, 30_000, |n| job(&format!("A{n}")).at(at(60))).await;
    push_many(&s, 30_000, |n| job(&format!("B{n}"))).await;
    push_many(&s, 3_000, |n| job(&format!("C{n}")).queue("other")).await;
    // From the far end of its queue on, behind thirty thousand scheduled jobs: at least one step went before.
    let (steps, state) = steps_to(&s, &mut raw, "B7").await;
    assert_eq!((steps >= 3, state), (true, Some(State::Enqueued)), "{steps} steps");
    assert_eq!(steps_to(&s, &mut raw, "nobody").await.1, None);
    assert!(steps_to(&s, &mut raw, "nobody").await.0 >= 3, "what is nowhere is not remembered");

    let scans = calls(&mut raw, "zscan").await;
    // It moves on meanwhile, as others are pushed.
    push_many(&s, 700, |n| job(&format!("D{n}"))).await;
    assert_eq!(steps_to(&s, &mut raw, "B7").await, (1, Some(State::Enqueued)));
    assert_eq!(s.act(Action::Kill, "B7", 1).await.done, 1);
    assert_eq!(steps_to(&s, &mut raw, "B7").await, (1, Some(State::Dead)), "it is looked for where it was put");
    assert_eq!(s.act(Action::RunNow, "B7", 2).await.done, 1);
    assert_eq!(steps_to(&s, &mut raw, "B7").await, (1, Some(State::Enqueued)));
    assert_eq!(s.act(Action::Delete, "B7", 3).await.done, 1);
    assert_eq!(calls(&mut raw, "zscan").await, scans, "nothing was searched for");
    assert_eq!(steps_to(&s, &mut raw, "B7").await.1, None);
}

#[tokio::test]
async fn a_search_goes_on_though_its_place_is_gone() {
    let redis = Redis::default();
    let (s, _) = stage(&redis).await;
    s.push([job("A").queue("a"), job("C").queue("c")], 0).await;
    // Behind a queue that is gone come those whose names are later; and an index beyond a list is its end.
    for cursor in ["seek.Q|3|b", "seek.Q|4294967295|a", "seek.A||a", "seek.A||", "seek.H|0|", "seek.S|12345|"] {
        let found = s.inspect.seek(&jid_of("C"), Some(&Cursor(cursor.to_owned()))).await.expect(cursor);
        assert!(matches!(found, Sought::Found(row) if row.state == State::Enqueued), "{cursor}");
    }
    for cursor in ["seek.Q|0|c|", "seek.A||c", "seek.B||", "seek.D|0|", "seek.D|18446744073709551615|"] {
        let found = s.inspect.seek(&jid_of("C"), Some(&Cursor(cursor.to_owned()))).await.expect(cursor);
        assert!(matches!(found, Sought::Gone), "{cursor} goes on behind it");
    }
}

#[tokio::test]
async fn large_payloads_end_a_page_and_a_step_of_a_search_before_their_number_does() {
    let redis = Redis::default();
    let (s, _) = stage(&redis).await;
    let large = format!("[\"{}\"]", "x".repeat(1024 * 1024));
    for n in 0..50 {
        s.push([job(&format!("A{n}")).args(&large)], 0).await;
    }
    let set = Set::Queue(queue("default"));
    for direction in [Direction::Forward, Direction::Backward] {
        let page = s.inspect.page(&set, &Filter::all(), direction, None, 50).await.expect("page");
        assert_eq!(page.rows.len(), 32, "a page has some mebibytes");
        let next = page.next.expect("there are more");
        let rest = s.inspect.page(&set, &Filter::all(), direction, Some(&next), 50).await.expect("page");
        assert_eq!((rest.rows.len(), rest.next), (18, None));
    }
    let sought = s.inspect.seek(&jid_of("nobody"), None).await.expect("seek");
    assert!(matches!(sought, Sought::Further(_)), "{sought:?}");
    assert!(s.find("nobody").await.is_none());
}

#[tokio::test]
async fn jobs_are_taken_from_wherever_they_stand_in_a_long_queue() {
    let redis = Redis::default();
    let (s, _) = stage(&redis).await;
    push_many(&s, 4_000, |n| job(&format!("A{n}"))).await;
    let gone = ["A0", "A900", "A1500", "A2000", "A2600", "A3200", "A3999"];
    for name in gone {
        assert_eq!(s.act(Action::Delete, name, 1).await.done, 1, "{name}");
    }
    // And by a filter, by which each is known to be nearer to one end or the other.
    assert_eq!(sweep(&s, Action::Delete, Set::Queue(queue("default")), class("A*333"), 1_000).await, 4);
    let names = (0..4_000).map(|n| format!("A{n}"));
    let is_gone = |name: &str| gone.contains(&name) || name.ends_with("333");
    let want: Vec<String> = names.filter(|name| !is_gone(name)).collect();
    assert_eq!(s.queued("default").await, want);
}

#[tokio::test]
async fn a_large_queue_is_cleared_at_once_with_the_keys_of_its_jobs() {
    let redis = Redis::default();
    let (s, mut raw) = stage(&redis).await;
    push_many(&s, 900, |n| job(&format!("A{n}"))).await;
    s.push([job("K").key("k")], 0).await;
    assert_eq!(s.inspect.clear(&queue("default"), 10_000, at(1)).await.expect("clear"), 901);
    let keys: Vec<String> = redis::cmd("KEYS").arg("*").query_async(&mut raw).await.expect("KEYS");
    assert!(keys.iter().all(|key| key.starts_with("sancho:pushed:")), "{keys:?}");
}

#[tokio::test]
async fn a_waiting_job_is_canceled_without_a_search() {
    let redis = counted();
    let (s, mut raw) = stage(&redis).await;
    push_many(&s, 300, |n| job(&format!("A{n}")).at(at(60 + n as i64))).await;
    s.push([job("B").key("k").at(at(99))], 0).await;
    let scans = calls(&mut raw, "zscan").await;
    assert_eq!(s.act(Action::Reschedule { at: at(70) }, "A250", 1).await.done, 1);
    assert_eq!(s.act(Action::Cancel, "A250", 1).await.done, 1);
    assert_eq!(s.apply(Action::Cancel, Selection::Key(key("k")), 1, 1).await.done, 1);
    assert_eq!((calls(&mut raw, "zscan").await, s.stats(1).await.scheduled), (scans, 299));
    assert!(s.find("A17").await.is_some() && s.find("nobody").await.is_none());
    assert!(calls(&mut raw, "zscan").await > scans, "what is nowhere was searched for");
}

#[tokio::test]
async fn jobs_of_the_same_bytes_are_each_shown_once() {
    let redis = Redis::default();
    let (s, mut raw) = stage(&redis).await;
    let bytes = vec!["nonsense"; 500];
    let _: () = raw.lpush("queue:default", bytes).await.expect("a list");
    let set = Set::Queue(queue("default"));
    for direction in [Direction::Forward, Direction::Backward] {
        let (mut shown, mut cursor) = (0, None);
        for _ in 0..100 {
            let page = s.inspect.page(&set, &Filter::all(), direction, cursor.as_ref(), 7).await.expect("page");
            shown += page.rows.len();
            cursor = page.next;
            if cursor.is_none() {
                break;
            }
        }
        assert_eq!((shown, cursor), (500, None));
    }
    assert_eq!(sweep(&s, Action::Delete, set, Filter::all(), 70).await, 500);
}

#[tokio::test]
async fn what_is_claimed_is_not_canceled_and_what_is_canceled_is_not_claimed() {
    const JOBS: usize = 200;
    let redis = Redis::default();
    let (s, _) = stage(&redis).await;
    push_many(&s, JOBS, |n| job(&format!("A{n}")).key(&format!("k{n}"))).await;
    s.hello("p", 0).await;
    let canceling = {
        let s = s.clone();
        tokio::spawn(async move {
            let mut done = 0;
            for n in (0..JOBS).rev() {
                let selection = match n % 2 {
                    0 => Selection::Jid(jid_of(&format!("A{n}"))),
                    _ => Selection::Key(key(&format!("k{n}"))),
                };
                done += s.apply(Action::Cancel, selection, 1, 1).await.done;
            }
            done
        })
    };
    let mut claimed = 0;
    while !canceling.is_finished() {
        let claims = s.claim("p", 1, &["default"], 1).await;
        claimed += claims.len();
        for claim in &claims {
            s.done(claim, 1).await;
        }
    }
    let canceled = canceling.await.expect("it cancels");
    let stats = s.stats(2).await;
    assert_eq!(
        (claimed + canceled, stats.enqueued, stats.busy),
        (JOBS, 0, 0),
        "{claimed} claimed, {canceled} canceled"
    );
    assert!(claimed > 0 && canceled > 0);
}

#[tokio::test]
async fn of_many_jobs_of_one_time_one_is_found_in_steps() {
    let redis = counted();
    let (s, mut raw) = stage(&redis).await;
    push_many(&s, 2_500, |n| job(&format!("A{n}")).at(at(60))).await;
    s.push([job("early").at(at(50)), job("late").at(at(70))], 0).await;
    let scans = calls(&mut raw, "zscan").await;
    for n in [0, 1_234, 2_499] {
        assert_eq!(s.act(Action::Cancel, &format!("A{n}"), 1).await.done, 1);
    }
    assert_eq!((calls(&mut raw, "zscan").await, s.stats(1).await.scheduled), (scans, 2_499));
}

#[tokio::test]
async fn a_cursor_that_nobody_gave_is_refused() {
    let redis = Redis::default();
    let (s, _) = stage(&redis).await;
    push_many(&s, 10, |n| job(&format!("A{n}"))).await;
    push_many(&s, 10, |n| job(&format!("B{n}")).at(at(60))).await;
    let huge = usize::MAX;
    let marks = ["x".to_owned(), "1|2".to_owned(), format!("0|{huge}|0"), format!("{huge}|0|0"), "NaN|1|0".to_owned()];
    for set in [Set::Queue(queue("default")), Set::Scheduled, Set::Busy] {
        for (mark, direction) in marks.iter().flat_map(|mark| [(mark, Direction::Forward), (mark, Direction::Backward)])
        {
            let cursor = Cursor::new(direction, mark);
            // A number that is huge for a place may be one of a time.
            match s.inspect.page(&set, &Filter::all(), direction, Some(&cursor), 5).await {
                Ok(_) => assert!(mark.contains(&huge.to_string()), "{set:?} {cursor:?}"),
                Err(error) => assert_eq!(error.kind, sancho_core::ErrorKind::Invalid, "{set:?} {cursor:?}: {error}"),
            }
        }
    }
}

#[tokio::test]
async fn a_queue_is_read_backward_while_others_push_and_claim() {
    let redis = Redis::default();
    let (s, _) = stage(&redis).await;
    push_many(&s, 2_000, |n| job(&format!("A{n}"))).await;
    s.hello("p", 0).await;
    let (mut shown, mut cursor): (Vec<String>, Option<Cursor>) = (Vec::new(), None);
    let set = Set::Queue(queue("default"));
    for n in 0..1_000 {
        let page = s.inspect.page(&set, &Filter::all(), Direction::Backward, cursor.as_ref(), 50).await.expect("page");
        shown.extend(page.rows.iter().map(|row| sancho_testkit::stage::name_of(&row.payload)));
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
        push_many(&s, 20, |k| job(&format!("N{n}-{k}"))).await;
        s.claim("p", 30, &["default"], 1).await;
    }
    assert_eq!(cursor, None, "it comes to an end");
    let want: Vec<String> = (0..2_000).rev().map(|n| format!("A{n}")).take(shown.len()).collect();
    assert_eq!(shown, want, "each of those that stayed, once");
    assert!(shown.len() > 1_000);
}

#[tokio::test]
async fn a_store_says_where_it_is() {
    let redis = Redis::default();
    let url = redis.url();
    let store = RedisStore::connect(&url).await.expect("connect");
    let about = sancho_core::Inspect::about(&store).await.expect("about");
    assert_eq!(format!("redis://{}", about.place), url);
    assert!(about.bytes > 0 && about.version.starts_with(char::is_numeric), "{about:?}");
}
