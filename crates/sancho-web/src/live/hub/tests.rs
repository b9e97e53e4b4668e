use std::sync::atomic::{AtomicU64, Ordering};

use sancho_core::{ErrorKind, StoreError};
use serde_json::Value;

use super::super::listener::{HEARTBEAT_EVERY, LISTEN_FOR, Told};
use super::*;

/// Tokio's time, which these tests have paused.
#[derive(Debug)]
struct PausedClock(Instant);

impl Clock for PausedClock {
    fn now(&self) -> Timestamp {
        Timestamp::EPOCH + self.uptime()
    }

    fn uptime(&self) -> Duration {
        self.0.elapsed()
    }
}

/// A hub of a store that has performed ten jobs more at each look, and how often it was looked at.
fn hub(answer: fn(u64) -> BoxFuture<'static, StoreResult<Stats>>) -> (Hub, Arc<AtomicU64>) {
    let looks = Arc::new(AtomicU64::new(0));
    let counted = Arc::clone(&looks);
    let look: Look = Box::new(move |_| answer(counted.fetch_add(1, Ordering::SeqCst)));
    (Hub::looking(look, Arc::new(PausedClock(Instant::now()))), looks)
}

fn ten_more(look: u64) -> BoxFuture<'static, StoreResult<Stats>> {
    Box::pin(std::future::ready(Ok(Stats { processed: look * 10, ..Stats::default() })))
}

async fn hear(listener: &mut Listener) -> Value {
    match listener.hear().await {
        Some(Told::Look(text)) => serde_json::from_str(&text).expect("JSON"),
        other => panic!("no look: {other:?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn all_listeners_share_one_look_a_second() {
    let (hub, looks) = hub(ten_more);
    let mut all: Vec<Listener> = (0..100).map(|_| hub.listen().expect("a seat")).collect();
    for look in 0..3 {
        for listener in &mut all {
            assert_eq!(hear(listener).await["processed"], look * 10);
        }
    }
    assert_eq!(looks.load(Ordering::SeqCst), 3);
}

#[tokio::test(start_paused = true)]
async fn rates_are_counted_from_the_look_before() {
    let (hub, _) = hub(ten_more);
    let mut listener = hub.listen().expect("a seat");
    assert!(hear(&mut listener).await["processed_per_second"].is_null());
    assert_eq!(hear(&mut listener).await["processed_per_second"], 10.0);
}

#[tokio::test(start_paused = true)]
async fn whoever_is_slow_hears_the_latest_and_whoever_is_late_hears_it_at_once() {
    let (hub, looks) = hub(ten_more);
    let (mut slow, mut quick) = (hub.listen().expect("a seat"), hub.listen().expect("a seat"));
    for look in 0..5 {
        assert_eq!(hear(&mut quick).await["processed"], look * 10);
    }
    assert_eq!(hear(&mut slow).await["processed"], 40);
    let heard_at = Instant::now();
    assert_eq!(hear(&mut hub.listen().expect("a seat")).await["processed"], 40);
    assert_eq!((heard_at.elapsed(), looks.load(Ordering::SeqCst)), (Duration::ZERO, 5));
}

#[tokio::test(start_paused = true)]
async fn nothing_is_looked_at_while_nobody_listens() {
    let (hub, looks) = hub(ten_more);
    let mut listener = hub.listen().expect("a seat");
    hear(&mut listener).await;
    drop(listener);
    tokio::time::sleep(LOOK_EVERY * 60).await;
    assert_eq!((looks.load(Ordering::SeqCst), hub.listeners()), (1, 0));
    let mut next = hub.listen().expect("a seat");
    let heard = hear(&mut next).await;
    assert_eq!(heard["processed"], 10, "a new look, not what was seen a minute ago");
    assert!(heard["processed_per_second"].is_null());
}

#[tokio::test(start_paused = true)]
async fn seats_are_bounded_and_given_on() {
    let (hub, _) = hub(ten_more);
    let mut all: Vec<Listener> = (0..LISTENERS_MAX).map(|_| hub.listen().expect("a seat")).collect();
    assert_eq!(hub.listen().expect_err("no seat is left"), Full);
    all.pop();
    assert!(hub.listen().is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_store_that_does_not_answer_is_told_of_and_looked_at_again() {
    let (hub, _) = hub(|look| match look {
        0 => Box::pin(std::future::pending()),
        1 => {
            let source = "away".into();
            Box::pin(std::future::ready(Err(StoreError { op: "stats", kind: ErrorKind::Unavailable, source })))
        }
        _ => ten_more(look),
    });
    let mut listener = hub.listen().expect("a seat");
    let asked_at = Instant::now();
    assert_eq!(listener.hear().await, Some(Told::Away));
    let waited = asked_at.elapsed();
    assert!(waited >= LOOK_WITHIN && waited < LOOK_WITHIN + LOOK_EVERY, "{waited:?}");
    assert_eq!(listener.hear().await, Some(Told::Away));
    assert_eq!(hear(&mut listener).await["processed"], 20);
}

#[tokio::test(start_paused = true)]
async fn a_stream_lives_while_there_is_nothing_to_tell() {
    let seats = Arc::new(Semaphore::new(1));
    let silent = watch::Sender::new(Latest::NotYet);
    let seat = seats.try_acquire_owned().expect("a seat");
    let mut listener = Listener::new(silent.subscribe(), seat);
    let since = Instant::now();
    assert_eq!(listener.hear().await, Some(Told::Heartbeat));
    assert_eq!(since.elapsed(), HEARTBEAT_EVERY);
}

#[tokio::test(start_paused = true)]
async fn a_stream_ends_in_time() {
    let (hub, _) = hub(ten_more);
    let (mut listener, since) = (hub.listen().expect("a seat"), Instant::now());
    let mut heard = 0;
    while listener.hear().await.is_some() {
        heard += 1;
        assert!(heard <= LISTEN_FOR.as_secs() + 1, "it does not end");
    }
    assert_eq!(since.elapsed(), LISTEN_FOR);
}

#[tokio::test(start_paused = true)]
async fn streams_end_with_the_server_and_none_begins_after() {
    let (hub, looks) = hub(ten_more);
    let mut listener = hub.listen().expect("a seat");
    hear(&mut listener).await;
    hub.end();
    assert_eq!(listener.hear().await, None);
    assert_eq!(hub.listen().expect("a seat").hear().await, None);
    tokio::time::sleep(LOOK_EVERY * 5).await;
    assert_eq!(looks.load(Ordering::SeqCst), 1);
    assert_eq!(hub.listen().expect("a seat").hear().await, None, "it stays so");
}
