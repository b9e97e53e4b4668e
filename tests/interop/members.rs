//! What others wrote into a payload, or beside it, is theirs: it survives whatever Sancho does with the job.

use redis::cmd;
use sancho::Raw;
use serde_json::Value;

use crate::home::{Home, Member, until};
use crate::ruby_server::RubyServer;
use crate::rust_server::RustServer;
use crate::side::{ProofDraft, Side, Worker, push};

const QUEUE: &str = "proof";
const JID: &str = "5931c557999193ffeb592663";

/// A payload that Ruby and its companions may have written, with members that Sancho does not know, numbers whose
/// text says more than a float holds, and an order of its own.
fn foreign(how: &str, retry: &str) -> String {
    format!(
        "{{\"bid\":\"WVYf44jVYsZARw\",\"retry\":{retry},\"queue\":\"proof\",\"args\":[\"{how}\",1.10,1E5],\
         \"class\":\"Proof\",\"jid\":\"{JID}\",\"created_at\":1795214970.25,\"cattr\":{{\"user_id\":7}},\
         \"cattr_1\":[[\"tenant\",1.0]],\"tags\":[\"x\",\"é\"],\"wrapped\":\"Inner::Job\",\"locale\":\"de\",\
         \"odd\":{{\"b\":1,\"a\":123456789012345678901234567890,\"x\":1.10,\"y\":-0.0,\"z\":[],\"o\":{{}}}},\
         \"expires_in\":3600.50,\"unique_for\":600}}"
    )
}

/// The same text, up to what was added behind it.
fn extends(text: &str, original: &str) {
    let kept = original.strip_suffix('}').expect("an object");
    assert!(text.starts_with(kept), "{text}\nis not, up to its new members,\n{original}");
}

/// A server that serves another queue: it moves what is due, and performs nothing of ours.
async fn mover(home: &Home) -> RustServer {
    RustServer::start(home, &["elsewhere"], 1, 20).await
}

async fn lpush(home: &Home, text: &str) {
    let _: i64 = home.ask(cmd("LPUSH").arg("queue:proof").arg(text)).await;
}

/// Trap T20: unknown members, their order, big integers and the texts of numbers. Trap T27: nothing is added twice.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn foreign_members_survive_failure_promotion_and_death() {
    let home = Home::new().await;
    let original = foreign("fail", "1");
    lpush(&home, &original).await;
    let worker = Worker::start(Side::Rust, &home, QUEUE).await;
    home.until_size("retry", 1).await;
    worker.stop().await;
    let failed = home.member("retry", JID).await;
    extends(&failed.text, &original);

    home.make_due("retry").await;
    let mover = mover(&home).await;
    let promoted = until("it is promoted", async || home.queue(QUEUE).await.pop()).await;
    mover.stop().await;
    extends(&promoted, &failed.text);
    assert!(serde_json::from_str::<Value>(&promoted).expect("JSON")["enqueued_at"].is_f64(), "{promoted}");

    let worker = Worker::start(Side::Rust, &home, QUEUE).await;
    home.until_size("dead", 1).await;
    worker.stop().await;
    let dead = home.member("dead", JID).await;
    extends(&dead.text, &original);
    for name in ["bid", "cattr", "cattr_1", "retry_count", "failed_at", "enqueued_at", "error_class"] {
        assert_eq!(dead.text.matches(&format!("\"{name}\":")).count(), 1, "{name} stands once in {}", dead.text);
    }
}

/// The same, with Ruby's turn between ours: what Ruby understands by the payload is the same at the end.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn foreign_members_survive_both_sides_in_turn() {
    let home = Home::new().await;
    let original = foreign("fail", "2");
    lpush(&home, &original).await;
    for (turn, side) in [(0, Side::Rust), (1, Side::Ruby), (2, Side::Rust)] {
        let worker = Worker::start(side, &home, QUEUE).await;
        let set = if turn < 2 { "retry" } else { "dead" };
        until("it fails again", async || {
            let member: Option<Member> = home.members(set).await.pop();
            member.filter(|member| member.payload()["retry_count"] == turn)
        })
        .await;
        worker.stop().await;
        home.make_due("retry").await;
    }
    let dead = home.member("dead", JID).await;
    let script = "before, after = ARGV.map { |text| JSON.parse(text) }
        [before.reject { |name, value| after[name] == value }.keys, after.keys - before.keys]";
    let seen = home.ruby_value(script, &[&original, &dead.text]).await;
    let mut added: Vec<&str> = seen[1].as_array().expect("names").iter().filter_map(Value::as_str).collect();
    added.sort_unstable();
    assert_eq!(seen[0], serde_json::json!([]), "nothing that was there has changed");
    assert_eq!(added, ["enqueued_at", "error_class", "error_message", "failed_at", "retried_at", "retry_count"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_foreign_scheduled_job_is_promoted_as_it_is() {
    let home = Home::new().await;
    let original = foreign("do", "true");
    let _: i64 = home.ask(cmd("ZADD").arg("schedule").arg("1.5").arg(&original)).await;
    let mover = mover(&home).await;
    let promoted = until("it is promoted", async || home.queue(QUEUE).await.pop()).await;
    mover.stop().await;
    extends(&promoted, &original);
    let queues: Vec<String> = home.ask(cmd("SMEMBERS").arg("queues")).await;
    assert!(queues.contains(&QUEUE.to_owned()), "trap T6: the queue is known: {queues:?}");
}

/// Trap T26: the state of an iterable job is Ruby's, whatever becomes of the job here.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_state_of_an_iteration_is_left_alone() {
    for (how, set) in [("do", None), ("fail", Some("dead"))] {
        let home = Home::new().await;
        let key = format!("it-{JID}");
        let _: i64 = home.ask(cmd("HSET").arg(&key).arg("ex").arg(1).arg("c").arg("[1,2]").arg("rt").arg("3.5")).await;
        let _: i64 = home.ask(cmd("EXPIRE").arg(&key).arg(2_592_000)).await;
        let before: Vec<u8> = home.ask(cmd("DUMP").arg(&key)).await;
        lpush(&home, &foreign(how, "0")).await;
        let worker = Worker::start(Side::Rust, &home, QUEUE).await;
        home.until_performed(JID, 1).await;
        if let Some(set) = set {
            home.until_size(set, 1).await;
        }
        worker.stop().await;
        let after: Vec<u8> = home.ask(cmd("DUMP").arg(&key)).await;
        let ttl: i64 = home.ask(cmd("TTL").arg(&key)).await;
        assert_eq!(before, after);
        assert!(ttl > 2_000_000, "{ttl} seconds are left");
    }
}

/// Members of `schedule` that Ruby's own poller would pop and then lose.
const HOSTILE: [&str; 8] = [
    r#"{"class":"Proof","args":[1],"jid":"a1","queue":"proof","at":null}"#,
    r#"{"class":"Proof","args":7,"jid":"a2","queue":"proof"}"#,
    r#"{"class":"Proof","args":[1],"jid":"a3","queue":""}"#,
    r#"{"class":"Proof","args":[1],"jid":"a4","queue":null}"#,
    r#"{"class":"Proof","args":[1],"jid":"a5","queue":"proof","tags":"red"}"#,
    r#"{"class":"Proof","args":[1],"jid":"a6","queue":"proof","retry_for":"1 day"}"#,
    r#"{"args":[1],"jid":"a7","queue":"proof"}"#,
    r#"{"class":"Proof","args":[1],"jid":"a8","#,
];

/// Trap T3: what is no job goes to the dead set as it is, and nothing is lost.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hostile_members_of_the_scheduled_set_are_not_lost() {
    let home = Home::new().await;
    for text in HOSTILE {
        let _: i64 = home.ask(cmd("ZADD").arg("schedule").arg("1.5").arg(text)).await;
    }
    let mover = mover(&home).await;
    home.until_size("schedule", 0).await;
    mover.stop().await;
    let dead: Vec<String> = home.members("dead").await.into_iter().map(|member| member.text).collect();
    let mut queued = home.queue(QUEUE).await;
    queued.extend(home.queue("default").await);
    for text in HOSTILE {
        let jid = &text[text.find("\"jid\"").expect("a jid")..][..10];
        let places = dead.iter().filter(|dead| *dead == text).count()
            + queued.iter().filter(|queued| queued.contains(jid)).count();
        assert_eq!(places, 1, "{text} is in one place: dead {dead:?}, queued {queued:?}");
    }
    assert_eq!(dead.len() + queued.len(), HOSTILE.len());
    for unreadable in [HOSTILE[6], HOSTILE[7]] {
        assert!(dead.iter().any(|dead| dead == unreadable), "{unreadable} is dead: {dead:?}");
    }
}

/// Trap T4: a time that stands inside a stored payload would send the job back to `schedule`.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_time_inside_a_scheduled_payload_is_dropped() {
    let home = Home::new().await;
    let text = r#"{"class":"Proof","args":[1],"jid":"a1","queue":"proof","at":1795214970.5}"#;
    let _: i64 = home.ask(cmd("ZADD").arg("schedule").arg("1.5").arg(text)).await;
    let mover = mover(&home).await;
    let promoted = until("it is promoted", async || home.queue(QUEUE).await.pop()).await;
    mover.stop().await;
    assert!(!promoted.contains("\"at\":"), "{promoted}");
}

/// Trap T14: what each form of `retry` means for a job that failed, on both sides.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_form_of_retry_means_the_same_on_both_sides() {
    let forms = [
        ("true", Some("retry")),
        ("5", Some("retry")),
        ("0", Some("dead")),
        ("false", None),
        ("\"5\"", Some("retry")),
        ("1.5", Some("retry")),
        ("null", Some("retry")),
    ];
    for side in Side::BOTH {
        let home = Home::new().await;
        for (n, (form, _)) in forms.iter().enumerate() {
            lpush(&home, &foreign("fail", form).replace(JID, &format!("retry-{n}"))).await;
        }
        // Without any `retry` the class's own setting holds.
        lpush(&home, &foreign("fail", "0").replace("\"retry\":0,", "").replace(JID, "retry-absent")).await;
        let worker = Worker::start(side, &home, QUEUE).await;
        home.until_performed("retry-absent", 1).await;
        home.until_size("retry", 6).await;
        home.until_size("dead", 1).await;
        worker.stop().await;
        for (n, (form, set)) in forms.iter().enumerate() {
            for have in ["retry", "dead"] {
                let jid = format!("retry-{n}");
                let there = home.members(have).await.iter().any(|member| member.is(&jid));
                assert_eq!(there, *set == Some(have), "{side:?}, retry: {form}, in {have}");
            }
        }
        home.member("retry", "retry-absent").await;
        assert_eq!(home.counters().await, (8, 8));
    }
}

/// Trap T18: of a long message both sides keep the first ten thousand characters, whole ones.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn both_sides_keep_as_much_of_an_error_message() {
    for side in Side::BOTH {
        let home = Home::new().await;
        let jid = push(Side::Ruby, &home, &ProofDraft::new(QUEUE, "[\"fail long\"]").retry(0)).await;
        let worker = Worker::start(side, &home, QUEUE).await;
        home.until_size("dead", 1).await;
        worker.stop().await;
        let script = "message = Sidekiq::DeadSet.new.find_job(ARGV[0])['error_message']
            [message.size, message.chars.uniq, message.valid_encoding?]";
        assert_eq!(home.ruby_value(script, &[&jid]).await, serde_json::json!([10_000, ["é"], true]), "{side:?}");
    }
}

/// Trap T19: what is nested deeper than Ruby reads is refused at the push; what is just not too deep is performed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn arguments_are_no_deeper_than_ruby_reads() {
    let home = Home::new().await;
    // The payload and its list of arguments are two levels themselves.
    let nested = |levels: usize| format!("[\"do\",{}{}]", "[".repeat(levels), "]".repeat(levels));
    let refused = home.client.push(Raw::text("Proof", nested(99))).queue(QUEUE).await;
    assert!(refused.is_err(), "{refused:?}");
    assert_eq!(home.queue(QUEUE).await, [""; 0]);
    let jid = push(Side::Rust, &home, &ProofDraft::new(QUEUE, nested(98))).await;
    let ruby = RubyServer::start(&home, &[QUEUE], 1, 20).await;
    let performed = home.until_performed(&jid, 1).await;
    drop(ruby);
    assert_eq!(performed[0].args, nested(98));
    assert_eq!(home.size("dead").await, 0);
}

/// Trap T22: what JSON cannot say is an error of the push, and nothing reaches Redis.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn numbers_that_are_none_are_refused() {
    let home = Home::new().await;
    for number in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        let refused = home.client.push(Raw::new("Proof", [number])).queue(QUEUE).await;
        assert!(refused.is_err(), "{refused:?}");
    }
    let keys: Vec<String> = home.ask(cmd("KEYS").arg("*")).await;
    assert_eq!(keys, [""; 0]);
}
