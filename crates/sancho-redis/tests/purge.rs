//! Leaving Sancho: every job comes home to Sidekiq's keys, and nothing of ours is left.

mod common;
#[path = "common/raw.rs"]
mod raw;

use std::sync::Arc;

use common::Redis;
use raw::say;
use redis::FromRedisValue;
use sancho_core::inspect::Pausable;
use sancho_core::{Checkpoint, ErrorKind, Inspect, Place, Set, SettleAnswer, Store};
use sancho_redis::RedisStore;
use sancho_testkit::factory::queue;
use sancho_testkit::stage::held;
use sancho_testkit::{Stage, at, job, unreadable};

/// Leases that were extended then have ended, or are good, by the clock of Redis, whatever the day.
const LONG_AGO: i64 = -100_000_000;
const FAR_AHEAD: i64 = 1_000_000_000;

async fn stage(redis: &Redis) -> (Stage, RedisStore, String) {
    let url = redis.url();
    let store = RedisStore::connect(&url).await.expect("connect");
    let shared = Arc::new(store.clone());
    (Stage::new(shared.clone(), shared), store, url)
}

fn texts(url: &str, words: &[&str]) -> Vec<String> {
    let mut texts = Vec::<String>::from_redis_value(say(url, words)).expect("texts");
    texts.sort();
    texts
}

#[tokio::test]
async fn jobs_in_flight_come_back_to_the_front_in_the_order_in_which_they_were_claimed() {
    let redis = Redis::default();
    let (s, store, url) = stage(&redis).await;
    s.push(["A", "B", "C", "D", "E", "F"].map(job), 0).await;
    s.push([job("low").queue("low")], 0).await;
    s.hello("one:1:a", LONG_AGO).await;
    s.hello("two:2:b", LONG_AGO).await;
    assert_eq!(s.claim("one:1:a", 2, &["default"], LONG_AGO + 1).await.len(), 2);
    assert_eq!(s.claim("two:2:b", 1, &["default"], LONG_AGO + 2).await.len(), 1);
    assert_eq!(s.claim("one:1:a", 2, &["default", "low"], LONG_AGO + 3).await.len(), 2);
    say(&url, &["DEL", "queues"]);
    let plan = store.to_purge().await.expect("a plan");
    assert_eq!((plan.in_flight, plan.held, plan.strange.len()), (5, 0, 0), "{plan:?}");
    assert_eq!(s.stats(0).await.busy, 5, "a plan moves nothing");
    let done = store.purge().await.expect("a purge");
    assert_eq!((done.in_flight, done.held, done.buried), (5, 0, 0));
    assert_eq!(s.queued("default").await, ["A", "B", "C", "D", "E", "F"]);
    assert_eq!(texts(&url, &["KEYS", "sancho:*"]), Vec::<String>::new());
    assert_eq!(texts(&url, &["SMEMBERS", "queues"]), ["default"], "queues that got jobs back are known");
}

#[tokio::test]
async fn held_jobs_go_to_the_back_of_their_queues_and_unreadable_ones_to_the_dead() {
    let redis = Redis::default();
    let (s, store, url) = stage(&redis).await;
    s.push([job("first").queue("low")], 0).await;
    s.push([job("H1").queue("low").key("k").place(held())], LONG_AGO).await;
    s.push([job("H2").queue("low").place(held()), unreadable("X", b"{ no job").place(held())], 2).await;
    let plan = store.to_purge().await.expect("a plan");
    assert_eq!((plan.in_flight, plan.held, plan.job_keys), (0, 3, 1));
    let done = store.purge().await.expect("a purge");
    assert_eq!((done.in_flight, done.held, done.buried), (0, 2, 1));
    assert_eq!(s.queued("low").await, ["first", "H1", "H2"]);
    assert_eq!(s.names(Set::Dead).await, ["{ no job"], "byte for byte");
    assert_eq!(texts(&url, &["KEYS", "sancho:*"]), Vec::<String>::new());
    let rows = s.rows(Set::Queue(queue("low"))).await;
    let since = rows[1].payload.envelope().expect("a job").enqueued_at();
    assert!(since > Some(at(LONG_AGO)), "it came to its queue just now: {since:?}");
}

#[tokio::test]
async fn what_is_sidekiqs_is_not_touched() {
    let redis = Redis::default();
    let (s, store, url) = stage(&redis).await;
    s.push([job("Q"), job("S").at(at(60)), job("R").place(Place::Retries { at: at(90) })], 0).await;
    s.push([job("K").key("k"), job("D").place(Place::Dead)], 0).await;
    s.hello("one:1:a", LONG_AGO).await;
    let claims = s.claim("one:1:a", 1, &["default"], 0).await;
    s.done(&claims[0], 0).await;
    say(&url, &["SADD", "paused", "low"]);
    say(&url, &["SADD", "processes", "ruby:9:f"]);
    say(&url, &["HSET", "ruby:9:f", "info", "{}"]);
    say(&url, &["SET", "sanchopanza", "1"]);
    let sidekiqs = |url: &str| -> Vec<(String, redis::Value)> {
        let all = texts(url, &["KEYS", "*"]).into_iter();
        let theirs = all.filter(|key| !key.starts_with("sancho:") && !key.starts_with("one:"));
        theirs.filter(|key| key != "processes").map(|key| (key.clone(), say(url, &["DUMP", &key]))).collect()
    };
    let before = sidekiqs(&url);
    assert!(before.len() >= 9, "{before:?}");
    store.purge().await.expect("a purge");
    assert_eq!(sidekiqs(&url), before);
    assert_eq!(texts(&url, &["SMEMBERS", "processes"]), ["ruby:9:f"]);
    assert_eq!(texts(&url, &["KEYS", "sancho:*"]), Vec::<String>::new());
}

#[tokio::test]
async fn a_living_server_is_named_and_nothing_happens() {
    let redis = Redis::default();
    let (s, store, url) = stage(&redis).await;
    s.push([job("A"), job("H").place(held())], 0).await;
    s.hello("gone:1:a", LONG_AGO).await;
    assert_eq!(s.claim("gone:1:a", 1, &["default"], 0).await.len(), 1);
    s.hello("alive:2:b", FAR_AHEAD).await;
    let before = texts(&url, &["KEYS", "*"]);
    for error in [store.to_purge().await.expect_err("no"), store.purge().await.expect_err("no")] {
        assert_eq!(error.kind, ErrorKind::Unavailable);
        let said = error.to_string();
        assert!(said.contains("alive:2:b") && !said.contains("gone:1:a") && said.contains("stop them"), "{said}");
    }
    assert_eq!(texts(&url, &["KEYS", "*"]), before);
    assert_eq!((s.stats(0).await.busy, s.stats(0).await.held), (1, 1));
}

#[tokio::test]
async fn whoever_comes_back_after_a_purge_is_told_that_its_claim_is_lost() {
    let redis = Redis::default();
    let (s, store, url) = stage(&redis).await;
    s.push([job("A")], 0).await;
    let claim = s.claim_one("slow:1:a", LONG_AGO).await;
    store.purge().await.expect("a purge");
    assert_eq!(s.done(&claim, 0).await, SettleAnswer::Lost);
    assert_eq!(s.queued("default").await, ["A"]);
    assert!(s.claim("slow:1:a", 1, &["default"], 0).await.is_empty(), "nor does it get another");
    assert_eq!(texts(&url, &["KEYS", "sancho:*"]), Vec::<String>::new());
}

#[tokio::test]
async fn more_jobs_than_one_step_takes_keep_their_order() {
    let redis = Redis::default();
    let (s, store, url) = stage(&redis).await;
    let names: Vec<String> = (0..2_500).map(|n| format!("J{n}")).collect();
    s.push(names.iter().map(|name| job(name)), 0).await;
    s.push((0..2_500).map(|n| job(&format!("H{n}")).queue("low").place(held())), 0).await;
    s.hello("one:1:a", LONG_AGO).await;
    for n in 0..3 {
        s.claim("one:1:a", 1_000, &["default"], LONG_AGO + n).await;
    }
    assert_eq!(s.stats(1).await.busy, 2_500);
    let done = store.purge().await.expect("a purge");
    assert_eq!((done.in_flight, done.held), (2_500, 2_500));
    assert_eq!(s.queued("default").await, names);
    assert_eq!(s.queued("low").await.len(), 2_500);
    assert_eq!(texts(&url, &["KEYS", "sancho:*"]), Vec::<String>::new());
}

#[tokio::test]
async fn a_purge_cut_short_loses_nothing_and_the_next_one_goes_on() {
    let redis = Redis::default();
    let (s, store, url) = stage(&redis).await;
    s.push([job("A"), job("B").queue("broken"), job("H").queue("low").place(held())], 0).await;
    s.hello("one:1:a", LONG_AGO).await;
    s.claim("one:1:a", 2, &["default", "broken"], 0).await;
    say(&url, &["SET", "queue:low", "no list"]);
    let error = store.purge().await.expect_err("a queue that is none");
    assert_eq!(error.kind, ErrorKind::Corrupt);
    assert!(error.to_string().contains("queue:low"), "{error}");
    assert_eq!((s.queued("default").await, s.stats(0).await.held), (vec!["A".to_owned()], 1));
    say(&url, &["DEL", "queue:low"]);
    assert_eq!(store.purge().await.expect("a purge").held, 1);
    assert_eq!((s.queued("low").await, s.queued("broken").await), (vec!["H".to_owned()], vec!["B".to_owned()]));
    assert_eq!(store.purge().await.expect("a purge"), sancho_redis::Purged::default(), "nothing is left to do");
}

#[tokio::test]
async fn what_is_no_job_is_named_and_stays() {
    let redis = Redis::default();
    let (_, store, url) = stage(&redis).await;
    say(&url, &["HSET", "sancho:flight:odd", "7", "no job"]);
    say(&url, &["SET", "sancho:strange", "1"]);
    assert_eq!(store.to_purge().await.expect("a plan").strange, ["sancho:strange"]);
    let error = store.purge().await.expect_err("it may be somebody's");
    assert!(error.kind == ErrorKind::Corrupt && error.to_string().contains("sancho:flight:odd"), "{error}");
    assert_eq!(texts(&url, &["KEYS", "sancho:*"]), ["sancho:flight:odd"]);
}

#[tokio::test]
async fn a_key_of_another_type_is_named() {
    let redis = Redis::default();
    for key in ["sancho:held", "sancho:flight:odd", "sancho:keys"] {
        let (_, store, url) = stage(&redis).await;
        say(&url, &["SET", key, "somebody's"]);
        let plan = store.to_purge().await.expect_err("it cannot be counted");
        assert!(plan.kind == ErrorKind::Corrupt && plan.to_string().contains(key), "{plan}");
        let purge = store.purge().await.expect_err("jobs may be at stake");
        assert!(purge.kind == ErrorKind::Corrupt && purge.to_string().contains(key), "{purge}");
        assert_eq!(texts(&url, &["KEYS", "sancho:*"]), [key]);
    }
}

#[tokio::test]
async fn a_plan_counts_what_is_forgotten() {
    let redis = Redis::default();
    let (s, store, _) = stage(&redis).await;
    s.push([job("A").key("k"), job("B").key("l").at(at(60))], 0).await;
    let claim = s.claim_one("one:1:a", LONG_AGO).await;
    let kept = Checkpoint { receipt: claim.receipt.clone(), bytes: b"page 7".to_vec().into() };
    store.checkpoint(&[kept], at(0)).await.expect("kept");
    store.pause(&Pausable::Class("A".to_owned()), at(0)).await.expect("paused");
    let plan = store.to_purge().await.expect("a plan");
    assert_eq!((plan.in_flight, plan.job_keys, plan.checkpoints, plan.paused_classes), (1, 2, 1, 1), "{plan:?}");
    let done = store.purge().await.expect("a purge");
    assert_eq!(done.keys, plan.keys - 2, "leases and flights that are empty have gone by themselves");
    assert_eq!(s.holder("k").await, None);
}
