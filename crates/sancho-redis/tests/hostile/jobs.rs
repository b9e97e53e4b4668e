//! Junk where jobs are: in queues and in sorted sets.

use sancho_testkit::chance::Seeded;

use crate::bench::{Bench, good};
use crate::junk::{self, is_due, seeds, unreadable};

#[tokio::test]
async fn junk_in_a_queue_is_buried_byte_for_byte_and_good_jobs_behind_it_are_performed() {
    for seed in seeds() {
        let (bench, chance) = (Bench::new().await, Seeded::new(seed));
        let mut junk = unreadable(&chance, 20);
        for (number, junk) in junk.iter().enumerate() {
            bench.enqueue("default", junk);
            if chance.once_in(3) || number == 19 {
                bench.enqueue("default", &good(number as u64));
            }
        }
        let goods = bench.queued("default").len() - junk.len();
        assert!(bench.look_at_everything(&["default"]).await.is_empty(), "seed {seed}");
        let serving = bench.serve(&["default"]).await;
        let over = || bench.journal.performed().len() == goods && bench.count("dead") == junk.len();
        serving.until(&format!("seed {seed}: the queue is empty"), over).await;
        assert!(bench.look_at_everything(&["default"]).await.is_empty(), "seed {seed}");
        serving.stop().await;
        junk.sort();
        assert_eq!(bench.members("dead"), junk, "seed {seed}: byte for byte");
        assert!(bench.queued("default").is_empty());
    }
}

#[tokio::test]
async fn junk_at_any_score_is_buried_when_it_is_due_and_waits_else() {
    for seed in seeds() {
        let (bench, chance) = (Bench::new().await, Seeded::new(seed));
        let (mut due, mut waits, now) = (Vec::new(), Vec::new(), bench.seconds());
        for junk in unreadable(&chance, 20) {
            let (set, score) = (chance.pick(&["schedule", "retry"]), junk::score(&chance, now));
            bench.say::<i64>(&[b"ZADD", set.as_bytes(), score.as_bytes(), &junk]);
            if is_due(&score, now) {
                due.push(junk)
            } else {
                waits.push(junk)
            };
        }
        for (number, set) in ["schedule", "retry", "schedule"].into_iter().enumerate() {
            let score = ["-inf", "0", "1"][number];
            bench.say::<i64>(&[b"ZADD", set.as_bytes(), score.as_bytes(), &good(number as u64)]);
        }
        // Dead jobs of any age: what a page shows, and what a person brings back.
        for (number, score) in ["-inf", "-1e300", "0", "1e300", "+inf"].into_iter().enumerate() {
            bench.say::<i64>(&[b"ZADD", b"dead", score.as_bytes(), format!("old junk {number}").as_bytes()]);
        }
        assert!(bench.look_at_everything(&[]).await.is_empty(), "seed {seed}");
        let serving = bench.serve(&["default"]).await;
        let over = || bench.journal.performed() == [0, 1, 2] && bench.count("dead") == 5 + due.len();
        serving.until(&format!("seed {seed}: what is due was moved"), over).await;
        assert!(bench.look_at_everything(&["default"]).await.is_empty(), "seed {seed}");
        assert_eq!(serving.complaints(), [""; 0]);
        serving.stop().await;
        let mut left = [bench.members("schedule"), bench.members("retry")].concat();
        left.sort();
        waits.sort();
        assert_eq!(left, waits, "seed {seed}");
        let dead = bench.members("dead");
        assert!(due.iter().all(|junk| dead.contains(junk)), "seed {seed}: byte for byte");
    }
}

#[tokio::test]
async fn names_of_queues_that_are_none_harm_no_queue() {
    let bench = Bench::new().await;
    for name in [&b""[..], b"\xff\xfe", b"a\nb", &[b'x'; 70_000], b"\0"] {
        let list = [b"queue:", name].concat();
        bench.say::<i64>(&[b"SADD", b"queues", name]);
        bench.say::<i64>(&[b"LPUSH", &list, b"junk"]);
    }
    bench.enqueue("default", &good(1));
    assert!(bench.look_at_everything(&["default"]).await.is_empty());
    let rows = sancho_core::Inspect::queues(&bench.store, bench.now()).await.expect("queues");
    let names: Vec<&str> = rows.iter().map(|row| row.name.as_str()).collect();
    assert_eq!(names, ["default"], "a queue that is shown can be looked into");
    let findings = sancho_core::Inspect::checkup(&bench.store, bench.now()).await.expect("checkup");
    assert!(findings.iter().any(|finding| finding.what.contains("5 names")), "they are told: {findings:?}");
    let serving = bench.serve(&["default"]).await;
    serving.until("the good job is performed", || bench.journal.performed() == [1]).await;
    serving.stop().await;
    assert_eq!(bench.say::<i64>(&[b"LLEN", b"queue:\xff\xfe"]), 1, "their jobs stay");
}
