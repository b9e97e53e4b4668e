//! Jobs that another program pushed, moved, rewrote or took.

mod common;

use common::Redis;
use redis::AsyncCommands;
use redis::aio::MultiplexedConnection;
use sancho_core::lifecycle::Refusal;
use sancho_core::{
    Action, Applied, Cursor, Direction, Filter, Incarnation, Interest, OnConflict, Order, Place, Pushed, Retention,
    Selection, Set, State, Store,
};
use sancho_redis::RedisStore;
use sancho_testkit::factory::{key, queue};
use sancho_testkit::stage::{back, claimed, name_of};
use sancho_testkit::{RedisServer, Stage, at, jid_of, job};
use std::sync::Arc;
use std::time::Duration;

async fn stage(redis: &Redis) -> (Stage, MultiplexedConnection) {
    let url = redis.url();
    let store = Arc::new(RedisStore::connect(&url).await.expect("connect"));
    let raw = ::redis::Client::open(url).expect("a URL").get_multiplexed_async_connection().await.expect("connect");
    (Stage::new(store.clone(), store), raw)
}

/// The same job as another program may write it: members in another order, other spaces, line breaks.
fn rewritten(bytes: &[u8]) -> Vec<u8> {
    let mut job: serde_json::Value = serde_json::from_slice(bytes).expect("a job is JSON");
    job.as_object_mut().expect("a job is an object").remove("enqueued_at");
    let text = serde_json::to_vec_pretty(&job).expect("JSON is written");
    assert_ne!(text, bytes);
    text
}

/// Rewrites the only member of a sorted set where it is.
async fn rewrite(raw: &mut MultiplexedConnection, set: &str) {
    let members: Vec<(Vec<u8>, f64)> = raw.zrange_withscores(set, 0, -1).await.expect("a set");
    let [(bytes, score)] = &members[..] else { panic!("{set} has {} members", members.len()) };
    let _: () = raw.zrem(set, bytes).await.expect("it is there");
    let _: () = raw.zadd(set, rewritten(bytes), score).await.expect("it is put back");
}

/// Takes the next job of `default` away, and leaves it in a sorted set, rewritten.
async fn run_and_fail(raw: &mut MultiplexedConnection, set: &str, due: i64) {
    let bytes: Vec<u8> = raw.rpop("queue:default", None).await.expect("a job is in the queue");
    let _: () = raw.zadd(set, rewritten(&bytes), at(due).as_unix_secs_f64()).await.expect("a set");
}

fn by_key() -> Selection {
    Selection::Key(key("k"))
}

/// How many jobs there are, wherever they are.
async fn jobs(s: &Stage) -> u64 {
    let stats = s.stats(9).await;
    stats.enqueued + stats.busy + stats.scheduled + stats.retries + stats.dead + stats.held
}

#[tokio::test]
async fn a_job_without_a_jid_is_claimed_retried_and_promoted() {
    let redis = Redis::default();
    let (s, mut raw) = stage(&redis).await;
    let bytes = r#"{ "class": "A", "queue": "default", "args": [ 1.0 ] }"#;
    let _: () = raw.lpush("queue:default", bytes).await.unwrap();
    let claim = s.claim_one("p", 0).await;
    assert_eq!(claim.payload.as_bytes(), bytes.as_bytes());
    s.settle(&claim, Place::Retries { at: at(5) }, 1).await;
    assert_eq!(s.promote(5).await.moved, 1);
    let again = s.claim_one("p", 6).await;
    s.settle(&again, back("default"), 7).await;
    assert_eq!(s.queued("default").await, ["A"]);
}

#[tokio::test]
async fn a_key_is_free_when_another_program_took_its_job() {
    let redis = Redis::default();
    let (s, mut raw) = stage(&redis).await;
    s.push([job("A").key("k")], 0).await;
    let _: Vec<u8> = raw.rpop("queue:default", None).await.unwrap();
    assert_eq!(s.push([job("B").key("k")], 1).await, [Pushed::Added]);
    assert_eq!(s.holder("k").await.as_deref(), Some("B"));
}

#[tokio::test]
async fn two_stores_settle_each_others_claims() {
    let redis = Redis::default();
    let url = redis.url();
    let one = Arc::new(RedisStore::connect(&url).await.unwrap());
    let two = Arc::new(RedisStore::connect(&url).await.unwrap());
    let (one, two) = (Stage::new(one.clone(), one), Stage::new(two.clone(), two));
    one.push([job("A").key("k")], 0).await;
    let claim = one.claim_one("p", 0).await;
    two.done(&claim, 1).await;
    assert_eq!(two.holder("k").await, None);
    assert_eq!(two.push([job("B").key("k")], 2).await, [Pushed::Added]);
}

#[tokio::test]
async fn a_nested_jid_deceives_no_push() {
    let redis = Redis::default();
    let (s, _) = stage(&redis).await;
    let decoy = format!(r#"[{{"jid":"{}"}}]"#, jid_of("A"));
    s.push([job("Z").args(&decoy), job("A").key("k")], 0).await;
    assert_eq!(s.find("A").await.map(|row| name_of(&row.payload)).as_deref(), Some("A"));
    let answer = s.push([job("B").key("k").on_conflict(OnConflict::Replace)], 1).await;
    assert_eq!(answer, [Pushed::Replaced { holder: jid_of("A") }]);
    assert_eq!(s.queued("default").await, ["Z", "B"]);
}

#[tokio::test]
async fn of_the_same_unreadable_bytes_the_dead_set_keeps_one_as_with_ruby() {
    let redis = Redis::default();
    let (s, mut raw) = stage(&redis).await;
    let _: () = raw.lpush("queue:default", &["nonsense", "nonsense"]).await.unwrap();
    s.hello("p", 0).await;
    let claims = s.claim("p", 2, &["default"], 0).await;
    assert_eq!(claimed(&claims), ["nonsense", "nonsense"]);
    for claim in &claims {
        s.settle(claim, Place::Dead, 1).await;
    }
    assert_eq!(s.rows(Set::Dead).await.len(), 1, "a sorted set holds the same bytes once");
}

#[tokio::test]
async fn an_action_takes_one_of_the_jobs_with_the_same_unreadable_bytes() {
    let redis = Redis::default();
    let (s, mut raw) = stage(&redis).await;
    let _: () = raw.sadd("queues", "default").await.unwrap();
    let _: () = raw.lpush("queue:default", &["nonsense", "nonsense", "other"]).await.unwrap();
    let jid = s.rows(Set::Queue(queue("default"))).await[0].jid.clone();
    assert_eq!(s.apply(Action::Delete, Selection::Jid(jid.clone()), 9, 1).await.done, 1);
    assert_eq!(s.queued("default").await, ["nonsense", "other"]);
    assert_eq!(s.apply(Action::Kill, Selection::Jid(jid.clone()), 9, 1).await.done, 1);
    assert_eq!(s.inspect.find(&jid).await.unwrap().expect("it is dead").state, State::Dead);
}

#[tokio::test]
async fn a_page_goes_on_where_it_was_though_the_queue_grows() {
    let redis = Redis::default();
    let (s, _) = stage(&redis).await;
    s.push(["A", "B", "C", "D"].map(job), 0).await;
    let set = Set::Queue(queue("default"));
    let first = s.inspect.page(&set, &Filter::all(), Direction::Forward, None, 2).await.unwrap();
    s.push([job("E")], 1).await;
    s.claim_one("p", 1).await;
    let rest = s.inspect.page(&set, &Filter::all(), Direction::Forward, first.next.as_ref(), 9).await.unwrap();
    let names: Vec<_> = rest.rows.iter().map(|row| name_of(&row.payload)).collect();
    assert_eq!(names, ["C", "D", "E"]);
}

#[tokio::test]
async fn what_other_programs_pushed_is_listed_in_both_directions() {
    let redis = Redis::default();
    let (s, mut raw) = stage(&redis).await;
    let ruby = |n: usize| format!(r#"{{"class":"R{n}","args":[],"jid":"{n:024x}","queue":"default"}}"#);
    let others = ["nonsense".to_owned(), "[]".to_owned(), String::new()];
    let all: Vec<String> = (0..8).map(ruby).chain(others).collect();
    let _: () = raw.sadd("queues", "default").await.unwrap();
    let _: () = raw.lpush("queue:default", &all).await.unwrap();
    for (n, bytes) in all.iter().enumerate() {
        for set in ["schedule", "retry", "dead"] {
            // Every three are of one time.
            let _: () = raw.zadd(set, bytes, 1_800_000_000 + n / 3).await.unwrap();
        }
    }
    for set in [Set::Queue(queue("default")), Set::Scheduled, Set::Retries, Set::Dead] {
        let mut listed = Vec::new();
        for direction in [Direction::Forward, Direction::Backward] {
            let (mut shown, mut cursor): (Vec<Vec<u8>>, Option<Cursor>) = (Vec::new(), None);
            for _ in 0..all.len() {
                let page = s.inspect.page(&set, &Filter::all(), direction, cursor.as_ref(), 2).await.unwrap();
                shown.extend(page.rows.iter().map(|row| row.payload.as_bytes().to_vec()));
                cursor = page.next;
                if cursor.is_none() {
                    break;
                }
            }
            listed.push(shown);
        }
        listed[1].reverse();
        assert_eq!((listed[0].len(), &listed[0]), (all.len(), &listed[1]), "{set:?}");
    }
}

#[tokio::test]
async fn a_deleted_job_is_gone_and_its_key_is_free() {
    let redis = Redis::default();
    for set in ["schedule", "queue:default"] {
        let (s, mut raw) = stage(&redis).await;
        match set {
            "schedule" => s.push([job("A").key("k").at(at(60))], 0).await,
            _ => s.push([job("A").key("k")], 0).await,
        };
        let bytes = s.find("A").await.expect("it was pushed").payload;
        let removed: i64 = match set {
            "schedule" => raw.zrem(set, bytes.as_bytes()).await.unwrap(),
            _ => raw.lrem(set, 1, bytes.as_bytes()).await.unwrap(),
        };
        assert_eq!((removed, s.state("A").await, s.holder("k").await), (1, None, None));
        for action in [Action::Cancel, Action::Reschedule { at: at(90) }] {
            assert_eq!(s.apply(action.clone(), by_key(), 1, 1).await, Applied::default());
            assert_eq!(s.act(action, "A", 1).await, Applied::default());
        }
        assert_eq!(s.push([job("B").key("k")], 2).await, [Pushed::Added]);
        assert_eq!((s.holder("k").await.as_deref(), jobs(&s).await), (Some("B"), 1));
    }
}

#[tokio::test]
async fn a_job_that_failed_elsewhere_is_found_and_keeps_its_key() {
    let redis = Redis::default();
    let (s, mut raw) = stage(&redis).await;
    s.push([job("A").key("k")], 0).await;
    run_and_fail(&mut raw, "retry", 60).await;
    assert_eq!(s.state("A").await, Some(State::Retries));
    assert_eq!(s.holder("k").await.as_deref(), Some("A"));
    let kept = Pushed::Kept { holder: jid_of("A"), state: State::Retries };
    assert_eq!(s.push([job("B").key("k")], 1).await, [kept]);
    assert_eq!(s.find("A").await.expect("it retries").key, Some(key("k")));
    assert_eq!(s.apply(Action::Reschedule { at: at(90) }, by_key(), 1, 1).await.done, 1);
    assert_eq!((s.find("A").await.expect("it retries").at, jobs(&s).await), (Some(at(90)), 1));
    assert_eq!(s.apply(Action::Cancel, by_key(), 1, 1).await.done, 1);
    assert_eq!((jobs(&s).await, s.holder("k").await), (0, None));
}

#[tokio::test]
async fn a_push_replaces_a_job_that_was_rewritten_elsewhere() {
    let redis = Redis::default();
    let (s, mut raw) = stage(&redis).await;
    s.push([job("A").key("k").at(at(60))], 0).await;
    rewrite(&mut raw, "schedule").await;
    let replacement = job("B").key("k").on_conflict(OnConflict::Replace);
    assert_eq!(s.push([replacement], 1).await, [Pushed::Replaced { holder: jid_of("A") }]);
    assert_eq!((s.state("A").await, s.holder("k").await.as_deref(), jobs(&s).await), (None, Some("B"), 1));
}

#[tokio::test]
async fn a_rewritten_job_is_acted_upon_once() {
    let redis = Redis::default();
    for keyed in [true, false] {
        let (s, mut raw) = stage(&redis).await;
        let draft = job("A").at(at(60));
        s.push([if keyed { draft.key("k") } else { draft }], 0).await;
        rewrite(&mut raw, "schedule").await;
        let bytes = s.find("A").await.expect("it is scheduled").payload;
        assert_eq!(s.act(Action::Reschedule { at: at(90) }, "A", 1).await.done, 1);
        assert_eq!(s.find("A").await.expect("it is scheduled").payload, bytes, "its bytes stay as they were");
        assert_eq!(s.act(Action::RunNow, "A", 2).await.done, 1);
        assert_eq!((s.queued("default").await, jobs(&s).await), (vec!["A".to_owned()], 1));
        assert_eq!(s.holder("k").await.is_some(), keyed);
        let claim = s.claim_one("p", 3).await;
        assert_eq!(s.holder("k").await.is_some(), keyed, "a busy job holds its key");
        s.done(&claim, 4).await;
        assert_eq!((s.holder("k").await, jobs(&s).await), (None, 0));
    }
}

#[tokio::test]
async fn a_job_that_was_rescheduled_elsewhere_is_found_and_acted_upon() {
    let redis = Redis::default();
    let (s, mut raw) = stage(&redis).await;
    for (name, draft) in [("A", job("A").key("k")), ("B", job("B"))] {
        s.push([draft.at(at(60))], 0).await;
        let bytes = s.find(name).await.expect("it is scheduled").payload;
        let _: f64 = raw.zincr("schedule", bytes.as_bytes(), 40.0).await.unwrap();
        assert_eq!(s.find(name).await.expect("it is scheduled").at, Some(at(100)));
    }
    assert_eq!(s.holder("k").await.as_deref(), Some("A"));
    assert_eq!(s.apply(Action::Reschedule { at: at(70) }, by_key(), 1, 1).await.done, 1);
    assert_eq!(s.act(Action::Cancel, "B", 1).await.done, 1);
    assert_eq!((s.find("A").await.expect("it is scheduled").at, jobs(&s).await), (Some(at(70)), 1));
}

#[tokio::test]
async fn a_reschedule_elsewhere_finds_the_score_that_was_written() {
    let redis = Redis::default();
    let (s, mut raw) = stage(&redis).await;
    s.push([job("A").at(at(60))], 0).await;
    let due = at(90) + Duration::from_micros(123_457);
    assert_eq!(s.act(Action::Reschedule { at: due }, "A", 1).await.done, 1);
    let bytes = s.find("A").await.expect("it is scheduled").payload;
    let score: f64 = raw.zscore("schedule", bytes.as_bytes()).await.unwrap();
    assert_eq!(score, due.as_unix_secs_f64(), "to the microsecond");
    let text = bytes.to_text_lossy();
    assert!(!text.contains("enqueued_at") && !text.contains("\"at\""), "{text}");
}

#[tokio::test]
async fn a_dead_job_takes_no_key_from_a_job_that_was_rewritten_elsewhere() {
    let redis = Redis::default();
    let (s, mut raw) = stage(&redis).await;
    s.push([job("A").key("k")], 0).await;
    assert_eq!(s.act(Action::Kill, "A", 0).await.done, 1);
    s.push([job("B").key("k").at(at(60))], 0).await;
    rewrite(&mut raw, "schedule").await;
    let taken = Refusal::KeyTaken { holder: jid_of("B") };
    assert_eq!(s.act(Action::RunNow, "A", 1).await.refused, [(jid_of("A"), taken)]);
    assert_eq!(s.state("A").await, Some(State::Dead));
    let _: () = raw.del("schedule").await.unwrap();
    assert_eq!(s.act(Action::RunNow, "A", 2).await.done, 1, "B is nowhere any more");
    assert_eq!(s.holder("k").await.as_deref(), Some("A"));
}

#[tokio::test]
async fn a_job_that_was_buried_elsewhere_frees_its_key_and_takes_it_again() {
    let redis = Redis::default();
    let (s, mut raw) = stage(&redis).await;
    s.push([job("A").key("k")], 0).await;
    run_and_fail(&mut raw, "dead", 1).await;
    assert_eq!((s.state("A").await, s.holder("k").await), (Some(State::Dead), None));
    assert_eq!(s.act(Action::RunNow, "A", 2).await.done, 1);
    assert_eq!((s.state("A").await, s.holder("k").await.as_deref()), (Some(State::Enqueued), Some("A")));
    assert_eq!(jobs(&s).await, 1);
}

#[tokio::test]
async fn a_scheduled_job_without_a_jid_is_shown_found_and_run() {
    let redis = Redis::default();
    let (s, mut raw) = stage(&redis).await;
    let bytes = r#"{ "class": "A", "queue": "low", "args": [ 1.0 ] }"#;
    let _: () = raw.zadd("schedule", bytes, at(60).as_unix_secs_f64()).await.unwrap();
    let rows = s.rows(Set::Scheduled).await;
    assert_eq!((rows.len(), rows[0].at, rows[0].queue.as_str()), (1, Some(at(60)), "low"));
    let found = s.inspect.find(&rows[0].jid).await.unwrap().expect("it is found by the id that its row shows");
    assert_eq!(found.payload.as_bytes(), bytes.as_bytes());
    assert_eq!(s.apply(Action::RunNow, Selection::Jid(found.jid), 1, 5).await.done, 1);
    assert_eq!((s.queued("low").await, jobs(&s).await), (vec!["A".to_owned()], 1));
}

#[tokio::test]
async fn queues_are_those_of_the_set_and_no_other_lists() {
    let redis = Redis::default();
    let (s, mut raw) = stage(&redis).await;
    s.push([job("A")], 0).await;
    let _: () = raw.lpush("queue:sq|worker|default", "{}").await.unwrap();
    let _: () = raw.lpush("queue:unknown", "{}").await.unwrap();
    let _: () = raw.sadd("queues", "broken").await.unwrap();
    let _: () = raw.set("queue:broken", "no list").await.unwrap();
    let rows = s.inspect.queues(at(1)).await.unwrap();
    let named: Vec<_> = rows.iter().map(|row| (row.name.as_str(), row.size)).collect();
    assert_eq!(named, [("broken", 0), ("default", 1)]);
    assert_eq!(s.stats(1).await.enqueued, 1);
}

#[tokio::test]
async fn a_queue_waits_since_its_next_job_was_enqueued_or_else_created() {
    let redis = Redis::default();
    for (member, value) in [("enqueued_at", 10.5), ("created_at", 10.5), ("no_time_at_all", 0.0)] {
        let (s, mut raw) = stage(&redis).await;
        let time = at(0).as_unix_secs_f64() + value;
        let _: () = raw.sadd("queues", "default").await.unwrap();
        let _: () = raw.lpush("queue:default", format!(r#"{{"class":"A","{member}":{time}}}"#)).await.unwrap();
        let waits = if member == "no_time_at_all" { Duration::ZERO } else { Duration::from_millis(1500) };
        assert_eq!(s.inspect.queues(at(12)).await.unwrap()[0].latency, waits, "{member}");
    }
}

#[tokio::test]
async fn a_sweep_frees_keys_of_jobs_that_are_nowhere_and_follows_those_that_moved() {
    let redis = Redis::default();
    let (s, mut raw) = stage(&redis).await;
    s.push([job("A").key("gone")], 0).await;
    let _: Vec<u8> = raw.rpop("queue:default", None).await.unwrap();
    s.push([job("B").key("k").at(at(60)), job("C").key("here")], 0).await;
    rewrite(&mut raw, "schedule").await;
    s.store.prune(&Retention::default(), 100, at(1)).await.unwrap();
    let mut held: Vec<String> = raw.hkeys("sancho:keys").await.unwrap();
    held.sort();
    assert_eq!(held, ["here", "k"]);
    let entry: Vec<u8> = raw.hget("sancho:keys", "k").await.unwrap();
    let bytes = s.find("B").await.expect("it is scheduled").payload;
    assert!(entry.ends_with(bytes.as_bytes()), "the entry has the bytes as they are now");
}

#[tokio::test]
async fn a_sweep_forgets_classes_that_were_not_met_for_long() {
    let redis = Redis::default();
    let (s, mut raw) = stage(&redis).await;
    let met = |class: &str| [(class.to_owned(), queue("default"))];
    s.store.meet_unknown(&met("Old"), at(0)).await.unwrap();
    s.store.meet_unknown(&met("New"), at(3_000)).await.unwrap();
    s.store.prune(&Retention::default(), 100, at(3_700)).await.unwrap();
    let left: Vec<String> = raw.hkeys("sancho:unknown").await.unwrap();
    assert_eq!(left.len(), 1);
    assert_eq!(s.store.meet_unknown(&met("New"), at(3_700)).await.unwrap(), [at(3_000)]);
}

#[tokio::test]
async fn a_sweep_goes_through_all_keys_a_part_at_a_time() {
    let redis = Redis::default();
    let (s, mut raw) = stage(&redis).await;
    s.push((0..1_500).map(|n| job(&format!("A{n}")).key(&format!("k{n}")).at(at(60))), 0).await;
    s.push([job("B").key("here").at(at(70))], 0).await;
    let _: () = raw.zrembyscore("schedule", "-inf", at(60).as_unix_secs_f64()).await.unwrap();
    let mut left = 1_501;
    for _ in 0..40 {
        s.store.prune(&Retention::default(), 100, at(1)).await.unwrap();
        let now: i64 = raw.hlen("sancho:keys").await.unwrap();
        assert!(now <= left && left - now < 300, "{left} {now}: a sweep is bounded");
        left = now;
    }
    assert_eq!((left, s.holder("here").await.as_deref()), (1, Some("B")));
}

#[tokio::test]
async fn a_sweep_forgets_due_times_an_hour_late() {
    let redis = Redis::default();
    let (s, mut raw) = stage(&redis).await;
    s.push([job("A").at(at(10)), job("B").at(at(9_000))], 0).await;
    let _: () = raw.zrembyscore("schedule", "-inf", at(10).as_unix_secs_f64()).await.unwrap();
    s.store.prune(&Retention::default(), 100, at(3_600)).await.unwrap();
    assert_eq!(raw.zcard::<_, i64>("sancho:due").await.unwrap(), 2);
    s.store.prune(&Retention::default(), 100, at(3_611)).await.unwrap();
    let left: Vec<String> = raw.zrange("sancho:due", 0, -1).await.unwrap();
    assert_eq!(left, [jid_of("B").as_str()]);
}

#[tokio::test]
async fn other_processes_wake_the_scheduler_and_the_ordered() {
    // A server of its own: tracking knows keys by their names only, so that other databases' changes wake too.
    let server = RedisServer::start();
    let url = server.url();
    let here = RedisStore::connect(&url).await.unwrap();
    let there = Arc::new(RedisStore::connect(&url).await.unwrap());
    let there = Stage::new(there.clone(), there);
    let p = Incarnation::new("p");
    there.hello("p", 0).await;
    there.push([job("A").at(at(500))], 0).await;
    here.promote(10, at(1)).await.unwrap();
    for (interest, round) in [(Interest::Due, 0), (Interest::Orders(p.clone()), 1)] {
        let (mark, waiter) = (here.mark(), here.clone());
        let waiting = tokio::spawn(async move { waiter.wait(&interest, mark).await });
        tokio::time::sleep(Duration::from_millis(20)).await;
        assert!(!waiting.is_finished(), "nothing has happened");
        match round {
            0 => _ = there.push([job("B").at(at(400))], 0).await,
            _ => there.inspect.order(&p, &Order::Stop, at(1)).await.unwrap(),
        }
        tokio::time::timeout(Duration::from_secs(10), waiting).await.expect("it is woken").unwrap();
    }
}
