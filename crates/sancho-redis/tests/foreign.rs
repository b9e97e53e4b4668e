//! Jobs that another program pushed, moved or took.

mod common;

use common::Redis;
use redis::AsyncCommands;
use sancho_core::{Filter, Incarnation, Interest, OnConflict, Order, Place, Pushed, Set, Store};
use sancho_redis::RedisStore;
use sancho_testkit::stage::{back, claimed};
use sancho_testkit::{Stage, at, jid_of, job};
use std::sync::Arc;
use std::time::Duration;

async fn stage(redis: &Redis) -> (Stage, redis::aio::MultiplexedConnection) {
    let url = redis.url();
    let store = Arc::new(RedisStore::connect(&url).await.expect("connect"));
    let raw = ::redis::Client::open(url).expect("a URL").get_multiplexed_async_connection().await.expect("connect");
    (Stage::new(store.clone(), store), raw)
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
async fn a_nested_jid_deceives_a_push_as_yet() {
    let redis = Redis::default();
    let (s, _) = stage(&redis).await;
    let decoy = format!(r#"[{{"jid":"{}"}}]"#, jid_of("A"));
    s.push([job("Z").args(&decoy), job("A").key("k")], 0).await;
    let answer = s.push([job("B").key("k").on_conflict(OnConflict::Replace)], 1).await;
    assert_eq!(answer, [Pushed::Replaced { holder: jid_of("A") }]);
    assert_eq!(s.queued("default").await, ["A", "B"], "the wrong job is gone");
}

#[tokio::test]
async fn the_same_bytes_are_buried_once_as_yet() {
    let redis = Redis::default();
    let (s, mut raw) = stage(&redis).await;
    let _: () = raw.lpush("queue:default", "nonsense").await.unwrap();
    let _: () = raw.lpush("queue:default", "nonsense").await.unwrap();
    s.hello("p", 0).await;
    let claims = s.claim("p", 2, &["default"], 0).await;
    assert_eq!(claimed(&claims), ["nonsense", "nonsense"]);
    for claim in &claims {
        s.settle(claim, Place::Dead, 1).await;
    }
    assert_eq!(s.rows(Set::Dead).await.len(), 1);
}

#[tokio::test]
async fn other_processes_wake_the_scheduler_and_the_ordered() {
    let redis = Redis::default();
    let url = redis.url();
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

#[tokio::test]
async fn a_page_misses_jobs_when_the_queue_grows_as_yet() {
    let redis = Redis::default();
    let (s, _) = stage(&redis).await;
    s.push(["A", "B", "C", "D"].map(job), 0).await;
    let set = Set::Queue(sancho_testkit::factory::queue("default"));
    let first = s.inspect.page(&set, &Filter::all(), None, 2).await.unwrap();
    s.push([job("E")], 1).await;
    let rest = s.inspect.page(&set, &Filter::all(), first.next.as_ref(), 9).await.unwrap();
    let names: Vec<_> = rest.rows.iter().map(|row| sancho_testkit::stage::name_of(&row.payload)).collect();
    assert_eq!(names, ["D", "E"], "C is missed");
}
