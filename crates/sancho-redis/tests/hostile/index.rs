//! Junk in what Sancho remembers of keys, of due times and of batches.

use std::time::Duration;

use sancho::Raw;
use sancho_core::{ErrorKind, Inspect, Pushed, Store};
use sancho_testkit::chance::Seeded;
use sancho_testkit::factory::key;
use sancho_testkit::job;

use crate::bench::{Bench, fill};
use crate::junk::{bytes, seeds};

#[tokio::test]
async fn entries_of_the_index_that_are_junk_hold_no_key() {
    for seed in seeds() {
        let (bench, chance) = (Bench::new().await, Seeded::new(seed));
        for number in 0..10 {
            let letter = chance.pick(&["S", "R", "H", "Q", "B", "X", ""]);
            let entry = match chance.below(3) {
                0 => bytes(&chance),
                1 => [b"jid\n", letter.as_bytes(), b"\nplace\n", &bytes(&chance)[..]].concat(),
                _ => [b"\xff\n", letter.as_bytes(), b"\n\n"].concat(),
            };
            bench.say::<i64>(&[b"HSET", b"sancho:keys", format!("k{number}").as_bytes(), &entry]);
            bench.say::<i64>(&[b"ZADD", b"sancho:due", b"5", &bytes(&chance)]);
        }
        assert!(bench.look_at_everything(&[]).await.is_empty(), "seed {seed}");
        for number in 0..10 {
            let name = format!("k{number}");
            if number % 2 == 0 {
                let holder = bench.store.find_key(&key(&name)).await.expect("find_key");
                assert!(holder.is_none(), "seed {seed}: {holder:?}");
            }
            let pushed = bench.client.push(Raw::new("A", [number])).key(&name).await.expect("a push");
            assert_eq!(pushed.answer, Pushed::Added, "seed {seed}: {name}");
            let found = bench.store.find_key(&key(&name)).await.expect("find_key").expect("it holds its key");
            assert_eq!(found.jid, pushed.jid);
            let again = bench.client.push(Raw::new("A", [number])).key(&name).await.expect("a push");
            assert!(matches!(again.answer, Pushed::Kept { .. }), "seed {seed}: the key is taken once");
        }
    }
}

#[tokio::test]
async fn a_jid_with_line_breaks_takes_no_key_and_breaks_none() {
    let bench = Bench::new().await;
    let payload = br#"{"class":"Good","args":[1],"queue":"default","jid":"a\nS\n\nb","key":"mine"}"#;
    bench.enqueue("default", payload);
    bench.say::<i64>(&[b"ZADD", b"schedule", b"1", &payload.map(|byte| if byte == b'1' { b'2' } else { byte })]);
    assert!(bench.look_at_everything(&["default"]).await.is_empty());
    let serving = bench.serve(&["default"]).await;
    serving.until("both are performed", || bench.journal.performed() == [1, 2]).await;
    serving.stop().await;
    assert_eq!(bench.say::<i64>(&[b"EXISTS", b"sancho:keys", b"sancho:due"]), 0, "it left no trace");
}

#[tokio::test]
async fn records_of_batches_that_are_none_refuse_a_push_by_their_names() {
    let bench = Bench::new().await;
    let minute = bench.now().as_unix_micros().div_euclid(60_000_000);
    let records: Vec<String> = (minute - 1..=minute + 2).map(|minute| format!("sancho:pushed:{minute}")).collect();
    for record in &records {
        fill(&bench, record, "string");
    }
    for jobs in [vec![job("A").build()], vec![job("B").key("k").build()], vec![job("C").build(), job("D").build()]] {
        let error = bench.store.push(&jobs, bench.now()).await.expect_err("nobody knows what was pushed before");
        assert_eq!(error.kind, ErrorKind::Corrupt, "{error}");
        assert!(error.to_string().contains("sancho:pushed:"), "{error}");
    }
    assert_eq!(bench.say::<i64>(&[b"EXISTS", b"queue:default"]), 0, "nothing was pushed");
}

#[tokio::test]
async fn more_jobs_of_a_broken_queue_than_one_promotion_moves_keep_no_other_waiting() {
    let bench = Bench::new().await;
    fill(&bench, "queue:broken", "string");
    let mut add = redis::cmd("ZADD");
    add.arg("schedule");
    for number in 0..1_500 {
        add.arg(1).arg(format!(r#"{{"class":"Good","args":[{number}],"queue":"broken","jid":"j{number}"}}"#));
    }
    add.arg(2).arg(r#"{"class":"Good","args":[7],"queue":"default","jid":"last"}"#);
    add.query::<i64>(&mut bench.raw()).expect("ZADD");
    let serving = bench.serve(&["default"]).await;
    serving.until("the job behind them is performed", || bench.journal.performed() == [7]).await;
    tokio::time::sleep(Duration::from_millis(1)).await;
    serving.stop().await;
    assert_eq!(bench.members("schedule").len(), 1_500, "they stay where they are");
}
