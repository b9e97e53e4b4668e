//! Pushes that meet each other on their way to Redis.

mod common;
#[path = "common/raw.rs"]
mod raw;

use std::collections::HashMap;
use std::task::Poll;

use common::Redis;
use raw::say;
use redis::Value;
use sancho_core::{BoxFuture, ErrorKind, NewJob, Payload, Pushed, Store, StoreResult};
use sancho_redis::RedisStore;
use sancho_testkit::{RedisServer, at, jid_of, job};
use tokio::task::JoinSet;

async fn store(redis: &Redis) -> (RedisStore, String) {
    let url = redis.url();
    (RedisStore::connect(&url).await.expect("connect"), url)
}

/// Pushes batches at the same time; the answers in their order.
async fn push_at_once(store: &RedisStore, batches: Vec<Vec<NewJob>>) -> Vec<StoreResult<Vec<Pushed>>> {
    let mut pushes = JoinSet::new();
    for (index, batch) in batches.into_iter().enumerate() {
        let store = store.clone();
        pushes.spawn(async move { (index, store.push(&batch, at(0)).await) });
    }
    let mut answers = pushes.join_all().await;
    answers.sort_by_key(|(index, _)| *index);
    answers.into_iter().map(|(_, answer)| answer).collect()
}

/// Begins pushes, so that the first is on its way and the others wait.
async fn begin(pushes: &mut [BoxFuture<'_, StoreResult<Vec<Pushed>>>]) {
    std::future::poll_fn(|cx| {
        for push in pushes.iter_mut() {
            assert!(push.as_mut().poll(cx).is_pending());
        }
        Poll::Ready(())
    })
    .await;
}

fn one(name: &str) -> Vec<NewJob> {
    vec![job(name).build()]
}

fn length(url: &str, key: &str) -> i64 {
    let Value::Int(length) = say(url, &["LLEN", key]) else { panic!("LLEN answers a number") };
    length
}

/// How many scripts Redis has run, by their hash or their text: pushes that went together are one.
fn scripts_run(url: &str) -> u64 {
    let info: String = redis::cmd("INFO").arg("commandstats").query(&mut raw::raw(url)).expect("INFO");
    let calls = |command: &str| -> u64 {
        let calls = info.split(&format!("cmdstat_{command}:calls=")).nth(1).and_then(|rest| rest.split(',').next());
        calls.map_or(0, |calls| calls.parse().expect("a number"))
    };
    calls("evalsha") + calls("eval")
}

/// Fifty callers, each with twenty pushes one after the other.
async fn push_from_fifty() {
    let redis = Redis::default();
    let (store, url) = store(&redis).await;
    let mut callers = JoinSet::new();
    for caller in 0..50 {
        let store = store.clone();
        callers.spawn(async move {
            for number in 0..20 {
                let pushed = store.push(&one(&(caller * 20 + number).to_string()), at(0)).await;
                assert_eq!(pushed.expect("pushed"), [Pushed::Added]);
            }
        });
    }
    callers.join_all().await;
    // The oldest is at the end of the list, and each caller's jobs are numbered upwards.
    let Value::Array(bytes) = say(&url, &["LRANGE", "queue:default", "0", "-1"]) else {
        panic!("LRANGE answers a list")
    };
    let number_of: HashMap<String, usize> = (0..1_000).map(|n| (jid_of(&n.to_string()).to_string(), n)).collect();
    let mut next: Vec<usize> = (0..50).map(|caller| caller * 20).collect();
    for bytes in bytes.into_iter().rev() {
        let Value::BulkString(bytes) = bytes else { panic!("a job is bytes") };
        let payload = Payload::from_bytes(bytes);
        let number = number_of[&*payload.envelope().expect("a job").jid().expect("it has an id")];
        assert_eq!(next[number / 20], number, "each once, in its caller's order");
        next[number / 20] += 1;
    }
    assert!(next.iter().enumerate().all(|(caller, next)| *next == caller * 20 + 20), "{next:?}");
}

#[tokio::test]
async fn fifty_callers_push_each_job_once_in_their_order() {
    push_from_fifty().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_callers_on_several_threads_do_so_too() {
    push_from_fifty().await;
}

#[tokio::test]
async fn pushes_that_meet_go_together() {
    // A Redis of its own, since it counts for all its databases.
    let server = RedisServer::start();
    let store = RedisStore::connect(&server.url()).await.expect("connect");
    store.push(&one("first"), at(0)).await.expect("pushed");
    let before = scripts_run(&server.url());
    let answers = push_at_once(&store, (0..50).map(|n| one(&n.to_string())).collect()).await;
    assert!(answers.into_iter().all(|answer| answer.expect("pushed") == [Pushed::Added]));
    assert_eq!(scripts_run(&server.url()) - before, 2, "the first at once, the others together");
    assert_eq!(length(&server.url(), "queue:default"), 51);
}

#[tokio::test]
async fn each_caller_has_its_own_answer() {
    let redis = Redis::default();
    let (store, url) = store(&redis).await;
    store.push(&one("3"), at(0)).await.expect("pushed");
    // The fourth is a repeat, and the last two are one batch pushed twice at the same time.
    let mut batches: Vec<Vec<NewJob>> = (0..10).map(|n| one(&n.to_string())).collect();
    batches.push(vec![job("two").build(), job("jobs").queue("other").build()]);
    batches.push(one("twice"));
    batches.push(one("twice"));
    let answers: Vec<_> = push_at_once(&store, batches).await.into_iter().map(|a| a.expect("pushed")).collect();
    for (index, answer) in answers[..11].iter().enumerate() {
        let (expected, count) = (if index == 3 { Pushed::Repeated } else { Pushed::Added }, 1 + index / 10);
        assert_eq!(*answer, vec![expected; count], "push {index}");
    }
    let twice: Vec<&Pushed> = answers[11..].iter().flatten().collect();
    assert!(twice.contains(&&Pushed::Added) && twice.contains(&&Pushed::Repeated), "{twice:?}");
    assert_eq!((length(&url, "queue:default"), length(&url, "queue:other")), (12, 1));
    // Each is known again by itself.
    for n in 0..10 {
        assert_eq!(store.push(&one(&n.to_string()), at(1)).await.expect("pushed"), [Pushed::Repeated]);
    }
    assert_eq!(length(&url, "queue:default"), 12);
}

#[tokio::test]
async fn a_push_that_fails_fails_alone() {
    let redis = Redis::default();
    let (store, url) = store(&redis).await;
    say(&url, &["SET", "queue:broken", "text"]);
    let batch = |n: usize| vec![job(&n.to_string()).queue(if n % 5 == 3 { "broken" } else { "default" }).build()];
    for (index, answer) in push_at_once(&store, (0..20).map(batch).collect()).await.into_iter().enumerate() {
        match answer {
            Ok(pushed) => assert!(index % 5 != 3 && pushed == [Pushed::Added], "push {index}: {pushed:?}"),
            Err(error) => {
                assert!(index % 5 == 3 && error.kind == ErrorKind::Corrupt, "push {index}: {error}");
                assert!(error.source.to_string().contains("queue:broken"), "{}", error.source);
            }
        }
    }
    assert_eq!(length(&url, "queue:default"), 16);
    // It left no trace, so that it may be pushed again once the key is mended.
    say(&url, &["DEL", "queue:broken"]);
    assert_eq!(store.push(&batch(3), at(1)).await.expect("pushed"), [Pushed::Added]);
}

#[tokio::test]
async fn a_dropped_push_holds_no_other_up() {
    let redis = Redis::default();
    let (store, url) = store(&redis).await;
    let jobs: Vec<Vec<NewJob>> = (0..9).map(|n| one(&n.to_string())).collect();
    // Every third is dropped when all are begun.
    let mut pushes: Vec<_> = jobs.iter().map(|jobs| store.push(jobs, at(0))).collect();
    begin(&mut pushes).await;
    let kept = pushes.into_iter().enumerate().filter(|(index, _)| index % 3 != 0);
    for (index, push) in kept {
        assert_eq!(push.await.expect("pushed"), [Pushed::Added], "push {index}");
    }
    // The dropped ones may or may not have moved, and are known if they have.
    for jobs in &jobs {
        store.push(jobs, at(1)).await.expect("pushed");
    }
    assert_eq!(length(&url, "queue:default"), 9);
}

#[tokio::test]
async fn a_push_that_nobody_polls_holds_no_other_up() {
    let redis = Redis::default();
    let (store, url) = store(&redis).await;
    let (first, second) = (one("first"), one("second"));
    let mut pushes = [store.push(&first, at(0)), store.push(&second, at(0))];
    begin(&mut pushes).await;
    for n in 0..10 {
        assert_eq!(store.push(&one(&n.to_string()), at(0)).await.expect("pushed"), [Pushed::Added]);
    }
    for push in pushes {
        assert_eq!(push.await.expect("pushed"), [Pushed::Added]);
    }
    assert_eq!(length(&url, "queue:default"), 12);
}

#[test]
fn a_runtime_that_ends_takes_no_other_along() {
    let redis = Redis::default();
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let (ends, stays) = (runtime(), runtime());
    let (store, url) = stays.block_on(store(&redis));
    // Left where they were: the first on its way, the others waiting for a task that never runs.
    ends.block_on(async {
        store.push(&one("before"), at(0)).await.expect("pushed");
        let jobs: Vec<Vec<NewJob>> = (0..3).map(|n| one(&n.to_string())).collect();
        let mut pushes: Vec<_> = jobs.iter().map(|jobs| store.push(jobs, at(0))).collect();
        begin(&mut pushes).await;
    });
    drop(ends);
    let answers = stays.block_on(push_at_once(&store, (10..30).map(|n| one(&n.to_string())).collect()));
    assert!(answers.into_iter().all(|answer| answer.expect("pushed") == [Pushed::Added]));
    assert!(length(&url, "queue:default") >= 21);
}

#[test]
fn a_push_whose_runtime_ended_is_told_so() {
    let redis = Redis::default();
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let (ends, stays) = (runtime(), runtime());
    let (store, _) = stays.block_on(store(&redis));
    let (first, second) = (one("first"), one("second"));
    let mut pushes = [store.push(&first, at(0)), store.push(&second, at(0))];
    ends.block_on(async {
        store.push(&one("before"), at(0)).await.expect("pushed");
        begin(&mut pushes).await;
    });
    drop(ends);
    let [first, second] = pushes;
    drop(first);
    let error = stays.block_on(second).expect_err("its runtime has ended");
    assert_eq!(error.kind, ErrorKind::OutcomeUnknown);
}
