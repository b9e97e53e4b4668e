//! Traps of queues and payloads.

use sancho_core::lifecycle::{Attempt, Failure, Outcome, Policy, decide};
use sancho_core::{Action, Claim, Draft, Jid, NewJob, Payload, Selection, Settlement, Timestamp, Transition, WireTime};
use sancho_testkit::factory::queue;
use sancho_testkit::stage::{back, claimed, front, name_of};
use sancho_testkit::{Stage, at, jid_of, job};

use crate::common::Redis;
use crate::foreign_program::stage;

/// A draft of a job with this name.
pub(crate) fn draft(name: &str) -> Draft {
    Draft::new(jid_of(name), name, "[]")
}

/// A draft of a job for later.
pub(crate) fn due(name: &str, time: Timestamp) -> Draft {
    let mut draft = draft(name);
    draft.at = Some(time);
    draft
}

/// A draft as a client would push it at the start of the test.
pub(crate) fn drafted(draft: Draft) -> NewJob {
    draft.into_job(at(0), WireTime::Seconds).expect("a test's job is valid")
}

/// Fails a job of a server with its default settings.
pub(crate) async fn fail(stage: &Stage, claim: &Claim, now: i64) -> Transition {
    let failure = Failure { class: "Boom".to_owned(), message: "no".to_owned(), ..Failure::default() };
    let policy = Policy::default();
    let attempt = Attempt { payload: &claim.payload, queue: &claim.queue, policy: &policy };
    let decision = decide(attempt, Outcome::Failed(failure), at(now), 0.5);
    let settlement =
        Settlement { receipt: claim.receipt.clone(), transition: decision.transition.clone(), then: Vec::new() };
    stage.settle_all(vec![settlement], now).await;
    decision.transition
}

fn names(members: &[Vec<u8>]) -> Vec<String> {
    let payloads = members.iter().map(|bytes| Payload::from_bytes(bytes.clone()));
    payloads.map(|payload| name_of(&payload)).collect()
}

/// Ruby reschedules by the bytes that it would write itself: in any other form a job gets a second copy, due in 1970.
#[tokio::test]
async fn t01_a_rescheduled_job_stands_once_with_its_bytes() {
    let redis = Redis::default();
    let (stage, foreign) = stage(&redis).await;
    let odd = r#"{ "class": "A", "args": [ 1.10, "\u00e9\/" ], "queue": "default", "jid": "odd-1" }"#;
    let due = at(50).as_unix_micros() / 1_000_000;
    let _: i64 = foreign.call("ZADD schedule", &[due.to_string().as_bytes(), odd.as_bytes()]).await;
    let jid = Jid::new("odd-1").expect("a jid");
    let action = Action::Reschedule { at: at(99) };
    stage.apply(action, Selection::Jid(jid), 1, 1).await;
    let members: Vec<String> = foreign.call("ZRANGE schedule 0 -1", &[]).await;
    assert_eq!(members, [odd]);
    let score: f64 = foreign.call("ZSCORE schedule", &[odd.as_bytes()]).await;
    assert_eq!(Timestamp::from_unix_secs_f64(score), Some(at(99)));
}

/// LPUSH puts on the left, the front is the right end; the other way round, the last would run first.
#[tokio::test]
async fn t05_the_front_of_a_queue_is_its_right_end() {
    let redis = Redis::default();
    let (stage, foreign) = stage(&redis).await;
    stage.push(["A", "B", "C"].map(job), 0).await;
    let list: Vec<Vec<u8>> = foreign.call("LRANGE queue:default 0 -1", &[]).await;
    assert_eq!(names(&list), ["C", "B", "A"], "the newest is on the left");
    let claim = stage.claim_one("p", 1).await;
    assert_eq!(claimed(std::slice::from_ref(&claim)), ["A"]);
    stage.settle(&claim, front("default"), 2).await;
    let next: Vec<u8> = foreign.call("LINDEX queue:default -1", &[]).await;
    assert_eq!(next, claim.payload.as_bytes(), "what a stop returns runs next");
}

/// Without its name in `queues`, no page, count or command of Sidekiq knows a queue.
#[tokio::test]
async fn t06_every_way_into_a_queue_makes_its_name_known() {
    let redis = Redis::default();
    let (stage, foreign) = stage(&redis).await;
    stage.push([job("A").queue("pushed")], 0).await;
    let mut later = due("B", at(5));
    later.queue = queue("promoted");
    stage.store.push(&[drafted(later)], at(0)).await.expect("push");
    stage.promote(6).await;
    stage.hello("p", 6).await;
    let claims = stage.claim("p", 1, &["pushed"], 7).await;
    stage.settle(&claims[0], back("returned"), 8).await;
    let mut queues: Vec<String> = foreign.call("SMEMBERS queues", &[]).await;
    queues.sort();
    assert_eq!(queues, ["promoted", "pushed", "returned"]);
}

/// Ruby's pages fail on a retry without `queue`, `failed_at`, or (after the second failure) `retried_at`.
#[tokio::test]
async fn t16_failed_jobs_have_what_the_pages_of_sidekiq_need() {
    let redis = Redis::default();
    let (stage, foreign) = stage(&redis).await;
    let bare = r#"{"class":"A","args":[],"jid":"bare-1","retry":1}"#;
    let _: i64 = foreign.call("LPUSH queue:low", &[bare.as_bytes()]).await;
    for (round, set, needs) in [
        (0, "ZRANGE retry 0 -1", ["queue", "failed_at", "error_class", "error_message"]),
        (1, "ZRANGE dead 0 -1", ["queue", "retried_at", "error_class", "error_message"]),
    ] {
        let now = round * 1_000;
        stage.promote(now).await;
        stage.hello("p", now).await;
        let claims = stage.claim("p", 1, &["low"], now).await;
        fail(&stage, &claims[0], now + 1).await;
        let members: Vec<Vec<u8>> = foreign.call(set, &[]).await;
        let members = Payload::from_bytes(members[0].clone()).members().expect("readable");
        for need in needs {
            assert!(members.get(need).is_some(), "{set}: {need}");
        }
        assert_eq!(members.get("queue"), Some("\"low\""), "the queue that it was claimed from");
    }
}

/// Ruby deletes from a queue by the exact text, so bytes that go back have to be those that came.
#[tokio::test]
async fn t21_bytes_go_back_to_their_queue_as_they_came() {
    let redis = Redis::default();
    let (stage, foreign) = stage(&redis).await;
    for bytes in [r#"{ "class" : "A", "args": [1.10] }"#, r#"{"class":"B","x":1E2,"args":[]}"#, "nonsense"] {
        let _: i64 = foreign.call("LPUSH queue:default", &[bytes.as_bytes()]).await;
        let claim = stage.claim_one("p", 0).await;
        stage.settle(&claim, front("default"), 1).await;
        let removed: i64 = foreign.call("LREM queue:default 1", &[bytes.as_bytes()]).await;
        assert_eq!(removed, 1, "{bytes}");
    }
}

/// A Ruby class's own options are not seen from here, and Ruby drops a failed job that says nothing of `retry`.
#[test]
fn t44_every_job_that_is_pushed_says_retry_and_queue() {
    let job = drafted(draft("HardWorker"));
    let members = job.payload.members().expect("readable");
    assert_eq!((members.get("retry"), members.get("queue")), (Some("true"), Some("\"default\"")));
}

/// A queue that Sidekiq Pro has paused stands in `paused`, and nothing may be taken from it.
#[tokio::test]
async fn t40_a_queue_that_another_program_paused_is_not_served() {
    let redis = Redis::default();
    let (stage, foreign) = stage(&redis).await;
    stage.push([job("A"), job("B").queue("low")], 0).await;
    let _: i64 = foreign.call("SADD paused default", &[]).await;
    stage.hello("p", 0).await;
    assert_eq!(claimed(&stage.claim("p", 9, &["default", "low"], 1).await), ["B"]);
    let _: i64 = foreign.call("SREM paused default", &[]).await;
    assert_eq!(claimed(&stage.claim("p", 9, &["default", "low"], 2).await), ["A"]);
}

/// Other products keep lists whose names begin with `queue:`; only what stands in `queues` is one.
#[tokio::test]
async fn t43_a_list_is_a_queue_only_if_queues_says_so() {
    let redis = Redis::default();
    let (stage, foreign) = stage(&redis).await;
    stage.push([job("A")], 0).await;
    let _: i64 = foreign.call("LPUSH queue:sq|host:1:abc|default payload", &[]).await;
    let queues = stage.store.queue_names().await.expect("answered");
    assert_eq!(queues, [queue("default")]);
    assert_eq!(stage.inspect.queues(at(1)).await.expect("answered").len(), 1);
}

/// Sidekiq counts in `stat:` keys and by UTC day; a forced stop counts as a failure there, and not here.
#[tokio::test]
async fn t23_counters_stand_in_sidekiqs_keys_and_a_stop_is_not_counted() {
    let redis = Redis::default();
    let (stage, foreign) = stage(&redis).await;
    stage.push(["A", "B", "C"].map(job), 0).await;
    let claim = stage.claim_one("p", 1).await;
    stage.done(&claim, 2).await;
    let claim = stage.claim_one("p", 3).await;
    fail(&stage, &claim, 4).await;
    let claim = stage.claim_one("p", 5).await;
    stage.settle(&claim, front("default"), 6).await;
    let day = "2027-01-15";
    for (key, count) in [("stat:processed", 2), ("stat:failed", 1)] {
        assert_eq!(foreign.call::<i64>(&format!("GET {key}"), &[]).await, count, "{key}");
        assert_eq!(foreign.call::<i64>(&format!("GET {key}:{day}"), &[]).await, count, "{key}:{day}");
    }
}
