//! What Sidekiq's people see of our processes, and what we see of theirs.

mod common;

use std::collections::HashMap;
use std::sync::Arc;

use common::Redis;
use redis::AsyncCommands;
use redis::aio::MultiplexedConnection;
use sancho_core::process::Quiet;
use sancho_core::{Claim, ErrorKind, Greeting, Incarnation, Order, Running, Standing};
use sancho_redis::RedisStore;
use sancho_testkit::stage::beat;
use sancho_testkit::{Stage, at, job};

const FOREIGN: &str = "web:7:0123456789ab";

async fn stage(redis: &Redis) -> (Stage, MultiplexedConnection) {
    let url = redis.url();
    let store = Arc::new(RedisStore::connect(&url).await.expect("connect"));
    let raw = ::redis::Client::open(url).expect("a URL").get_multiplexed_async_connection().await.expect("connect");
    (Stage::new(store.clone(), store), raw)
}

/// A process of Sidekiq, as version 6.4 shows itself.
async fn foreign(raw: &mut MultiplexedConnection, queues: &str) {
    let info = format!(
        r#"{{"hostname":"web","started_at":1795215591.5,"pid":7,"tag":"shop","concurrency":10,"queues":{queues},"labels":[],"identity":"{FOREIGN}"}}"#
    );
    let fields = [("info", info.as_str()), ("busy", "3"), ("beat", "1795215600.25"), ("quiet", "false"), ("rss", "64")];
    let _: () = raw.sadd("processes", FOREIGN).await.expect("Redis answers");
    let _: () = raw.hset_multiple(FOREIGN, &fields).await.expect("Redis answers");
}

async fn goes(raw: &mut MultiplexedConnection) {
    let _: () = raw.srem("processes", FOREIGN).await.expect("Redis answers");
    let _: () = raw.del(FOREIGN).await.expect("Redis answers");
}

fn running(claim: &Claim) -> Running {
    Running { receipt: claim.receipt.clone(), jid: None, since: at(7) }
}

/// A beat of a process that runs these claims.
async fn beats(s: &Stage, claims: &[&Claim]) -> sancho_core::BeatAnswer {
    let mut beat = beat("p", Greeting::StillHere);
    beat.running = claims.iter().map(|claim| running(claim)).collect();
    s.store.beat(&beat, at(1)).await.expect("beat")
}

async fn work(raw: &mut MultiplexedConnection, key: &str) -> Vec<serde_json::Value> {
    let entries: HashMap<String, String> = raw.hgetall(key).await.expect("Redis answers");
    entries.values().map(|entry| serde_json::from_str(entry).expect("an entry is JSON")).collect()
}

#[tokio::test]
async fn a_process_tells_all_that_a_page_of_sidekiq_reads() {
    let redis = Redis::default();
    let (s, mut raw) = stage(&redis).await;
    s.hello("p", 0).await;
    let listed: Vec<String> = raw.smembers("processes").await.unwrap();
    assert_eq!(listed, ["p"]);
    let told: HashMap<String, String> = raw.hgetall("p").await.unwrap();
    for (field, value) in [("concurrency", "5"), ("busy", "0"), ("rtt_us", "300"), ("quiet", "false"), ("rss", "1024")]
    {
        assert_eq!(told[field], value, "{field}");
    }
    assert_eq!(told["beat"].parse::<f64>().ok(), Some(at(0).as_unix_secs_f64()));
    let info: serde_json::Value = serde_json::from_str(&told["info"]).expect("info is JSON");
    assert!(info["started_at"].is_f64(), "seconds with a fraction");
    let want = serde_json::json!({
        "hostname": "bench", "started_at": at(0).as_unix_secs_f64(), "pid": 7, "tag": "test", "concurrency": 5,
        "capsules": {"default": {"concurrency": 5, "mode": "strict", "weights": {"default": 0}}},
        "queues": ["default"], "weights": [{"default": 0}], "labels": ["blue"], "identity": "p",
        "version": "sancho 0.1.0", "embedded": false,
    });
    assert_eq!(info, want);
    let ttl: i64 = raw.ttl("p").await.unwrap();
    assert!((1..=60).contains(&ttl), "it goes when nobody beats");
}

#[tokio::test]
async fn running_jobs_are_listed_anew_at_each_beat() {
    let redis = Redis::default();
    let (s, mut raw) = stage(&redis).await;
    let text = r#"{ "class": "A", "args": [1.0, "é"], "jid": "0123456789abcdef01234567" }"#;
    let _: () = raw.lpush("queue:default", text).await.unwrap();
    let _: () = raw.lpush("queue:default", &b"\xff[1]"[..]).await.unwrap();
    s.hello("p", 0).await;
    let claims = s.claim("p", 2, &["default"], 0).await;
    beats(&s, &[&claims[0]]).await;
    for key in ["p:work", "p:workers"] {
        let entries = work(&mut raw, key).await;
        let run_at = at(7).as_unix_micros() / 1_000_000;
        assert_eq!(entries, [serde_json::json!({"queue": "default", "payload": text, "run_at": run_at})], "{key}");
        let ttl: i64 = raw.ttl(key).await.unwrap();
        assert!((1..=60).contains(&ttl), "{key} goes when nobody beats");
    }
    beats(&s, &[&claims[1]]).await;
    let entries = work(&mut raw, "p:work").await;
    let shown = entries[0]["payload"].as_str().expect("a text");
    assert!(entries.len() == 1 && serde_json::from_str::<serde_json::Value>(shown).is_err(), "{shown}");
    beats(&s, &[]).await;
    let left: bool = raw.exists(&["p:work", "p:workers"]).await.unwrap();
    assert!(!left);
}

#[tokio::test]
async fn a_claim_that_another_store_object_gave_is_listed_too() {
    let redis = Redis::default();
    let (s, mut raw) = stage(&redis).await;
    s.push([job("A")], 0).await;
    let claim = s.claim_one("p", 0).await;
    let remade = sancho_core::Receipt::mint(Incarnation::new("p"), claim.receipt.number(), claim.receipt.locator());
    let claim = Claim::new(remade, claim.queue, claim.payload, None);
    beats(&s, &[&claim]).await;
    assert_eq!(work(&mut raw, "p:work").await[0]["payload"], claim.payload.to_text_lossy().as_ref());
}

#[tokio::test]
async fn a_goodbye_takes_a_process_off_the_list_at_once() {
    let redis = Redis::default();
    let (s, mut raw) = stage(&redis).await;
    s.push([job("A")], 0).await;
    let claim = s.claim_one("p", 0).await;
    beats(&s, &[&claim]).await;
    s.store.retire(&Incarnation::new("p"), at(2)).await.expect("retire");
    let left: Vec<String> = raw.smembers("processes").await.unwrap();
    let shown: bool = raw.exists(&["p", "p:work", "p:workers"]).await.unwrap();
    assert!(left.is_empty() && !shown);
}

#[tokio::test]
async fn whoever_takes_over_takes_the_dead_off_the_list() {
    let redis = Redis::default();
    let (s, mut raw) = stage(&redis).await;
    s.hello("dead", 0).await;
    s.hello("p", 60).await;
    s.store.take_over(&Incarnation::new("p"), 100, 10, at(60)).await.expect("take over");
    let listed: Vec<String> = raw.smembers("processes").await.unwrap();
    assert_eq!(listed, ["p"]);
}

#[tokio::test]
async fn a_beat_cleans_the_list_once_a_minute() {
    let redis = Redis::default();
    let (s, mut raw) = stage(&redis).await;
    let _: () = raw.sadd("processes", "gone:1:x").await.unwrap();
    s.hello("p", 0).await;
    let listed: Vec<String> = raw.smembers("processes").await.unwrap();
    assert_eq!(listed, ["p"]);
    let _: () = raw.sadd("processes", "gone:2:x").await.unwrap();
    s.still_here("p", &[], 1).await;
    let listed: usize = raw.scard("processes").await.unwrap();
    assert_eq!(listed, 2, "somebody cleaned a moment ago");
    let ttl: i64 = raw.ttl("process_cleanup").await.unwrap();
    assert!((1..=60).contains(&ttl));
}

#[tokio::test]
async fn signals_are_orders_and_one_is_taken_a_beat() {
    let redis = Redis::default();
    let (s, mut raw) = stage(&redis).await;
    s.hello("p", 0).await;
    for name in ["TSTP", "TTIN", "HUP", "TERM"] {
        let _: () = raw.lpush("p-signals", name).await.unwrap();
    }
    for want in [Order::Quiet, Order::Dump, Order::Unknown("HUP".to_owned()), Order::Stop] {
        assert_eq!(s.still_here("p", &[], 1).await.orders, [want]);
    }
    assert!(s.still_here("p", &[], 2).await.orders.is_empty());
}

#[tokio::test]
async fn a_key_of_another_type_stops_no_beat() {
    let redis = Redis::default();
    let (s, mut raw) = stage(&redis).await;
    for key in ["processes", "p", "p:work", "p-signals", "process_cleanup"] {
        let _: () = raw.set(key, "of another type").await.unwrap();
    }
    assert_eq!(s.hello("p", 0).await.standing, Standing::Good);
    assert_eq!(s.still_here("p", &[], 1).await.standing, Standing::Good);
    assert_eq!(s.stats(1).await.processes, 1);
}

#[tokio::test]
async fn processes_of_sidekiq_are_shown_and_ordered_by_signals() {
    let redis = Redis::default();
    let (s, mut raw) = stage(&redis).await;
    foreign(&mut raw, r#"["mailers"]"#).await;
    s.hello("p", 0).await;
    let rows = s.inspect.processes(at(1)).await.expect("processes");
    let names: Vec<_> = rows.iter().map(|row| (row.info.incarnation.as_str(), row.info.version.as_str())).collect();
    assert_eq!(names, [("p", "sancho 0.1.0"), (FOREIGN, "sidekiq")]);
    let row = &rows[1];
    assert_eq!((row.busy, row.quiet, row.rss_bytes, row.info.slots), (3, Quiet::No, 64 * 1024, 10));
    assert_eq!((row.info.queues[0].as_str(), row.info.tag.as_str()), ("mailers", "shop"));
    assert_eq!(row.beat_at.as_unix_millis(), 1_795_215_600_250);
    assert_eq!(s.stats(1).await.processes, 2);

    let who = Incarnation::new(FOREIGN);
    for order in [Order::Quiet, Order::Stop, Order::Dump] {
        s.inspect.order(&who, &order, at(1)).await.expect("a signal");
    }
    let key = format!("{FOREIGN}-signals");
    let left: Vec<String> = raw.lrange(&key, 0, -1).await.unwrap();
    assert_eq!(left, ["TTIN", "TERM", "TSTP"], "taken from the right end");
    let ttl: i64 = raw.ttl(&key).await.unwrap();
    assert!((1..=60).contains(&ttl));
    let tune = Order::Tune { capsule: "default".to_owned(), slots: Some(1), queues: None };
    for order in [Order::Cancel(sancho_testkit::jid_of("A")), tune] {
        let refused = s.inspect.order(&who, &order, at(1)).await.expect_err("no signal");
        assert_eq!(refused.kind, ErrorKind::Unsupported);
    }
    goes(&mut raw).await;
    let nobody = s.inspect.order(&who, &Order::Stop, at(1)).await.expect_err("nobody is there");
    assert_eq!(nobody.kind, ErrorKind::NotFound);
}

#[tokio::test]
async fn a_beat_says_which_queues_other_programs_serve() {
    let redis = Redis::default();
    let (s, mut raw) = stage(&redis).await;
    assert!(s.hello("p", 0).await.served_by_others.is_empty(), "nobody else is there");
    s.hello("q", 0).await;
    foreign(&mut raw, r#"["mailers","default"]"#).await;
    let served = s.still_here("p", &[], 1).await.served_by_others;
    assert_eq!(served.iter().map(|queue| queue.as_str()).collect::<Vec<_>>(), ["default", "mailers"]);
    goes(&mut raw).await;
    assert!(s.still_here("p", &[], 2).await.served_by_others.is_empty());
    // One of ours that died is none of theirs, though its hash is still there.
    s.hello("r", 60).await;
    s.store.take_over(&Incarnation::new("r"), 100, 10, at(60)).await.expect("take over");
    let _: () = raw.sadd("processes", "q").await.unwrap();
    let _: () = raw.hset_multiple("q", &[("info", r#"{"queues":["default"]}"#), ("sancho", "1")]).await.unwrap();
    assert!(s.still_here("r", &[], 61).await.served_by_others.is_empty());
    assert_eq!(s.stats(61).await.processes, 1);
}

#[tokio::test]
async fn the_time_of_a_beat_is_that_of_redis() {
    let redis = Redis::default();
    let (s, mut raw) = stage(&redis).await;
    let time = |(seconds, micros): (i64, i64)| seconds * 1_000_000 + micros;
    let before: (i64, i64) = ::redis::cmd("TIME").query_async(&mut raw).await.unwrap();
    let answer = s.hello("p", 0).await;
    let after: (i64, i64) = ::redis::cmd("TIME").query_async(&mut raw).await.unwrap();
    assert!((time(before)..=time(after)).contains(&answer.store_now.as_unix_micros()));
}
