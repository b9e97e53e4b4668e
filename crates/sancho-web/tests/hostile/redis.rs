//! The same jobs in Redis, and beside them whatever a hostile Ruby writes there: any bytes, in any of Sidekiq's keys.

use std::sync::Arc;

use redis::aio::MultiplexedConnection;
use redis::{AsyncCommands, Client};
use sancho_redis::RedisStore;
use sancho_testkit::RedisServer;
use serde_json::json;

use crate::support::NOW;
use crate::{stock, tour};

#[tokio::test]
async fn every_page_and_operation_shows_a_hostile_store_and_nothing_comes_alive_on_redis() {
    let server = RedisServer::start();
    let store = RedisStore::connect(&server.fresh_url()).await.expect("redis-server answers");
    stock::fill(&store).await;
    tour::whole(Arc::new(store)).await;
}

#[tokio::test]
async fn what_a_hostile_ruby_writes_comes_alive_nowhere_on_redis() {
    let server = RedisServer::start();
    let url = server.fresh_url();
    let store = RedisStore::connect(&url).await.expect("redis-server answers");
    let client = Client::open(url.as_str()).expect("an address");
    let mut redis = client.get_multiplexed_async_connection().await.expect("redis-server answers");
    for (number, text) in stock::TEXTS.into_iter().enumerate() {
        jobs(&mut redis, text.as_bytes(), &stock::payload(text), number).await;
        process(&mut redis, text, number).await;
    }
    for (number, bytes) in stock::unreadable().iter().enumerate() {
        jobs(&mut redis, b"junk", bytes, 100 + number).await;
    }
    // Names that are no text, and processes of which there is nothing, or nothing that can be read.
    for name in [b"\xff\xfe<x0sancho>".as_slice(), b"", b"a\x00b", b"a\nb\x1b[31m", &[b'x'; 5_000]] {
        redis.sadd::<_, _, ()>("queues", name).await.expect("it is written");
        redis.sadd::<_, _, ()>("processes", name).await.expect("it is written");
        let mut key = b"queue:".to_vec();
        key.extend_from_slice(name);
        redis.lpush::<_, _, ()>(key, stock::payload("<x0sancho>")).await.expect("it is written");
        redis.hset::<_, _, _, ()>(name, "info", b"\xff{<x0sancho>").await.ok();
    }
    tour::whole(Arc::new(store)).await;
}

/// Jobs with these bytes, wherever Ruby has jobs.
async fn jobs(redis: &mut MultiplexedConnection, queue: &[u8], payload: &[u8], number: usize) {
    redis.sadd::<_, _, ()>("queues", queue).await.expect("it is written");
    let mut key = b"queue:".to_vec();
    key.extend_from_slice(queue);
    redis.lpush::<_, _, ()>(key, payload).await.expect("it is written");
    let scores = ["-inf", "-1e300", "0", "1795226400", "1e300", "+inf"];
    for (set, shift) in [("schedule", 0), ("retry", 1), ("dead", 2)] {
        let score = scores[(number + shift) % scores.len()];
        let written = redis::cmd("ZADD").arg(set).arg(score).arg(payload).query_async::<()>(redis).await;
        written.expect("it is written");
    }
}

/// A process that says hostile things of itself, and runs hostile jobs.
async fn process(redis: &mut MultiplexedConnection, text: &str, number: usize) {
    let secs = NOW.as_unix_secs_f64();
    let info = match number % 3 {
        0 => {
            json!({ "hostname": text, "started_at": text, "pid": text, "tag": text, "concurrency": text, "queues": text,
            "labels": text, "identity": text, "version": text, "weights": text, "capsules": text })
        }
        1 => json!({ "hostname": text, "started_at": 1e300, "pid": -1, "tag": text, "concurrency": 1e300,
            "queues": [text, 7, null, [text]], "labels": [text, { text: text }], "identity": text, "version": text,
            "capsules": { text: { "concurrency": 1e300, "mode": text, "weights": { text: -1 } } } }),
        _ => json!({ "hostname": text, "started_at": secs, "pid": 1, "tag": text, "concurrency": 5, "queues": [text],
            "labels": [text], "identity": text, "version": text, "embedded": text }),
    };
    redis.sadd::<_, _, ()>("processes", text).await.expect("it is written");
    let fields = [
        ("info", info.to_string()),
        ("concurrency", text.to_owned()),
        ("busy", if number % 2 == 0 { text.to_owned() } else { "1e300".to_owned() }),
        ("beat", if number % 2 == 0 { secs.to_string() } else { text.to_owned() }),
        ("quiet", text.to_owned()),
        ("rss", text.to_owned()),
        ("rtt_us", "-1".to_owned()),
    ];
    redis.hset_multiple::<_, _, _, ()>(text, &fields).await.expect("it is written");
    let payload = String::from_utf8(stock::payload(text)).expect("it is text");
    let works = [
        json!({ "queue": text, "payload": payload, "run_at": secs }).to_string().into_bytes(),
        json!({ "queue": text, "payload": text, "run_at": text }).to_string().into_bytes(),
        json!({ "queue": [text], "payload": { text: text }, "run_at": 1e300 }).to_string().into_bytes(),
        text.as_bytes().to_vec(),
        b"\xff\xfe<x0sancho>".to_vec(),
    ];
    for (thread, work) in works.into_iter().enumerate() {
        redis
            .hset::<_, _, _, ()>(format!("{text}:work"), format!("{text}{thread}"), work)
            .await
            .expect("it is written");
    }
}
