//! Traps of the sorted sets.

use sancho_core::{Action, Payload, Retention, Selection, Set, Timestamp};
use sancho_testkit::{at, jid_of, job};

use crate::common::Redis;
use crate::foreign_program::{Foreign, stage};
use crate::jobs::{draft, drafted, due};

async fn members(foreign: &Foreign, key: &str) -> Vec<Payload> {
    let members: Vec<Vec<u8>> = foreign.call(&format!("ZRANGE {key} 0 -1"), &[]).await;
    members.into_iter().map(Payload::from_bytes).collect()
}

fn has(payload: &Payload, name: &str) -> bool {
    payload.members().expect("readable").get(name).is_some()
}

/// Ruby's poller pops before it checks: a member that fails the check is lost, and the round ends there.
#[tokio::test]
async fn t03_a_bad_member_is_neither_lost_nor_in_the_way() {
    let bad = [
        r#"{"class":"A1","args":[],"queue":"default","at":null,"jid":"a1"}"#,
        r#"{"class":"A2","args":7,"queue":"default","jid":"a2"}"#,
        r#"{"class":"A3","args":[],"queue":"","jid":"a3"}"#,
        r#"{"class":"A4","args":[],"queue":null,"jid":"a4"}"#,
        r#"{"class":"A5","args":[],"queue":"default","tags":"urgent","jid":"a5"}"#,
        r#"{"class":"A6","args":[],"queue":"default","retry_for":"3600","jid":"a6"}"#,
        r#"{"args":[],"queue":"default","jid":"a7"}"#,
        "nonsense",
        r#"{"class":"A9","args":[],"jid":"a9"}"#,
    ];
    let redis = Redis::default();
    for set in ["schedule", "retry"] {
        let (stage, foreign) = stage(&redis).await;
        for (index, bytes) in bad.iter().enumerate() {
            let score = (index + 1).to_string();
            let _: i64 = foreign.call(&format!("ZADD {set}"), &[score.as_bytes(), bytes.as_bytes()]).await;
        }
        let good = drafted(draft("Good"));
        let _: i64 = foreign.call(&format!("ZADD {set} 99"), &[good.payload.as_bytes()]).await;
        let promoted = stage.promote(1).await;
        assert_eq!(promoted.moved + promoted.buried, bad.len() + 1, "{set}: nothing is lost");
        let queued = stage.queued("default").await;
        assert_eq!(queued.last().map(String::as_str), Some("Good"), "{set}: the round goes on to its end");
        let dead = members(&foreign, "dead").await.len();
        assert_eq!((queued.len(), dead), (promoted.moved, promoted.buried), "{set}");
        assert!(queued.contains(&"A9".to_owned()), "{set}: without a queue it goes to the default one, as in Ruby");
    }
}

/// A stored `at` makes Ruby schedule the job once more; `enqueued_at` has no place in `schedule`.
#[tokio::test]
async fn t04_at_is_never_stored_and_enqueued_at_never_scheduled() {
    let redis = Redis::default();
    let (stage, foreign) = stage(&redis).await;
    let scheduled = drafted(due("Scheduled", at(50)));
    let enqueued = drafted(draft("Enqueued"));
    stage.store.push(&[scheduled, enqueued], at(0)).await.expect("push");
    let action = Action::Reschedule { at: at(60) };
    assert_eq!(stage.apply(action, Selection::Jid(jid_of("Enqueued")), 1, 1).await.done, 1);
    let waiting = members(&foreign, "schedule").await;
    assert_eq!(waiting.len(), 2);
    for payload in &waiting {
        assert!(!has(payload, "at") && !has(payload, "enqueued_at"), "{payload:?}");
    }
    let stored = br#"{"class":"A","args":[],"queue":"default","jid":"a1","at":1795214970.5}"#;
    let _: i64 = foreign.call("ZADD retry 1", &[stored]).await;
    stage.promote(100).await;
    let queued: Vec<Vec<u8>> = foreign.call("LRANGE queue:default 0 -1", &[]).await;
    assert_eq!(queued.len(), 3);
    for payload in queued.into_iter().map(Payload::from_bytes) {
        assert!(!has(&payload, "at") && has(&payload, "enqueued_at"), "{payload:?}");
    }
}

/// Ruby's trim keeps one dead job less than its limit says; ours keeps the limit.
#[tokio::test]
async fn t13_the_dead_set_keeps_as_many_as_its_limit_says() {
    let redis = Redis::default();
    let (stage, foreign) = stage(&redis).await;
    for index in 0..30 {
        let job = drafted(draft(&format!("J{index}")));
        let score = (at(0).as_unix_micros() / 1_000_000 + index).to_string();
        let _: i64 = foreign.call("ZADD dead", &[score.as_bytes(), job.payload.as_bytes()]).await;
    }
    let retention = Retention { dead_jobs_max: 10, ..Retention::default() };
    stage.store.prune(&retention, 1_000, at(60)).await.expect("pruned");
    let left = stage.names(Set::Dead).await;
    assert_eq!(left.len(), 10);
    assert_eq!(left[0], "J29", "the latest stay");
}

/// Ruby's pages address an entry by its score: our text has to be the number that was meant, to the microsecond.
#[tokio::test]
async fn t29_a_score_is_the_time_to_the_microsecond() {
    let redis = Redis::default();
    let (stage, foreign) = stage(&redis).await;
    for micros in [0, 1, 999_999, 123_456, 500_000] {
        let time = Timestamp::from_unix_micros(at(50).as_unix_micros() + micros);
        let job = drafted(due(&format!("J{micros}"), time));
        stage.store.push(std::slice::from_ref(&job), at(0)).await.expect("push");
        let score: f64 = foreign.call("ZSCORE schedule", &[job.payload.as_bytes()]).await;
        assert_eq!(score, time.as_unix_micros() as f64 / 1e6, "as the nearest float");
        assert_eq!(Timestamp::from_unix_secs_f64(score), Some(time));
    }
}

/// Ruby takes a job out by removing all of its score and putting the others back; a crash in between loses them.
#[tokio::test]
async fn t45_of_two_jobs_with_one_score_the_other_is_not_touched() {
    let redis = Redis::default();
    let (stage, foreign) = stage(&redis).await;
    stage.push([job("A").at(at(50)), job("B").at(at(50)), job("C").at(at(50))], 0).await;
    assert_eq!(stage.act(Action::Delete, "B", 1).await.done, 1);
    assert_eq!(stage.act(Action::RunNow, "A", 1).await.done, 1);
    assert_eq!(stage.names(Set::Scheduled).await, ["C"]);
    assert_eq!(stage.queued("default").await, ["A"]);
    let score: f64 = foreign.call("ZSCORE schedule", &[job("C").build().payload.as_bytes()]).await;
    assert_eq!(Timestamp::from_unix_secs_f64(score), Some(at(50)));
}
