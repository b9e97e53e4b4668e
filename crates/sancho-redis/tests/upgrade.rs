//! What older builds left in Redis, and what newer ones may add. `bench/fixtures` had the older build write its keys.

mod common;
#[path = "common/raw.rs"]
mod raw;

use std::sync::Arc;

use raw::say;
use redis::Value;
use sancho_redis::RedisStore;
use sancho_testkit::{Stage, story};

use crate::common::Redis;

/// What the first build wrote whose stored forms are promised: a command a line.
const FIXTURE: &str = include_str!("fixtures/63eda20.jsonl");

/// What a build later than this one may add: keys of its own, and members of keys that are there.
const LATER: [&[&str]; 5] = [
    &["SET", "sancho:later", "kept"],
    &["HSET", "sancho:later:old", "what", "kept"],
    &["HSET", "old", "later", "kept"],
    &["HSET", "sancho:unknown-later", "default\nMystery", "kept"],
    &["SADD", "sancho:later-classes", "kept"],
];

fn replay(url: &str) {
    for line in FIXTURE.lines() {
        let words: Vec<String> = serde_json::from_str(line).expect("a line of the fixture is a command");
        say(url, &words.iter().map(String::as_str).collect::<Vec<_>>());
    }
}

async fn stage(url: &str) -> Stage {
    let store = Arc::new(RedisStore::connect(url).await.expect("connect"));
    Stage::new(store.clone(), store)
}

#[tokio::test]
async fn what_an_older_build_left_goes_on() {
    let redis = Redis::default();
    let url = redis.url();
    replay(&url);
    story::go_on(&stage(&url).await).await;
}

#[tokio::test]
async fn what_a_newer_build_added_is_left_as_it_is() {
    let redis = Redis::default();
    let url = redis.url();
    replay(&url);
    LATER.iter().for_each(|words| _ = say(&url, words));
    story::go_on(&stage(&url).await).await;
    assert_eq!(say(&url, &["GET", "sancho:later"]), Value::BulkString(b"kept".to_vec()));
    assert_eq!(say(&url, &["HGET", "sancho:later:old", "what"]), Value::BulkString(b"kept".to_vec()));
    assert_eq!(say(&url, &["SCARD", "sancho:later-classes"]), Value::Int(1));
}
