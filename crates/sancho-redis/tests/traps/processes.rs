//! Traps of processes and their keys.

use sancho_core::process::Quiet;
use sancho_core::{Greeting, Incarnation, Order, Retention};
use sancho_testkit::stage::beat;
use sancho_testkit::{at, job};
use serde_json::Value;

use crate::common::Redis;
use crate::foreign_program::{Foreign, stage};

/// What a process says of itself for all of its life.
async fn info(foreign: &Foreign, who: &str) -> Value {
    let text: String = foreign.call(&format!("HGET {who} info"), &[]).await;
    serde_json::from_str(&text).expect("`info` is JSON")
}

/// Sidekiq 8.1.2 and later read the number of threads from the hash, earlier ones from the JSON in it.
#[tokio::test]
async fn t07_threads_stand_in_the_hash_and_in_its_info() {
    let redis = Redis::default();
    let (stage, foreign) = stage(&redis).await;
    stage.hello("host:1:abc", 0).await;
    assert_eq!(foreign.call::<String>("HGET host:1:abc concurrency", &[]).await, "5");
    assert_eq!(info(&foreign, "host:1:abc").await["concurrency"], 5);
}

/// One process that says too little of itself makes the page of processes fail for everybody.
#[tokio::test]
async fn t08_info_says_all_that_the_page_of_processes_needs() {
    let redis = Redis::default();
    let (stage, foreign) = stage(&redis).await;
    stage.hello("host:1:abc", 0).await;
    let info = info(&foreign, "host:1:abc").await;
    for name in ["hostname", "tag", "identity", "version"] {
        assert!(info[name].is_string(), "{name}: {info}");
    }
    assert!(info["started_at"].is_f64() && info["pid"].is_u64() && info["embedded"].is_boolean(), "{info}");
    assert_eq!(info["queues"], serde_json::json!(["default"]));
    assert_eq!(info["labels"], serde_json::json!(["blue"]));
    assert_eq!(info["weights"], serde_json::json!([{ "default": 0 }]));
    let capsules = info["capsules"].as_object().expect("capsules by name");
    for capsule in capsules.values() {
        assert!(capsule["concurrency"].is_u64() && capsule["mode"].is_string(), "{capsule}");
        assert_eq!(capsule["weights"], serde_json::json!({ "default": 0 }));
    }
    assert_eq!(foreign.call::<Vec<String>>("SMEMBERS processes", &[]).await, ["host:1:abc"]);
}

/// The start of a running job is whole seconds: milliseconds would be the year 58858. Its payload is a text.
#[tokio::test]
async fn t09_running_jobs_are_shown_with_seconds_and_the_text_of_their_payload() {
    let redis = Redis::default();
    let (stage, foreign) = stage(&redis).await;
    stage.push([job("A")], 0).await;
    let claim = stage.claim_one("p", 1).await;
    stage.still_here("p", &[&claim], 2).await;
    for key in ["p:work", "p:workers"] {
        let entries: Vec<String> = foreign.call(&format!("HVALS {key}"), &[]).await;
        assert_eq!(entries.len(), 1, "{key}");
        let entry: Value = serde_json::from_str(&entries[0]).expect("an entry is JSON");
        assert_eq!(entry["queue"], "default");
        assert_eq!(entry["payload"], claim.payload.to_text_lossy().as_ref());
        assert_eq!(entry["run_at"].as_i64(), Some(at(2).as_unix_micros() / 1_000_000));
        let lives: i64 = foreign.call(&format!("TTL {key}"), &[]).await;
        assert!((1..=60).contains(&lives), "{key}: {lives} seconds");
    }
    stage.done(&claim, 3).await;
    stage.still_here("p", &[], 4).await;
    assert_eq!(foreign.call::<i64>("EXISTS p:work p:workers", &[]).await, 0, "rebuilt at each beat");
}

/// A process is there as long as its hash has `info`, and for no longer than a minute after its last beat.
#[tokio::test]
async fn t10_a_beat_keeps_a_process_shown_for_a_minute_and_a_goodbye_ends_it() {
    let redis = Redis::default();
    let (stage, foreign) = stage(&redis).await;
    stage.hello("p", 0).await;
    let _: i64 = foreign.call("DEL p", &[]).await;
    stage.still_here("p", &[], 5).await;
    assert!(info(&foreign, "p").await.is_object(), "each beat writes it anew");
    let lives: i64 = foreign.call("TTL p", &[]).await;
    assert!((1..=60).contains(&lives), "{lives} seconds");
    stage.store.retire(&Incarnation::new("p"), at(6)).await.expect("retired");
    assert_eq!(foreign.call::<i64>("SISMEMBER processes p", &[]).await, 0);
    assert_eq!(foreign.call::<i64>("EXISTS p:work", &[]).await, 0);
}

/// The pages leave names of signals; each has its effect, in turn, and is answered by what the hash says.
#[tokio::test]
async fn t11_orders_of_the_pages_are_heard_in_turn() {
    let redis = Redis::default();
    let (stage, foreign) = stage(&redis).await;
    stage.hello("p", 0).await;
    for signal in ["TSTP", "TTIN", "TERM"] {
        let _: i64 = foreign.call(&format!("LPUSH p-signals {signal}"), &[]).await;
    }
    let mut heard = Vec::new();
    for now in 1..=3 {
        heard.extend(stage.still_here("p", &[], now).await.orders);
    }
    assert_eq!(heard, [Order::Quiet, Order::Dump, Order::Stop]);
    let mut quiet = beat("p", Greeting::StillHere);
    quiet.quiet = Quiet::Yes;
    stage.store.beat(&quiet, at(4)).await.expect("beat");
    assert_eq!(foreign.call::<String>("HGET p quiet", &[]).await, "true");
}

/// Each name in `processes` makes every poller of Ruby's slower, whether its process lives or not.
#[tokio::test]
async fn t12_names_of_dead_processes_are_removed() {
    let redis = Redis::default();
    let (stage, foreign) = stage(&redis).await;
    let _: i64 = foreign.call("SADD processes ghost:1:dead ruby:2:alive", &[]).await;
    let _: i64 = foreign.call("HSET ruby:2:alive info {}", &[]).await;
    stage.hello("p", 0).await;
    stage.store.prune(&Retention::default(), 10, at(1)).await.expect("pruned");
    let mut left: Vec<String> = foreign.call("SMEMBERS processes", &[]).await;
    left.sort();
    assert_eq!(left, ["p", "ruby:2:alive"]);
}

/// Nobody removes what is counted by day, remembered or shown: each has to end by itself.
#[tokio::test]
async fn t42_what_nobody_removes_expires() {
    let redis = Redis::default();
    let (stage, foreign) = stage(&redis).await;
    stage.push([job("A"), job("B")], 0).await;
    let claim = stage.claim_one("p", 1).await;
    stage.still_here("p", &[&claim], 2).await;
    stage.inspect.order(&Incarnation::new("p"), &Order::Quiet, at(3)).await.expect("ordered");
    let kept = sancho_core::Checkpoint { receipt: claim.receipt.clone(), bytes: b"7".as_slice().into() };
    stage.store.checkpoint(&[kept], at(3)).await.expect("kept");
    stage.done(&claim, 4).await;
    // What ends with its jobs, its processes, or the limits of pruning.
    const STAYS: &[&str] = &[
        "dead",
        "processes",
        "queue:default",
        "queues",
        "retry",
        "schedule",
        "sancho:days",
        "sancho:due",
        "sancho:flight:p",
        "sancho:held",
        "sancho:holders",
        "sancho:keys",
        "sancho:leases",
        "sancho:paused-classes",
        "sancho:unknown",
        "stat:failed",
        "stat:processed",
    ];
    let keys: Vec<String> = foreign.call("KEYS *", &[]).await;
    let mut expire = 0;
    for key in keys.iter().filter(|key| !STAYS.contains(&key.as_str())) {
        let lives: i64 = foreign.call("TTL", &[key.as_bytes()]).await;
        assert!(lives > 0, "{key} would stay for ever");
        expire += 1;
    }
    assert!(expire >= 4, "counters by day, the push, the process: {keys:?}");
}
