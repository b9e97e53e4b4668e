//! Keys that hold another type than they should.

use sancho_core::{ErrorKind, Greeting, Store};
use sancho_testkit::chance::Seeded;
use sancho_testkit::stage::beat;
use tokio::task::JoinSet;

use crate::bench::{Bench, bad, fill, good};
use crate::junk::seeds;

const TYPES: [&str; 6] = ["string", "list", "set", "zset", "hash", "stream"];

/// Every key that is Sidekiq's or ours and has one name, and its type. Without the last two no process can live.
const KEYS: [(&str, &str); 19] = [
    ("queue:broken", "list"),
    ("queues", "set"),
    ("paused", "set"),
    ("processes", "set"),
    ("process_cleanup", "string"),
    ("schedule", "zset"),
    ("retry", "zset"),
    ("dead", "zset"),
    ("stat:processed", "string"),
    ("stat:failed", "string"),
    ("sancho:held", "zset"),
    ("sancho:due", "zset"),
    ("sancho:keys", "hash"),
    ("sancho:unknown", "hash"),
    ("sancho:days", "zset"),
    ("sancho:kept", "string"),
    ("sancho:paused-classes", "set"),
    ("sancho:leases", "zset"),
    ("sancho:holders", "set"),
];

/// Keys without which nothing is claimed.
fn is_vital(key: &str) -> bool {
    matches!(key, "sancho:leases" | "sancho:holders")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_key_of_another_type_stops_no_other_job_and_every_refusal_names_it() {
    let mut cases = JoinSet::new();
    for seed in seeds().into_iter().take(2) {
        let chance = Seeded::new(seed);
        for (key, right) in KEYS {
            let wrong: Vec<&str> = TYPES.into_iter().filter(|kind| *kind != right).collect();
            let kind = if seed == 1 { wrong[0] } else { chance.pick(&wrong) };
            cases.spawn(survive(key, kind));
        }
    }
    while let Some(case) = cases.join_next().await {
        case.expect("a case holds");
    }
}

async fn survive(key: &str, kind: &str) {
    let bench = Bench::new().await;
    let tale = format!("{key} is a {kind}");
    // In front of the good jobs: one that cannot be read, one that fails, and one whose class nobody knows.
    bench.enqueue("good", b"junk");
    bench.enqueue("good", &bad(1));
    for number in 1..=3 {
        bench.enqueue("good", &good(number));
    }
    bench.say::<i64>(&[b"ZADD", b"schedule", b"1", &scheduled(4)]);
    bench.say::<i64>(&[b"ZADD", b"retry", b"1", &scheduled(5)]);
    let moved: i64 = bench.say(&[b"DEL", key.as_bytes()]);
    fill(&bench, key, kind);
    if key == "queue:broken" && moved == 0 {
        let _: i64 = bench.say(&[b"SADD", b"queues", b"broken"]);
    }
    let before = bench.dump(key);

    for (call, error) in bench.look_at_everything(&["broken", "good"]).await {
        assert_eq!(error.kind, ErrorKind::Corrupt, "{tale}: {call}: {error}");
        assert!(error.to_string().contains(key), "{tale}: {call} names the key: {error}");
    }
    if is_vital(key) {
        let hello = beat("p", Greeting::Hello);
        let error = bench.store.beat(&hello, bench.now()).await.expect_err("no process can live");
        assert!(error.kind == ErrorKind::Corrupt && error.to_string().contains(key), "{tale}: {error}");
    } else {
        let serving = bench.serve(&["broken", "good"]).await;
        let mut wanted = vec![1, 2, 3];
        // A job that waits in a key that is broken is not there.
        wanted.extend([("schedule", 4), ("retry", 5)].iter().filter(|(set, _)| *set != key).map(|(_, number)| *number));
        // Nothing says where a job that is due would go, or whether its name is taken.
        if matches!(key, "sancho:keys" | "sancho:due" | "queues") {
            wanted.truncate(3);
        }
        serving.until(&format!("{tale}: {wanted:?} are performed"), || bench.journal.performed() == wanted).await;
        for complaint in serving.complaints() {
            assert!(complaint.contains(key), "{tale}: what the server complains of names the key: {complaint}");
        }
        serving.stop().await;
    }
    assert_eq!(bench.dump(key), before, "{tale}: what was there is there");
    no_loss(&bench, key, &tale);
}

/// The payload of a good job that goes to the queue `good`.
fn scheduled(number: u64) -> Vec<u8> {
    let text = String::from_utf8(good(number)).expect("a payload is text");
    text.replace("\"queue\":\"default\"", "\"queue\":\"good\"").into_bytes()
}

/// The junk and the failed job are in the dead set and in `retry`, or, where these are broken, still in flight.
fn no_loss(bench: &Bench, key: &str, tale: &str) {
    let mut seen: Vec<Vec<u8>> = Vec::new();
    for set in ["dead", "retry"].into_iter().filter(|set| *set != key) {
        seen.extend(bench.members(set));
    }
    if key != "queue:good" {
        seen.extend(bench.queued("good"));
    }
    let flights: Vec<String> = bench.say(&[b"KEYS", b"sancho:flight:*"]);
    for flight in flights {
        let values: Vec<Vec<u8>> = bench.say(&[b"HVALS", flight.as_bytes()]);
        seen.extend(values);
    }
    let has = |part: &[u8]| seen.iter().any(|bytes| bytes.windows(part.len()).any(|window| window == part));
    assert!(has(b"junk"), "{tale}: the junk is somewhere: {seen:?}");
    assert!(has(b"\"class\":\"Bad\""), "{tale}: the job that failed is somewhere: {seen:?}");
}
