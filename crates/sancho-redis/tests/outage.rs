//! Redis goes away, comes back, says no or says nothing: the store goes on by itself, and nothing is lost or doubled.

mod common;
#[path = "common/raw.rs"]
mod raw;
#[path = "common/steady.rs"]
mod steady;

use std::time::Duration;

use common::Redis;
use raw::{raw, say};
use redis::Value;
use sancho_core::{ErrorKind, Incarnation, Place, Store};
use sancho_redis::RedisStore;
use sancho_testkit::proxy::Way;
use sancho_testkit::{Proxy, RedisServer, Stage, at, job};
use steady::{each_is_there_once, push_surely};

async fn push(store: &RedisStore, number: usize) -> Result<(), ErrorKind> {
    store.push(&[job(&number.to_string()).build()], at(0)).await.map(drop).map_err(|error| error.kind)
}

#[tokio::test]
async fn a_redis_that_is_killed_and_comes_back_is_found_again() {
    let mut server = RedisServer::start_with(&["--appendonly", "yes", "--appendfsync", "always", "--save", ""]);
    let store = RedisStore::connect(&server.url()).await.unwrap();
    let mut count = 0;
    for _ in 0..3 {
        for _ in 0..20 {
            push_surely(&store, &count.to_string()).await;
            count += 1;
        }
        server.kill();
        let kind = push(&store, count).await.expect_err("nobody is there");
        assert!(matches!(kind, ErrorKind::Unavailable | ErrorKind::OutcomeUnknown), "{kind:?}");
        // The loss is known now: nothing is sent, and nothing waits.
        assert_eq!(push(&store, count).await, Err(ErrorKind::Unavailable));
        server.restart();
        push_surely(&store, &count.to_string()).await;
        count += 1;
    }
    each_is_there_once(&server.url(), count);
}

#[tokio::test]
async fn a_client_that_is_killed_comes_back() {
    let redis = Redis::default();
    let url = redis.url();
    let store = RedisStore::connect(&url).await.unwrap();
    for number in 0..60 {
        if number % 20 == 10 {
            say(&url, &["CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"]);
        }
        push_surely(&store, &number.to_string()).await;
    }
    each_is_there_once(&url, 60);
}

#[tokio::test]
async fn scripts_that_are_gone_are_loaded_again() {
    let server = RedisServer::start();
    let store = RedisStore::connect(&server.url()).await.unwrap();
    for number in 0..20 {
        if number % 5 == 0 {
            say(&server.url(), &["SCRIPT", "FLUSH"]);
        }
        assert_eq!(push(&store, number).await, Ok(()));
    }
    each_is_there_once(&server.url(), 20);
}

#[tokio::test]
async fn a_redis_that_loads_is_waited_for() {
    let slow = ["--save", "", "--key-load-delay", "500", "--loading-process-events-interval-bytes", "1024"];
    let mut server = RedisServer::start_with(&slow);
    let store = RedisStore::connect(&server.url()).await.unwrap();
    push_surely(&store, "0").await;
    say(&server.url(), &["EVAL", "for n = 1, 4000 do redis.call('SET', 'fill:' .. n, string.rep('x', 100)) end", "0"]);
    say(&server.url(), &["SAVE"]);
    server.restart_loading();
    let failures = push_surely(&store, "1").await;
    let loading = failures.iter().filter(|error| error.to_string().contains("LOADING")).collect::<Vec<_>>();
    assert!(!loading.is_empty(), "it was loading: {failures:?}");
    assert!(loading.iter().all(|error| error.kind == ErrorKind::Unavailable), "nothing was done: {loading:?}");
    each_is_there_once(&server.url(), 2);
}

#[tokio::test]
async fn a_master_that_becomes_a_replica_refuses_and_is_asked_again() {
    let (other, server) = (RedisServer::start(), RedisServer::start());
    let store = RedisStore::connect(&server.url()).await.unwrap();
    push_surely(&store, "0").await;
    say(&server.url(), &["REPLICAOF", "127.0.0.1", &other.port().to_string()]);
    for _ in 0..5 {
        assert_eq!(push(&store, 1).await, Err(ErrorKind::Unavailable));
    }
    say(&server.url(), &["REPLICAOF", "NO", "ONE"]);
    push_surely(&store, "1").await;
    let queued: usize = redis::cmd("LLEN").arg("queue:default").query(&mut raw(&server.url())).unwrap();
    assert!(queued >= 1);
}

#[tokio::test]
async fn a_master_without_the_replicas_that_it_wants_is_an_outage() {
    let server = RedisServer::start();
    let store = RedisStore::connect(&server.url()).await.unwrap();
    say(&server.url(), &["CONFIG", "SET", "min-replicas-to-write", "1"]);
    assert_eq!(push(&store, 0).await, Err(ErrorKind::Unavailable));
    say(&server.url(), &["CONFIG", "SET", "min-replicas-to-write", "0"]);
    push_surely(&store, "0").await;
    each_is_there_once(&server.url(), 1);
}

#[tokio::test]
async fn a_redis_that_cannot_save_is_an_outage_in_its_own_words() {
    let server = RedisServer::start_with(&["--save", "3600 1", "--dbfilename", "dump.rdb"]);
    let store = RedisStore::connect(&server.url()).await.unwrap();
    push_surely(&store, "0").await;
    // A directory stands where the file should.
    std::fs::create_dir(server.directory().join("dump.rdb")).unwrap();
    say(&server.url(), &["BGSAVE"]);
    let mut last = None;
    for number in 1..2_000 {
        match store.push(&[job(&number.to_string()).build()], at(0)).await {
            Ok(_) => tokio::time::sleep(Duration::from_millis(5)).await,
            Err(error) => {
                last = Some(error);
                break;
            }
        }
    }
    let error = last.expect("it refuses to write");
    assert!(error.kind == ErrorKind::Unavailable && error.to_string().contains("MISCONF"), "{error}");
}

#[tokio::test]
async fn when_memory_is_full_pushes_are_refused_whole_and_settlements_pass() {
    let server = RedisServer::start();
    let store = std::sync::Arc::new(RedisStore::connect(&server.url()).await.unwrap());
    let stage = Stage::new(store.clone(), store.clone());
    stage.push([job("A"), job("B")], 0).await;
    let claim = stage.claim_one("p", 0).await;
    say(&server.url(), &["CONFIG", "SET", "maxmemory", "1"]);

    let batch: Vec<_> = (0..10).map(|number| job(&number.to_string()).build()).collect();
    let error = store.push(&batch, at(1)).await.expect_err("memory is full");
    assert_eq!(error.kind, ErrorKind::Full, "{error}");
    let queued: usize = redis::cmd("LLEN").arg("queue:default").query(&mut raw(&server.url())).unwrap();
    assert_eq!(queued, 1, "nothing of the batch is there");

    // Jobs that have run leave, and others are claimed: that is how memory comes back.
    stage.settle(&claim, Place::Gone, 2).await;
    let other = stage.claim("p", 1, &["default"], 2).await;
    assert_eq!(other.len(), 1);
    stage.settle(&other[0], Place::Retries { at: at(9) }, 3).await;

    say(&server.url(), &["CONFIG", "SET", "maxmemory", "0"]);
    assert_eq!(push(&store, 0).await, Ok(()));
}

#[tokio::test]
async fn a_cut_in_the_middle_of_a_command_or_a_reply_loses_nothing_and_doubles_nothing() {
    let server = RedisServer::start();
    let proxy = Proxy::start(server.port());
    let store = RedisStore::connect(&format!("redis://127.0.0.1:{}", proxy.port())).await.unwrap();
    let mut count = 0;
    for way in [Way::ToServer, Way::ToClient] {
        // Wherever in the exchange the cut falls: within the first word, within the payload, at an edge, in a reply.
        for bytes in (0..40).chain((40..400).step_by(17)) {
            let cuts = proxy.cuts();
            proxy.cut_after(way, bytes);
            for _ in 0..200 {
                push_surely(&store, &count.to_string()).await;
                count += 1;
                if proxy.cuts() > cuts {
                    break;
                }
            }
            assert!(proxy.cuts() > cuts, "{way:?} after {bytes} bytes: never cut");
        }
    }
    each_is_there_once(&server.url(), count);
}

#[tokio::test]
async fn many_callers_share_the_loss_of_a_connection() {
    let server = RedisServer::start();
    let proxy = Proxy::start(server.port());
    let store = RedisStore::connect(&format!("redis://127.0.0.1:{}", proxy.port())).await.unwrap();
    let pushing: Vec<_> = (0..16)
        .map(|task: usize| {
            let store = store.clone();
            tokio::spawn(async move {
                for turn in 0..25 {
                    push_surely(&store, &(task * 25 + turn).to_string()).await;
                    tokio::time::sleep(Duration::from_millis(2)).await;
                }
            })
        })
        .collect();
    for _ in 0..5 {
        tokio::time::sleep(Duration::from_millis(10)).await;
        proxy.cut();
    }
    for task in pushing {
        task.await.expect("every push was acknowledged in the end");
    }
    each_is_there_once(&server.url(), 16 * 25);
}

#[tokio::test]
async fn a_slow_line_is_only_slow() {
    let server = RedisServer::start();
    let proxy = Proxy::start(server.port());
    proxy.delay(Duration::from_millis(30));
    let store = RedisStore::connect(&format!("redis://127.0.0.1:{}", proxy.port())).await.unwrap();
    assert_eq!(push(&store, 0).await, Ok(()));
    each_is_there_once(&server.url(), 1);
}

#[tokio::test]
async fn a_frozen_redis_fails_in_bounded_time_and_is_found_again() {
    let server = RedisServer::start();
    let store = RedisStore::connect(&server.url()).await.unwrap();
    push_surely(&store, "0").await;
    server.freeze();
    let patience = Duration::from_secs(60);
    // What was sent may yet be performed; what comes after is not sent at all.
    let sent = tokio::time::timeout(patience, push(&store, 1)).await.expect("in bounded time");
    assert_eq!(sent, Err(ErrorKind::OutcomeUnknown));
    let unsent = tokio::time::timeout(patience, push(&store, 1)).await.expect("in bounded time");
    assert_eq!(unsent, Err(ErrorKind::Unavailable));
    server.thaw();
    push_surely(&store, "1").await;
    push_surely(&store, "2").await;
    each_is_there_once(&server.url(), 3);
}

#[tokio::test]
async fn a_password_that_changes_is_said_and_gone_on_from() {
    let server = RedisServer::start();
    let store = RedisStore::connect(&server.url()).await.unwrap();
    say(&server.url(), &["CONFIG", "SET", "requirepass", "secret"]);
    let authorized = format!("redis://:secret@127.0.0.1:{}", server.port());
    say(&authorized, &["CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"]);
    let mut kinds = Vec::new();
    for _ in 0..3 {
        kinds.extend(push(&store, 0).await.err());
        tokio::time::sleep(Duration::from_millis(30)).await;
    }
    assert_eq!(kinds.last(), Some(&ErrorKind::Invalid), "{kinds:?}");
    say(&authorized, &["CONFIG", "SET", "requirepass", ""]);
    for _ in 0..2_000 {
        if push(&store, 0).await.is_ok() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    each_is_there_once(&server.url(), 1);
}

/// A heart that beats on a thread of its own has a connection of its own: the other runtime may be blocked, or gone.
#[test]
fn a_runtime_that_is_blocked_or_gone_holds_no_other_up() {
    let server = RedisServer::start();
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (first, second) = (runtime(), runtime());
    let store = first.block_on(RedisStore::connect(&server.url())).unwrap();
    // The first runtime drives nothing from here on.
    second.block_on(push_surely(&store, "0"));
    drop(first);
    second.block_on(push_surely(&store, "1"));
    drop(second);
    runtime().block_on(push_surely(&store, "2"));
    each_is_there_once(&server.url(), 3);
    let names = runtime().block_on(store.retire(&Incarnation::new("p"), at(0)));
    assert!(names.is_ok());
    assert_ne!(say(&server.url(), &["DBSIZE"]), Value::Int(0));
}
