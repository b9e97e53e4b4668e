//! Who waits is woken by what others do, whatever becomes of the connection, and by nothing else again and again.

mod common;
#[path = "common/raw.rs"]
mod raw;

use std::time::Duration;

use common::Redis;
use raw::say;
use sancho_core::{Incarnation, Inspect, Interest, Mark, Order, Pausable, Place, Store};
use sancho_redis::RedisStore;
use sancho_testkit::factory::queue;
use sancho_testkit::{Proxy, RedisServer, Stage, at, job};
use tokio::task::JoinHandle;

/// How long a test waits for a wake-up; how long it watches that there is none.
const PATIENCE: Duration = Duration::from_secs(20);
const SILENCE: Duration = Duration::from_millis(300);

fn ready() -> Interest {
    Interest::Ready(vec![queue("default")])
}

/// Begins to wait, and lets it come to rest: what was there when it looked has woken it and been waited for.
async fn waiting(store: &RedisStore, interest: Interest) -> JoinHandle<()> {
    let mark = store.mark();
    let waiter = store.clone();
    let waiting = tokio::spawn(async move { waiter.wait(&interest, mark).await });
    tokio::time::sleep(Duration::from_millis(50)).await;
    waiting
}

async fn woken(waiting: JoinHandle<()>, why: &str) {
    tokio::time::timeout(PATIENCE, waiting).await.unwrap_or_else(|_| panic!("not woken: {why}")).expect("no panic");
}

/// How often somebody who waits again and again is woken in a while.
async fn wakes(store: &RedisStore, interest: &Interest, span: Duration) -> usize {
    let mut wakes = 0;
    let counting = async {
        loop {
            let mark = store.mark();
            store.wait(interest, mark).await;
            wakes += 1;
        }
    };
    let _: Result<(), _> = tokio::time::timeout(span, counting).await;
    wakes
}

async fn redis_at(url: &str) -> RedisStore {
    RedisStore::connect(url).await.expect("redis-server answers")
}

async fn two(redis: &Redis) -> (RedisStore, RedisStore, String) {
    let url = redis.url();
    (redis_at(&url).await, redis_at(&url).await, url)
}

#[tokio::test]
async fn a_push_of_another_process_wakes() {
    let redis = Redis::default();
    let (here, there, url) = two(&redis).await;
    for round in 0..50 {
        let mark = here.mark();
        let (waiter, interest) = (here.clone(), ready());
        let waiting = tokio::spawn(async move { waiter.wait(&interest, mark).await });
        match round % 3 {
            0 => {}
            1 => tokio::task::yield_now().await,
            _ => tokio::time::sleep(Duration::from_millis(5)).await,
        }
        // As Ruby pushes, and as Sancho does.
        if round % 2 == 0 {
            say(&url, &["LPUSH", "queue:default", "{}"]);
        } else {
            there.push(&[job(&format!("J{round}")).build()], at(0)).await.unwrap();
        }
        woken(waiting, &format!("round {round}")).await;
        say(&url, &["DEL", "queue:default"]);
    }
}

#[tokio::test]
async fn a_push_before_the_wait_and_after_the_mark_is_not_missed() {
    let redis = Redis::default();
    let (here, _, url) = two(&redis).await;
    for round in 0..50 {
        let mark = here.mark();
        say(&url, &["LPUSH", "queue:default", "{}"]);
        let waiting = tokio::time::timeout(PATIENCE, here.wait(&ready(), mark)).await;
        assert!(waiting.is_ok(), "round {round}");
        say(&url, &["DEL", "queue:default"]);
    }
}

#[tokio::test]
async fn only_the_queues_that_are_waited_for_wake() {
    let redis = Redis::default();
    let (here, _, url) = two(&redis).await;
    let interest = Interest::Ready((0..100).map(|number| queue(&format!("q{number}"))).collect());
    let waiting = waiting(&here, interest).await;
    say(&url, &["LPUSH", "queue:another", "{}"]);
    tokio::time::sleep(SILENCE).await;
    assert!(!waiting.is_finished());
    say(&url, &["LPUSH", "queue:q77", "{}"]);
    woken(waiting, "one of a hundred queues").await;
}

#[tokio::test]
async fn many_who_wait_share_one_connection() {
    let server = RedisServer::start();
    let store = RedisStore::connect(&server.url()).await.unwrap();
    let mut waiters = Vec::new();
    for number in 0..20 {
        waiters.push(waiting(&store, Interest::Ready(vec![queue(&format!("q{number}"))])).await);
    }
    waiters.push(waiting(&store, Interest::Orders(Incarnation::new("p"))).await);
    waiters.push(waiting(&store, Interest::Due).await);
    let clients = format!("{:?}", say(&server.url(), &["CLIENT", "LIST"]));
    assert_eq!(clients.matches("name=sancho").count(), 2, "one for moves, one for waits: {clients}");
    for number in 0..20 {
        say(&server.url(), &["LPUSH", &format!("queue:q{number}"), "{}"]);
    }
    say(&server.url(), &["LPUSH", "p-signals", "TERM"]);
    say(&server.url(), &["ZADD", "schedule", "5", "{}"]);
    for waiter in waiters {
        woken(waiter, "each of them").await;
    }
}

#[tokio::test]
async fn orders_wake_their_process_whoever_gives_them() {
    let redis = Redis::default();
    let (here, there, url) = two(&redis).await;
    let stage = Stage::new(std::sync::Arc::new(there.clone()), std::sync::Arc::new(there.clone()));
    stage.hello("p", 0).await;
    let orders = || Interest::Orders(Incarnation::new("p"));
    let sleeper = waiting(&here, orders()).await;
    there.order(&Incarnation::new("p"), &Order::Stop, at(1)).await.unwrap();
    woken(sleeper, "an order of Sancho").await;
    say(&url, &["DEL", "sancho:orders:p"]);
    let sleeper = waiting(&here, orders()).await;
    say(&url, &["LPUSH", "p-signals", "TSTP"]);
    woken(sleeper, "a signal of Ruby").await;
}

#[tokio::test]
async fn only_what_is_due_earlier_wakes_the_scheduler() {
    let server = RedisServer::start();
    let (here, there) = (redis_at(&server.url()).await, redis_at(&server.url()).await);
    there.push(&[job("A").at(at(500)).build()], at(0)).await.unwrap();
    assert_eq!(here.promote(10, at(0)).await.unwrap().next_due, Some(at(500)));
    let sleeper = waiting(&here, Interest::Due).await;
    there.push(&[job("B").at(at(600)).build()], at(0)).await.unwrap();
    tokio::time::sleep(SILENCE).await;
    assert!(!sleeper.is_finished(), "a later job changes nothing");
    there.push(&[job("C").at(at(400)).build()], at(0)).await.unwrap();
    woken(sleeper, "an earlier job").await;
}

#[tokio::test]
async fn a_paused_queue_is_silent_until_it_is_resumed() {
    let redis = Redis::default();
    let (here, there, url) = two(&redis).await;
    let paused = Pausable::Queue(queue("default"));
    there.pause(&paused, at(0)).await.unwrap();
    say(&url, &["LPUSH", "queue:default", "{}"]);
    let sleeper = waiting(&here, ready()).await;
    for _ in 0..20 {
        say(&url, &["LPUSH", "queue:default", "{}"]);
    }
    tokio::time::sleep(SILENCE).await;
    assert!(!sleeper.is_finished(), "nothing can be claimed from it");
    there.resume(&paused, at(1)).await.unwrap();
    woken(sleeper, "it is resumed").await;
}

#[tokio::test]
async fn a_queue_in_which_jobs_stay_wakes_no_one_again_and_again() {
    // A server of its own: Redis tells of a changed key whatever the database in which it changed.
    let server = RedisServer::start();
    let here = RedisStore::connect(&server.url()).await.unwrap();
    say(&server.url(), &["LPUSH", "queue:default", "{}"]);
    let wakes = wakes(&here, &ready(), Duration::from_secs(4)).await;
    // Once for what is there, and once for each slow look.
    assert!((1..=4).contains(&wakes), "woken {wakes} times");
}

#[tokio::test]
async fn jobs_put_back_and_jobs_that_failed_wake() {
    let redis = Redis::default();
    let (here, there, _) = two(&redis).await;
    let stage = Stage::new(std::sync::Arc::new(there.clone()), std::sync::Arc::new(there));
    stage.push([job("A"), job("B")], 0).await;
    let claims = [stage.claim_one("p", 0).await, stage.claim("p", 1, &["default"], 0).await.remove(0)];
    let sleeper = waiting(&here, ready()).await;
    stage.settle(&claims[0], sancho_testkit::stage::back("default"), 1).await;
    woken(sleeper, "a job was put back").await;
    let sleeper = waiting(&here, Interest::Due).await;
    stage.settle(&claims[1], Place::Retries { at: at(9) }, 1).await;
    woken(sleeper, "a job is to be tried again").await;
}

#[tokio::test]
async fn a_lost_connection_wakes_everyone_and_is_made_again() {
    let server = RedisServer::start();
    let proxy = Proxy::start(server.port());
    let store = RedisStore::connect(&format!("redis://127.0.0.1:{}", proxy.port())).await.unwrap();
    for round in 0..5 {
        let sleeper = waiting(&store, ready()).await;
        proxy.cut();
        woken(sleeper, &format!("cut {round}")).await;
        let mark = store.mark();
        say(&server.url(), &["LPUSH", "queue:default", "{}"]);
        let found = tokio::time::timeout(PATIENCE, store.wait(&ready(), mark)).await;
        assert!(found.is_ok(), "what came meanwhile is found, round {round}");
        say(&server.url(), &["DEL", "queue:default"]);
    }
}

#[tokio::test]
async fn a_push_while_nobody_can_be_told_is_found_after_the_restart() {
    let mut server = RedisServer::start_with(&["--appendonly", "yes", "--save", ""]);
    let store = RedisStore::connect(&server.url()).await.unwrap();
    let sleeper = waiting(&store, ready()).await;
    server.kill();
    woken(sleeper, "the connection is lost").await;
    server.restart();
    say(&server.url(), &["LPUSH", "queue:default", "{}"]);
    let found = tokio::time::timeout(PATIENCE, store.wait(&ready(), store.mark())).await;
    assert!(found.is_ok());
}

#[tokio::test]
async fn a_flush_of_everything_is_heeded() {
    let server = RedisServer::start();
    let store = RedisStore::connect(&server.url()).await.unwrap();
    let sleeper = waiting(&store, ready()).await;
    say(&server.url(), &["FLUSHALL"]);
    say(&server.url(), &["LPUSH", "queue:default", "{}"]);
    woken(sleeper, "a push after the flush").await;
}

#[tokio::test]
async fn without_tracking_it_looks_often() {
    let server = RedisServer::start();
    say(&server.url(), &["ACL", "SETUSER", "anna", "on", ">secret", "~*", "&*", "+@all", "-client|tracking"]);
    let store = RedisStore::connect(&format!("redis://anna:secret@127.0.0.1:{}", server.port())).await.unwrap();
    let sleeper = waiting(&store, ready()).await;
    say(&server.url(), &["LPUSH", "queue:default", "{}"]);
    woken(sleeper, "by looking").await;
    say(&server.url(), &["DEL", "queue:default"]);
    assert!(wakes(&store, &ready(), SILENCE).await <= 1, "an empty queue wakes nobody");
}

#[tokio::test]
async fn what_redis_does_not_tell_is_found_by_the_slow_look() {
    let server = RedisServer::start();
    let store = RedisStore::connect(&server.url()).await.unwrap();
    let other = format!("redis://127.0.0.1:{}/1", server.port());
    let sleeper = waiting(&store, ready()).await;
    say(&other, &["LPUSH", "queue:default", "{}"]);
    tokio::time::sleep(Duration::from_millis(50)).await;
    // Databases change places without a word of the keys in them.
    say(&server.url(), &["SWAPDB", "0", "1"]);
    woken(sleeper, "by the slow look at the latest").await;
}

#[test]
fn a_runtime_that_ends_takes_no_one_elses_wake_ups_along() {
    let server = RedisServer::start();
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (first, second) = (runtime(), runtime());
    let store = second.block_on(RedisStore::connect(&server.url())).unwrap();
    let begun = first.block_on(async { tokio::time::timeout(SILENCE, store.wait(&ready(), Mark(0))).await });
    assert!(begun.is_err(), "nothing is there");
    drop(first);
    let mark = store.mark();
    second.block_on(async {
        let sleeper = waiting(&store, ready()).await;
        say(&server.url(), &["LPUSH", "queue:default", "{}"]);
        woken(sleeper, "watched by another runtime now").await;
    });
    assert!(store.mark() > mark);
}
