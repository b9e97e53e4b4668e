//! Pushes of many jobs, which go to Redis as a transaction: what cannot be done is not done at all, and can be repeated.

mod common;
#[path = "common/raw.rs"]
mod raw;

use common::Redis;
use raw::say;
use redis::Value;
use sancho_core::{ErrorKind, NewJob, Pushed, Store};
use sancho_redis::RedisStore;
use sancho_testkit::{RedisServer, at, job};

/// Jobs for two queues, in turns.
fn many() -> Vec<NewJob> {
    (0..24).map(|n| job(&n.to_string()).queue(if n % 2 == 0 { "default" } else { "low" }).build()).collect()
}

fn lengths(url: &str) -> [i64; 2] {
    ["queue:default", "queue:low"].map(|key| {
        let Value::Int(length) = say(url, &["LLEN", key]) else { panic!("LLEN answers a number") };
        length
    })
}

#[tokio::test]
async fn a_key_of_the_wrong_type_fails_the_whole_push() {
    let redis = Redis::default();
    let record = format!("sancho:pushed:{}", at(0).as_unix_millis() / 60_000);
    for broken in ["queue:low", "queues", &record] {
        let url = redis.url();
        let store = RedisStore::connect(&url).await.expect("connect");
        say(&url, &["SET", broken, "mine"]);
        let error = store.push(&many(), at(0)).await.expect_err(broken);
        assert_eq!(error.kind, ErrorKind::Corrupt, "{broken}: {error}");
        let Value::BulkString(left) = say(&url, &["GET", broken]) else { panic!("{broken} is a string") };
        assert_eq!(left, b"mine");
        say(&url, &["DEL", broken]);
        assert_eq!(lengths(&url), [0, 0], "{broken}");
        assert!(store.push(&many(), at(0)).await.expect(broken).iter().all(|answer| *answer == Pushed::Added));
        assert_eq!(lengths(&url), [12, 12], "{broken}");
        assert!(store.push(&many(), at(1)).await.expect(broken).iter().all(|answer| *answer == Pushed::Repeated));
        assert_eq!(lengths(&url), [12, 12], "{broken}");
    }
}

#[tokio::test]
async fn a_redis_without_memory_takes_none_of_them() {
    let server = RedisServer::start();
    let url = server.url();
    let store = RedisStore::connect(&url).await.expect("connect");
    say(&url, &["CONFIG", "SET", "maxmemory", "1"]);
    let error = store.push(&many(), at(0)).await.expect_err("there is no room");
    assert_eq!(error.kind, ErrorKind::Full, "{error}");
    assert_eq!(lengths(&url), [0, 0]);
    say(&url, &["CONFIG", "SET", "maxmemory", "0"]);
    assert!(store.push(&many(), at(0)).await.expect("room").iter().all(|answer| *answer == Pushed::Added));
    assert_eq!(lengths(&url), [12, 12]);
}

#[tokio::test]
async fn scripts_that_redis_has_forgotten_are_no_matter() {
    let server = RedisServer::start();
    let store = RedisStore::connect(&server.url()).await.expect("connect");
    for minute in 0..3 {
        say(&server.url(), &["SCRIPT", "FLUSH"]);
        let jobs: Vec<NewJob> = (0..24).map(|n| job(&format!("{minute}-{n}")).build()).collect();
        assert_eq!(store.push(&jobs, at(0)).await.expect("pushed"), vec![Pushed::Added; 24]);
        assert_eq!(store.push(&jobs, at(0)).await.expect("pushed"), vec![Pushed::Repeated; 24]);
    }
    assert_eq!(lengths(&server.url()), [72, 0]);
}
