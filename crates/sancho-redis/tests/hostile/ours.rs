//! Junk among what processes hold and say of themselves under our own keys.

use sancho_testkit::chance::Seeded;

use crate::bench::{Bench, fill, good};
use crate::junk::{bytes, seeds, unreadable};

/// A process that died with claims in its hands, as its keys tell it.
fn died(bench: &Bench, who: &str) {
    bench.say::<i64>(&[b"SADD", b"sancho:holders", who.as_bytes()]);
    bench.say::<i64>(&[b"ZADD", b"sancho:leases", b"1", who.as_bytes()]);
}

fn hold(bench: &Bench, who: &str, number: &[u8], value: &[u8]) {
    bench.say::<i64>(&[b"HSET", format!("sancho:flight:{who}").as_bytes(), number, value]);
}

#[tokio::test]
async fn claims_of_the_dead_are_taken_over_whatever_they_are() {
    for seed in seeds() {
        let (bench, chance) = (Bench::new().await, Seeded::new(seed));
        died(&bench, "h:1:dead");
        let mut junk = unreadable(&chance, 12);
        for (number, junk) in junk.iter().enumerate() {
            // With and without what stands in front of a payload, and under numbers that are none.
            let front = chance.pick(&[&b""[..], b"5\ndefault\n", b"x\n\n", b"-9\na\x01b\n", b"\xff\n\xff\n"]);
            let name = chance.pick(&["", "-", "0x", "1e3", "9007199254740993", "99999999999999999999", "n"]);
            let value = [front, junk].concat();
            hold(&bench, "h:1:dead", format!("{name}{number}").as_bytes(), &value);
        }
        for number in 1..=3 {
            hold(&bench, "h:1:dead", format!("700{number}").as_bytes(), &[b"5\ndefault\n", &good(number)[..]].concat());
        }
        hold(&bench, "h:1:dead", b"next", &bytes(&chance));
        assert!(bench.look_at_everything(&["default"]).await.is_empty(), "seed {seed}");
        let serving = bench.serve(&["default"]).await;
        let over = || bench.journal.performed() == [1, 2, 3] && bench.count("dead") == 12;
        serving.until(&format!("seed {seed}: all of them are taken over"), over).await;
        serving.stop().await;
        let dead = bench.members("dead");
        junk.sort();
        for junk in junk {
            assert!(dead.iter().any(|dead| dead.ends_with(&junk)), "seed {seed}: byte for byte: {junk:?}");
        }
    }
}

#[tokio::test]
async fn a_hash_of_claims_that_is_none_keeps_nobody_from_the_claims_of_others() {
    for kind in ["string", "list", "zset"] {
        let bench = Bench::new().await;
        for who in ["h:1:a", "h:2:b", "h:3:c"] {
            died(&bench, who);
        }
        fill(&bench, "sancho:flight:h:2:b", kind);
        for (number, who) in [(1, "h:1:a"), (2, "h:3:c")] {
            hold(&bench, who, b"7", &[b"5\ndefault\n", &good(number)[..]].concat());
        }
        let before = bench.dump("sancho:flight:h:2:b");
        for (call, error) in bench.look_at_everything(&["default"]).await {
            assert!(error.to_string().contains("sancho:flight:h:2:b"), "{call} names the key: {error}");
        }
        let serving = bench.serve(&["default"]).await;
        serving.until(&format!("{kind}: the others' jobs run"), || bench.journal.performed() == [1, 2]).await;
        serving.stop().await;
        assert_eq!(bench.dump("sancho:flight:h:2:b"), before, "what nobody understands stays");
    }
}

#[tokio::test]
async fn a_lease_in_the_name_of_another_key_takes_that_key_along_neither_at_its_end_nor_ever() {
    let bench = Bench::new().await;
    let kept = [("schedule", "zset"), ("queue:kept", "list"), ("h:9:sidekiq", "hash"), ("note", "string")];
    for (key, kind) in kept {
        fill(&bench, key, kind);
    }
    // Due in a hundred years, so that nobody moves it in the meantime.
    bench.say::<i64>(&[b"DEL", b"schedule"]);
    bench.say::<i64>(&[b"ZADD", b"schedule", b"4e9", b"a job for later"]);
    let before: Vec<_> = kept.iter().map(|(key, _)| bench.dump(key)).collect();
    for (key, _) in kept {
        died(&bench, key);
    }
    bench.enqueue("default", &good(1));
    let serving = bench.serve(&["default"]).await;
    let over = || bench.journal.performed() == [1] && bench.say::<i64>(&[b"ZCARD", b"sancho:leases"]) == 1;
    serving.until("the leases have ended", over).await;
    serving.stop().await;
    assert_eq!(kept.iter().map(|(key, _)| bench.dump(key)).collect::<Vec<_>>(), before);
}

#[tokio::test]
async fn records_that_are_junk_are_met_anew() {
    let bench = Bench::new().await;
    for field in [&b"default\nUnheard"[..], b"", b"\xff"] {
        for value in [&b""[..], b"x", b"5", b"99999999999999999999999 5", b"\xff\xff"] {
            bench.say::<i64>(&[b"HSET", b"sancho:unknown", field, value]);
            assert!(bench.look_at_everything(&[]).await.is_empty());
        }
    }
}
