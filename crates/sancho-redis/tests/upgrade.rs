//! What older builds left in Redis, and what newer ones may add. `bench/fixtures` had the older build write its keys.

mod common;
#[path = "common/raw.rs"]
mod raw;

use std::sync::Arc;
use std::time::Duration;

use raw::say;
use redis::Value;
use sancho_core::{ErrorKind, Store};
use sancho_redis::RedisStore;
use sancho_testkit::{RedisServer, Stage, at, job, story};

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

/// How often a store that has lost its connection is asked again, and what lies between.
const TRIES_MAX: usize = 2_000;
const TRY_EVERY: Duration = Duration::from_millis(5);

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

#[tokio::test]
async fn a_form_of_a_newer_build_is_refused_also_by_those_that_come_back() {
    // Of its own: everybody's connections are closed.
    let server = RedisServer::start();
    let url = server.url();
    replay(&url);
    say(&url, &["SET", "sancho:form", "1"]);
    let store = RedisStore::connect(&url).await.expect("the form is this build's");
    let keys = say(&url, &["DBSIZE"]);

    say(&url, &["SET", "sancho:form", "2"]);
    let refused = RedisStore::connect(&url).await.expect_err("the form is newer").to_string();
    assert!(refused.contains("form 2") && refused.contains("knows only 1: use the newer build"), "{refused}");
    // Whoever brings a form in closes the connections of those who were there before.
    let Value::Int(_) = say(&url, &["CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"]) else { panic!("a count") };
    let mut answer = store.push(&[job("A").build()], at(13)).await;
    for _ in 0..TRIES_MAX {
        match &answer {
            Err(error) if matches!(error.kind, ErrorKind::Unavailable | ErrorKind::OutcomeUnknown) => {}
            _ => break,
        }
        tokio::time::sleep(TRY_EVERY).await;
        answer = store.push(&[job("A").build()], at(13)).await;
    }
    let error = answer.expect_err("the form is newer");
    assert!(error.kind == ErrorKind::Unsupported && error.to_string().contains("form 2"), "{:?}: {error}", error.kind);
    assert_eq!(say(&url, &["DBSIZE"]), keys, "the older build changed something");

    say(&url, &["DEL", "sancho:form"]);
    story::go_on(&stage(&url).await).await;
}
