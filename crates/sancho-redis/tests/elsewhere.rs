//! Jobs that processes of other programs run, as they tell of them: listed and found, and out of reach.

mod common;
#[path = "common/raw.rs"]
mod raw;

use std::sync::Arc;

use common::Redis;
use redis::FromRedisValue;
use sancho_core::lifecycle::Refusal;
use sancho_core::{
    Action, Cursor, Direction, ErrorKind, Filter, Incarnation, JobRow, Order, Selection, Set, State, limits,
};
use sancho_redis::RedisStore;
use sancho_testkit::{RedisServer, Stage, at, jid_of, job};
use serde_json::json;

const EIGHT: &str = "web:7:0123456789ab";
const SIX: &str = "web:8:0123456789ac";

async fn stage(url: &str) -> Stage {
    let store = Arc::new(RedisStore::connect(url).await.expect("connect"));
    Stage::new(store.clone(), store)
}

/// What a command answers.
fn text(url: &str, words: &[&str]) -> String {
    String::from_redis_value(raw::say(url, words)).expect("a text")
}

/// A process of Sidekiq that says that it runs so many.
fn process(url: &str, who: &str, busy: &str) {
    raw::say(url, &["SADD", "processes", who]);
    raw::say(url, &["HSET", who, "info", r#"{"hostname":"web","pid":7,"queues":["default"]}"#, "busy", busy]);
}

fn runs(url: &str, hash: &str, thread: &str, entry: &str) {
    raw::say(url, &["HSET", hash, thread, entry]);
}

fn payload(name: &str) -> String {
    json!({"class": name, "args": [], "jid": jid_of(name).as_str(), "queue": "low"}).to_string()
}

/// What a process tells of a job that it runs since so many seconds.
fn entry(name: &str, since: i64) -> String {
    let run_at = at(since).as_unix_micros() / 1_000_000;
    json!({"queue": "low", "payload": payload(name), "run_at": run_at}).to_string()
}

async fn listed(s: &Stage, direction: Direction, filter: &str) -> Vec<JobRow> {
    let (mut rows, mut cursor): (Vec<JobRow>, Option<Cursor>) = (Vec::new(), None);
    let filter = Filter::parse(filter, at(0)).expect("a filter");
    loop {
        let page = s.inspect.page(&Set::Busy, &filter, direction, cursor.as_ref(), 2).await.expect("page");
        rows.extend(page.rows);
        match page.next {
            Some(next) => cursor = Some(next),
            None => return rows,
        }
    }
}

async fn names(s: &Stage, direction: Direction, filter: &str) -> Vec<String> {
    let name = |row: &JobRow| row.payload.envelope().map_or("?".to_owned(), |job| job.class().to_owned());
    listed(s, direction, filter).await.iter().map(name).collect()
}

/// Two processes of Sidekiq, of the ways in which they tell of their jobs; and one of ours that runs one.
async fn fleet(url: &str) -> Stage {
    let s = stage(url).await;
    process(url, EIGHT, "2");
    process(url, SIX, "1");
    runs(url, &format!("{EIGHT}:work"), "t1", &entry("B", 20));
    let millis = at(30).as_unix_millis();
    runs(
        url,
        &format!("{EIGHT}:work"),
        "t2",
        &json!({"queue": "low", "payload": payload("C"), "run_at": millis}).to_string(),
    );
    let inner: serde_json::Value = serde_json::from_str(&payload("D")).expect("JSON");
    let since = at(40).as_unix_micros() / 1_000_000;
    runs(url, &format!("{SIX}:workers"), "t1", &json!({"queue": "low", "payload": inner, "run_at": since}).to_string());
    s.push([job("A")], 0).await;
    s.hello("p", 0).await;
    s.claim("p", 1, &["default"], 10).await;
    s
}

#[tokio::test]
async fn what_other_programs_run_is_listed_by_its_start_in_both_directions() {
    let redis = Redis::default();
    let url = redis.url();
    let s = fleet(&url).await;
    assert_eq!(names(&s, Direction::Forward, "").await, ["A", "B", "C", "D"]);
    assert_eq!(names(&s, Direction::Backward, "").await, ["D", "C", "B", "A"]);
    assert_eq!(names(&s, Direction::Forward, "queue:low -class:C").await, ["B", "D"]);
    let rows = listed(&s, Direction::Forward, "").await;
    let told = |row: &JobRow| {
        let who = row.incarnation.clone().expect("somebody runs it");
        (row.state, row.queue.to_string(), row.at.expect("since when"), who.to_string())
    };
    let want = |secs, who: &str| (State::Busy, "low".to_owned(), at(secs), who.to_owned());
    assert_eq!(rows[1..].iter().map(told).collect::<Vec<_>>(), [want(20, EIGHT), want(30, EIGHT), want(40, SIX)]);
    assert_eq!(rows[1].payload.as_bytes(), payload("B").as_bytes(), "byte for byte");
}

#[tokio::test]
async fn what_other_programs_run_is_found_and_counted() {
    let redis = Redis::default();
    let url = redis.url();
    let s = fleet(&url).await;
    let row = s.find("D").await.expect("it runs");
    assert_eq!((row.state, row.incarnation), (State::Busy, Some(Incarnation::new(SIX))));
    assert_eq!(s.stats(50).await.busy, 4);
    assert!(s.find("nobody").await.is_none());
    raw::say(&url, &["DEL", EIGHT]);
    assert_eq!(names(&s, Direction::Forward, "").await, ["A", "D"], "a process that tells nothing more has gone");
    assert!(s.find("B").await.is_none());
    raw::say(&url, &["SREM", "processes", SIX]);
    assert_eq!((names(&s, Direction::Forward, "").await, s.stats(50).await.busy), (vec!["A".to_owned()], 1));
}

#[tokio::test]
async fn what_other_programs_run_is_out_of_reach() {
    let redis = Redis::default();
    let url = redis.url();
    let s = fleet(&url).await;
    for action in [Action::RunNow, Action::Kill, Action::Delete, Action::Cancel, Action::Reschedule { at: at(90) }] {
        let applied = s.act(action.clone(), "B", 50).await;
        assert_eq!((applied.done, applied.refused), (0, vec![(jid_of("B"), Refusal::Started)]), "{action:?}");
    }
    let all = Selection::All { set: Set::Busy, filter: Filter::all(), after: None };
    assert_eq!(s.apply(Action::Delete, all, 10, 50).await.refused.len(), 4);
    assert_eq!(names(&s, Direction::Forward, "").await, ["A", "B", "C", "D"]);
    let cancel = Order::Cancel(jid_of("B"));
    let error = s.inspect.order(&Incarnation::new(EIGHT), &cancel, at(50)).await.expect_err("it has no such order");
    assert_eq!(error.kind, ErrorKind::Unsupported);
}

#[tokio::test]
async fn a_job_that_has_gone_on_since_is_acted_upon_where_it_is() {
    let redis = Redis::default();
    let url = redis.url();
    let s = fleet(&url).await;
    let due = at(90).as_unix_micros() / 1_000_000;
    raw::say(&url, &["ZADD", "retry", &due.to_string(), &payload("B")]);
    assert_eq!(s.act(Action::Delete, "B", 50).await.done, 1, "its process has not beat yet");
    assert_eq!(s.stats(50).await.retries, 0);
}

#[tokio::test]
async fn a_running_job_of_another_program_holds_no_key() {
    let redis = Redis::default();
    let (url, queue) = (redis.url(), "queue:low");
    let s = stage(&url).await;
    process(&url, EIGHT, "1");
    s.push([job("K").key("k").queue("low")], 0).await;
    let bytes = text(&url, &["RPOP", queue]);
    runs(&url, &format!("{EIGHT}:work"), "t", &json!({"queue": "low", "payload": bytes, "run_at": 7}).to_string());
    let row = listed(&s, Direction::Forward, "").await.remove(0);
    assert_eq!((row.jid, row.key), (jid_of("K"), None));
    assert!(s.holder("k").await.is_none(), "a push may take it");
}

#[tokio::test]
async fn junk_where_other_programs_tell_of_their_jobs_hides_no_other() {
    let redis = Redis::default();
    let url = redis.url();
    let s = fleet(&url).await;
    for (thread, junk) in
        [("j1", "nonsense"), ("j2", "[]"), ("j3", "{}"), ("j4", r#"{"payload":"no job","run_at":"x"}"#)]
    {
        runs(&url, &format!("{EIGHT}:work"), thread, junk);
    }
    for (who, kind) in [("web:1:a", "SET"), ("web:2:b", "LPUSH")] {
        process(&url, who, "many");
        raw::say(&url, &[kind, &format!("{who}:work"), "x"]);
        runs(&url, &format!("{who}:workers"), "t", &entry(if kind == "SET" { "E" } else { "F" }, 60));
    }
    raw::say(&url, &["SADD", "processes", "queue:default", "", "no colon"]);
    raw::say(&url, &["LPUSH", "no colon", "x"]);
    let mut shown = names(&s, Direction::Forward, "").await;
    shown.sort();
    assert_eq!(shown, ["?", "A", "B", "C", "D", "E", "F"]);
    let odd = listed(&s, Direction::Forward, "\"no job\"").await.remove(0);
    assert_eq!((odd.at, odd.queue.as_str(), odd.payload.as_bytes()), (None, "default", &b"no job"[..]));
    let found = s.inspect.find(&odd.jid).await.expect("find").expect("by the id that was made for it");
    assert_eq!(found.payload.as_bytes(), b"no job");
    raw::say(&url, &["DEL", "processes"]);
    raw::say(&url, &["SET", "processes", "x"]);
    assert_eq!(names(&s, Direction::Forward, "").await, ["A"]);
}

#[tokio::test]
async fn many_processes_cost_few_round_trips_and_a_bounded_number_of_jobs() {
    // No other test has a share in what is counted.
    let server = RedisServer::start();
    let url = server.fresh_url();
    let s = stage(&url).await;
    let mut fleet = redis::pipe();
    for n in 0..300 {
        let (who, busy) = (format!("web:{n}:x"), if n % 3 == 0 { "0" } else { "1" });
        fleet.cmd("SADD").arg("processes").arg(&who);
        fleet.cmd("HSET").arg(&who).arg(&["info", "{}", "busy", busy]);
        fleet.cmd("HSET").arg(format!("{who}:work")).arg("t").arg(entry(&format!("J{n}"), n));
    }
    let _: () = fleet.query(&mut raw::raw(&url)).expect("Redis answers");
    let before = calls(&url);
    let page = s.inspect.page(&Set::Busy, &Filter::all(), Direction::Backward, None, 5).await.expect("page");
    let first = page.rows[0].payload.envelope().expect("a job").class().to_owned();
    assert_eq!((page.rows.len(), first.as_str()), (5, "J299"));
    assert_eq!(calls(&url) - before, 400, "those that run nothing are not read");

    let huge = format!("{EIGHT}:work");
    process(&url, EIGHT, "1");
    for start in (0..20_000).step_by(1_000) {
        let threads: Vec<String> = (start..start + 1_000).map(|n| format!("t{n}")).collect();
        let entry = entry("Huge", 1);
        let pairs = threads.iter().flat_map(|thread| [thread.as_str(), &entry]);
        raw::say(&url, &["HSET", &huge].into_iter().chain(pairs).collect::<Vec<_>>());
    }
    let filter = Filter::parse("class:Huge", at(0)).expect("a filter");
    let page = s.inspect.page(&Set::Busy, &filter, Direction::Forward, None, usize::MAX).await.expect("page");
    let huge = page.rows.len();
    assert!((1..limits::JOBS_PER_SCAN_MAX).contains(&huge), "{huge}");
    assert_eq!(s.queued("default").await, Vec::<String>::new());
}

/// How often the hashes of processes were read.
fn calls(url: &str) -> u64 {
    let stats = text(url, &["INFO", "commandstats"]);
    let line = stats.lines().find_map(|line| line.strip_prefix("cmdstat_hscan:calls="));
    line.and_then(|line| line.split(',').next()?.parse().ok()).unwrap_or(0)
}
