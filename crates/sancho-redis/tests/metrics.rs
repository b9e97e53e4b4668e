//! Execution metrics and deploy marks, where Sidekiq's pages look for them.

mod common;

use std::collections::HashMap;
use std::time::Duration;

use common::Redis;
use redis::AsyncCommands;
use redis::aio::MultiplexedConnection;
use sancho_core::metrics::SizeSample;
use sancho_core::{
    ErrorKind, Execution, Greeting, Inspect, MetricsRequest, QueueCount, QueueName, Standing, Store, Timestamp, limits,
};
use sancho_redis::RedisStore;
use sancho_testkit::stage::beat;

/// 2026-12-03 09:05 UTC.
const EARLY: Timestamp = Timestamp::from_unix_millis(1_796_288_700_000);

async fn store(redis: &Redis, query: &str) -> (RedisStore, MultiplexedConnection) {
    let url = redis.url();
    let store = RedisStore::connect(&format!("{url}{query}")).await.expect("connect");
    let raw = ::redis::Client::open(url).expect("a URL").get_multiplexed_async_connection().await.expect("connect");
    (store, raw)
}

/// What was performed of a class: runs of these milliseconds, and one failure.
fn performed(class: &str, runs: &[u64]) -> Execution {
    let mut execution = Execution::of(class);
    runs.iter().for_each(|millis| execution.add_run(Duration::from_millis(*millis)));
    execution.add_failure();
    execution
}

async fn beats(store: &RedisStore, greeting: Greeting, executions: Vec<Execution>) -> Standing {
    let mut beat = beat("p", greeting);
    beat.executions = executions;
    store.beat(&beat, EARLY).await.expect("beat").standing
}

async fn counts(raw: &mut MultiplexedConnection, key: &str) -> Vec<(String, u64)> {
    let counts: HashMap<String, u64> = raw.hgetall(key).await.expect("Redis answers");
    let mut counts: Vec<_> = counts.into_iter().collect();
    counts.sort();
    counts
}

async fn bucket(raw: &mut MultiplexedConnection, key: &str, number: usize) -> u64 {
    let mut get = ::redis::cmd("BITFIELD_RO");
    let got: Vec<u64> =
        get.arg(key).arg("GET").arg("u16").arg(format!("#{number}")).query_async(raw).await.expect("Redis answers");
    got[0]
}

async fn assert_ttl(raw: &mut MultiplexedConnection, key: &str, seconds: i64) {
    let ttl: i64 = raw.ttl(key).await.expect("Redis answers");
    assert!((seconds - 60..=seconds).contains(&ttl), "{key} is kept for {ttl} s");
}

#[tokio::test]
async fn a_beat_counts_executions_under_the_keys_of_sidekiq_8() {
    let redis = Redis::default();
    for query in ["", "?wire=8"] {
        counts_for_8(store(&redis, query).await).await;
    }
}

async fn counts_for_8((store, mut raw): (RedisStore, MultiplexedConnection)) {
    beats(&store, Greeting::Hello, vec![performed("A", &[19, 20, 400_000])]).await;
    beats(&store, Greeting::StillHere, vec![performed("A", &[20]), performed("a|b", &[1])]).await;
    beats(&store, Greeting::StillHere, Vec::new()).await;
    let want = [("A|f", 2), ("A|ms", 400_059), ("A|p", 6)].map(|(field, count)| (field.to_owned(), count));
    for (key, kept_for) in [("j|261203|9:05", 28_800), ("j|261203|9:0", 259_200)] {
        assert_eq!(counts(&mut raw, key).await, want, "{key}, without the class whose name readers would split");
        assert_ttl(&mut raw, key, kept_for).await;
    }
    let histogram = "h|A-3-9:5";
    let seen = [bucket(&mut raw, histogram, 0).await, bucket(&mut raw, histogram, 1).await];
    assert_eq!((seen, bucket(&mut raw, histogram, 25).await), ([1, 2], 1));
    assert_ttl(&mut raw, histogram, 28_800).await;
}

#[tokio::test]
async fn an_address_may_ask_for_the_keys_of_sidekiq_7() {
    let redis = Redis::default();
    let (store, mut raw) = store(&redis, "?wire=7").await;
    beats(&store, Greeting::Hello, vec![performed("A", &[5])]).await;
    let want = [("A|f", 1), ("A|ms", 5), ("A|p", 2)].map(|(field, count)| (field.to_owned(), count));
    assert_eq!(counts(&mut raw, "j|20261203|9:5").await, want);
    assert_eq!(bucket(&mut raw, "A-03-09:5", 0).await, 1);
    let others: Vec<String> = raw.keys("j|26*").await.unwrap();
    assert!(others.is_empty());
    let refused = RedisStore::connect(&format!("{}?wire=6", redis.url())).await.expect_err("no such version");
    assert_eq!(refused.kind, ErrorKind::Invalid);
}

#[tokio::test]
async fn a_full_bucket_stays_full() {
    let redis = Redis::default();
    let (store, mut raw) = store(&redis, "").await;
    let mut many = performed("A", &[]);
    many.buckets[3] = 65_000;
    beats(&store, Greeting::Hello, vec![many.clone()]).await;
    beats(&store, Greeting::StillHere, vec![many.clone()]).await;
    assert_eq!(bucket(&mut raw, "h|A-3-9:5", 3).await, 65_535);
    many.buckets[4] = 3_000_000_000;
    beats(&store, Greeting::StillHere, vec![many]).await;
    let full = [bucket(&mut raw, "h|A-3-9:5", 3).await, bucket(&mut raw, "h|A-3-9:5", 4).await];
    assert_eq!(full, [65_535, 65_535]);
}

#[tokio::test]
async fn a_process_that_lost_its_lease_counts_nothing() {
    let redis = Redis::default();
    let (store, mut raw) = store(&redis, "").await;
    assert_eq!(beats(&store, Greeting::StillHere, vec![performed("A", &[1])]).await, Standing::Lost);
    let keys: Vec<String> = raw.keys("*").await.unwrap();
    assert!(keys.is_empty(), "{keys:?}");
}

#[tokio::test]
async fn a_deploy_is_marked_once_a_minute() {
    let redis = Redis::default();
    let (store, mut raw) = store(&redis, "").await;
    let mark = async |label: &str| store.mark_deploy(label, EARLY).await.expect("a mark");
    let first = mark("ab12 Sell more").await;
    assert_eq!((mark("ab12 Sell more").await, mark("cd34 Undo").await), (first.clone(), first));
    let marks: HashMap<String, String> = raw.hgetall("20261203-marks").await.unwrap();
    assert_eq!(marks, HashMap::from([("2026-12-03T09:05:00Z".to_owned(), "ab12 Sell more".to_owned())]));
    assert_ttl(&mut raw, "20261203-marks", 7_776_000).await;
    assert_ttl(&mut raw, "deploylock-ab12 Sell more", 60).await;
}

#[tokio::test]
async fn what_ruby_counts_is_shown_whatever_its_version() {
    let redis = Redis::default();
    for (query, runs_of_7) in [("", 0), ("?wire=7", 4)] {
        let (store, mut raw) = store(&redis, query).await;
        for (key, by) in [("j|261203|9:05", 3), ("j|20261203|9:5", 4), ("j|261203|9:0", 7)] {
            let fields = [("A|p", by + 1), ("A|f", 1), ("A|ms", by * 10), ("", 5), ("B|p", 0)];
            let _: () = raw.hset_multiple(key, &fields).await.unwrap();
        }
        for (key, by) in [("h|A-3-9:5", 3), ("A-03-09:5", 4)] {
            let mut set = ::redis::cmd("BITFIELD");
            let _: ::redis::Value =
                set.arg(key).arg(&["SET", "u16", "#0"]).arg(by).query_async(&mut raw).await.unwrap();
        }
        let hour = MetricsRequest::last(Duration::from_secs(3_600));
        for request in [hour.clone(), hour.of("A")] {
            let metrics = store.metrics(&request, EARLY).await.expect("metrics");
            let [a] = &metrics.classes[..] else { panic!("one class: {metrics:?}") };
            assert_eq!((a.total.count, a.total.failures, a.total.millis, a.samples.len()), (9, 2, 70, 1));
            assert_eq!(a.total.buckets[0], 3 + runs_of_7, "{query}: a user of Redis need not read keys of any name");
        }
        let days = MetricsRequest::last(Duration::from_secs(24 * 3_600));
        let metrics = store.metrics(&days, EARLY).await.expect("metrics");
        assert_eq!(metrics.classes[0].total.count, 8);
    }
}

#[tokio::test]
async fn keys_of_another_type_hide_no_other_metrics() {
    let redis = Redis::default();
    let (store, mut raw) = store(&redis, "").await;
    beats(&store, Greeting::Hello, vec![performed("A", &[5]), performed("B", &[5])]).await;
    for key in ["j|261203|9:04", "20261202-marks", "paused"] {
        let _: () = raw.set(key, "of another type").await.unwrap();
    }
    let _: () = raw.del("h|A-3-9:5").await.unwrap();
    let _: () = raw.rpush("h|A-3-9:5", "a list").await.unwrap();
    let metrics = store.metrics(&MetricsRequest::last(Duration::from_secs(600)), EARLY).await.expect("metrics");
    let runs: Vec<_> = metrics.classes.iter().map(|class| (class.total.count, class.total.buckets[0])).collect();
    assert_eq!(runs, [(2, 0), (2, 1)]);
    let there = store.mark_deploy("v1", EARLY).await.expect("a mark");
    assert_eq!(store.deploys(Timestamp::EPOCH, EARLY).await.expect("deploys"), [there]);
    assert!(store.paused().await.expect("paused").is_empty());
    let _: () = raw.del("20261203-marks").await.unwrap();
    let _: () = raw.set("20261203-marks", "of another type").await.unwrap();
    let error = store.mark_deploy("v2", EARLY).await.expect_err("there is no room for it");
    assert!(error.kind == ErrorKind::Corrupt && error.to_string().contains("20261203-marks"), "{error}");
}

#[tokio::test]
async fn marks_that_ruby_left_are_listed_and_what_is_none_is_not() {
    let redis = Redis::default();
    let (store, mut raw) = store(&redis, "").await;
    let fields = [("2026-12-02T23:59:00Z", "v1"), ("yesterday", "v2"), ("2026-12-02T23:59:00+01:00", "v3")];
    let _: () = raw.hset_multiple("20261202-marks", &fields).await.unwrap();
    let marks = store.deploys(Timestamp::EPOCH, EARLY).await.expect("deploys");
    let [mark] = &marks[..] else { panic!("one mark: {marks:?}") };
    assert_eq!((mark.label.as_str(), mark.at.as_unix_millis()), ("v1", 1_796_255_940_000));
}

#[tokio::test]
async fn queues_and_sizes_stand_under_a_key_of_our_own_for_as_long_as_their_step_is_kept() {
    let redis = Redis::default();
    let (store, mut raw) = store(&redis, "").await;
    let counts = |count, failures| {
        let queue = QueueName::new("mail|p").expect("a name");
        vec![QueueCount { queue, count, failures }]
    };
    let mut first = beat("p", Greeting::Hello);
    first.by_queue = counts(3, 1);
    store.beat(&first, EARLY).await.expect("beat");
    let second = sancho_core::Beat { by_queue: counts(2, 0), ..first };
    store.beat(&second, EARLY).await.expect("beat");
    for (key, kept_for) in [("sancho:counts:1:29938145", 28_800), ("sancho:counts:10:29938140", 259_200)] {
        let held: HashMap<String, u64> = raw.hgetall(key).await.expect("Redis answers");
        let want = [("p|mail|p", 5), ("f|mail|p", 1), ("enqueued", 0), ("scheduled", 0), ("retries", 0), ("dead", 0)];
        assert_eq!(held, want.map(|(field, count)| (field.to_owned(), count)).into(), "{key}");
        assert_ttl(&mut raw, key, kept_for).await;
    }
}

#[tokio::test]
async fn steps_of_another_type_or_of_nonsense_hide_nothing_else_and_end_no_process() {
    let redis = Redis::default();
    let (store, mut raw) = store(&redis, "").await;
    let _: () = raw.set("sancho:counts:1:29938145", "of another type").await.unwrap();
    let fields = [("p|\u{1}", "3"), ("p|", "3"), ("enqueued", "many"), ("scheduled", "1"), ("p|low", "2")];
    let _: () = raw.hset_multiple("sancho:counts:1:29938144", &fields).await.unwrap();
    for key in ["queues", "schedule", "dead"] {
        let _: () = raw.set(key, "of another type").await.unwrap();
    }
    let _: () = raw.zadd("retry", "no job", 1).await.unwrap();
    let mut first = beat("p", Greeting::Hello);
    first.by_queue = vec![QueueCount { count: 4, ..QueueCount::default() }];
    assert_eq!(store.beat(&first, EARLY).await.expect("beat").standing, Standing::Good);
    let minutes = store.metrics(&MetricsRequest::last(Duration::from_secs(600)), EARLY).await.expect("metrics");
    let told: Vec<_> = minutes.queues.iter().map(|queue| (queue.queue.as_str(), queue.count)).collect();
    assert_eq!((told, minutes.sizes.len()), (vec![("low", 2)], 0));
    let days = store.metrics(&MetricsRequest::last(Duration::from_secs(86_400)), EARLY).await.expect("metrics");
    assert_eq!((days.queues[0].queue.as_str(), days.queues[0].count), ("default", 4));
    let [SizeSample { enqueued: 0, scheduled: 0, retries: 1, dead: 0, .. }] = days.sizes[..] else {
        panic!("what is of the right type is counted: {:?}", days.sizes)
    };
}

#[tokio::test]
async fn sizes_are_told_however_many_queues_were_counted() {
    let redis = Redis::default();
    let (store, mut raw) = store(&redis, "").await;
    let fields: Vec<(String, u64)> = (0..9_000).map(|number| (format!("p|queue{number}"), 1)).collect();
    for some in fields.chunks(1_000) {
        let _: () = raw.hset_multiple("sancho:counts:1:29938145", some).await.unwrap();
    }
    beats(&store, Greeting::Hello, Vec::new()).await;
    let metrics = store.metrics(&MetricsRequest::last(Duration::from_secs(60)), EARLY).await.expect("metrics");
    assert_eq!((metrics.queues.len(), metrics.sizes.len()), (limits::METRICS_QUEUES_MAX, 1));
}
