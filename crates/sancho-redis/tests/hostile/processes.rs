//! Junk where processes tell of themselves, and where they are told.

use redis::Value;
use sancho_core::{Greeting, Store};
use sancho_testkit::chance::Seeded;
use sancho_testkit::stage::beat;

use crate::bench::{Bench, fill, good};
use crate::junk::{bytes, seeds};

#[tokio::test]
async fn processes_that_tell_junk_are_shown_or_left_out() {
    for seed in seeds() {
        let (bench, chance) = (Bench::new().await, Seeded::new(seed));
        for number in 0..20 {
            let who = if chance.once_in(4) { bytes(&chance) } else { format!("h:{number}:x").into_bytes() };
            bench.say::<i64>(&[b"SADD", b"processes", &who]);
            for name in ["info", "concurrency", "busy", "beat", "rss", "quiet", "rtt_us"] {
                if chance.once_in(3) {
                    bench.say::<i64>(&[b"HSET", &who, name.as_bytes(), &bytes(&chance)]);
                }
            }
            bench.say::<i64>(&[b"HSET", &[&who[..], b":work"].concat(), b"tid", &bytes(&chance)]);
        }
        // Names of keys that are there, and are no processes.
        bench.enqueue("kept", b"a job");
        for name in [&b"queue:kept"[..], b"queues", b"processes", b""] {
            bench.say::<i64>(&[b"SADD", b"processes", name]);
        }
        bench.enqueue("default", &good(1));
        assert!(bench.look_at_everything(&["default"]).await.is_empty(), "seed {seed}");
        let serving = bench.serve(&["default"]).await;
        serving.until(&format!("seed {seed}: the good job"), || bench.journal.performed() == [1]).await;
        assert!(bench.look_at_everything(&["default"]).await.is_empty(), "seed {seed}");
        serving.stop().await;
        assert_eq!(bench.queued("kept"), [b"a job"], "a name in the list of processes takes no key along");
    }
}

#[tokio::test]
async fn signals_and_orders_of_any_bytes_are_heard_as_what_they_are() {
    for seed in seeds() {
        let (bench, chance) = (Bench::new().await, Seeded::new(seed));
        bench.store.beat(&beat("h:1:p", Greeting::Hello), bench.now()).await.expect("hello");
        let words: Vec<Vec<u8>> = (0..8).map(|_| bytes(&chance)).collect();
        for word in &words {
            bench.say::<i64>(&[b"LPUSH", b"h:1:p-signals", word]);
            bench.say::<i64>(&[b"RPUSH", b"sancho:orders:h:1:p", word]);
        }
        let mut orders = 0;
        for _ in &words {
            let answer = bench.store.beat(&beat("h:1:p", Greeting::StillHere), bench.now()).await.expect("a beat");
            orders += answer.orders.len();
        }
        // An empty signal says nothing.
        let empty = words.iter().filter(|word| word.is_empty()).count();
        assert_eq!(orders, 2 * words.len() - empty, "seed {seed}");
    }
}

#[tokio::test]
async fn what_is_shown_of_a_process_may_be_of_any_type() {
    for (key, kind) in [
        ("h:1:p", "string"),
        ("h:1:p:work", "list"),
        ("h:1:p:workers", "set"),
        ("h:1:p-signals", "hash"),
        ("processes", "string"),
        ("sancho:paused-classes", "list"),
    ] {
        let bench = Bench::new().await;
        fill(&bench, key, kind);
        for greeting in [Greeting::Hello, Greeting::StillHere] {
            let answer = bench.store.beat(&beat("h:1:p", greeting), bench.now()).await;
            assert!(answer.is_ok(), "{key} is a {kind}: {answer:?}");
        }
    }
}

#[tokio::test]
async fn counters_that_are_no_numbers_stop_no_job() {
    for value in [&b"abc"[..], b"", b"9223372036854775807", b"1.5", b"\xff"] {
        let bench = Bench::new().await;
        let day = bench.now().unix_day();
        let day = sancho_redis::readers::date(day);
        let keys = ["stat:processed".to_owned(), "stat:failed".to_owned(), format!("stat:processed:{day}")];
        for key in &keys {
            let _: Value = bench.say(&[b"SET", key.as_bytes(), value]);
        }
        bench.enqueue("default", &good(1));
        assert!(bench.look_at_everything(&["default"]).await.is_empty());
        let serving = bench.serve(&["default"]).await;
        serving.until("the good job", || bench.journal.performed() == [1]).await;
        serving.stop().await;
        let now: Vec<u8> = bench.say(&[b"GET", b"stat:processed"]);
        assert_eq!(now, value, "a counter that cannot be counted on stays as it is");
    }
}

#[tokio::test]
async fn paused_queues_of_any_name_pause_no_other() {
    let bench = Bench::new().await;
    for seed in seeds() {
        bench.say::<i64>(&[b"SADD", b"paused", &bytes(&Seeded::new(seed))]);
    }
    bench.enqueue("default", &good(1));
    assert!(bench.look_at_everything(&["default"]).await.is_empty());
    let serving = bench.serve(&["default"]).await;
    serving.until("the good job", || bench.journal.performed() == [1]).await;
    serving.stop().await;
}
