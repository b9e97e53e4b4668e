//! A mixed fleet: servers of both sides on the same queues.

use std::collections::BTreeMap;

use redis::cmd;
use sancho::core::lifecycle::Verdict;

use crate::corpus::nasty_args;
use crate::home::{Home, until};
use crate::ruby_server::RubyServer;
use crate::rust_server::RustServer;
use crate::side::{ProofDraft, Side, push, push_bulk};

const QUEUE: &str = "proof";

/// Far enough that nothing is due before the test says so.
const LATER_SECS: f64 = 5_000.0;

/// Who performed each of these jobs; each must have been performed, and only once.
async fn once_each(home: &Home, jids: &[String]) -> BTreeMap<String, usize> {
    let performed = until("every job is performed", async || {
        let performed = home.performed().await;
        (performed.len() >= jids.len()).then_some(performed)
    })
    .await;
    let mut have: Vec<&String> = performed.iter().map(|performed| &performed.jid).collect();
    let mut want: Vec<&String> = jids.iter().collect();
    have.sort();
    want.sort();
    assert_eq!(have, want, "each once");
    performed.iter().fold(BTreeMap::new(), |mut by, performed| {
        *by.entry(performed.by.clone()).or_default() += 1;
        by
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_job_of_a_shared_queue_is_performed_once() {
    let home = Home::new().await;
    let ruby = RubyServer::start(&home, &[QUEUE], 4, 20).await;
    let rust = RustServer::start(&home, &[QUEUE], 4, 20).await;
    let mut jids = Vec::new();
    for round in 0..4 {
        let side = Side::BOTH[round % 2];
        let args: Vec<String> = (0..150).map(|n| format!("[\"do\",{round},{n}]")).collect();
        jids.extend(push_bulk(side, &home, QUEUE, &args).await);
    }
    let by = once_each(&home, &jids).await;
    assert_eq!(by.len(), 2, "both sides took part: {by:?}");
    rust.stop().await;
    ruby.stop().await;
    once_each(&home, &jids).await;
    assert_eq!(home.counters().await, (600, 0));
    assert_eq!(home.queue(QUEUE).await, [""; 0]);
}

/// Both sides move what is due, from the same sets, at the same time.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_due_job_is_moved_once() {
    let home = Home::new().await;
    let mut jids = Vec::new();
    for side in Side::BOTH {
        for _ in 0..2 {
            jids.push(push(side, &home, &ProofDraft::new(QUEUE, "[\"do\"]").at(home.now_secs() + LATER_SECS)).await);
        }
    }
    let script = "puts (1..60).map { |n| Proof.set(queue: 'proof').perform_in(5_000 + n, 'do', n) }";
    jids.extend(home.ruby(script, &[]).await.lines().map(ToOwned::to_owned));
    let ruby = RubyServer::start(&home, &[QUEUE], 2, 20).await;
    let rust = RustServer::start(&home, &[QUEUE], 2, 20).await;
    home.make_due("schedule").await;
    once_each(&home, &jids).await;
    rust.stop().await;
    ruby.stop().await;
    once_each(&home, &jids).await;
    assert_eq!(home.counters().await, (jids.len() as i64, 0));
    assert_eq!(home.size("schedule").await, 0);
}

/// Traps T5 (a returned job is the next to run) and T23 (a job that Ruby cut short counts as processed and failed).
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_ruby_returns_when_it_stops_is_performed_by_rust() {
    let home = Home::new().await;
    let cut_short = push(Side::Ruby, &home, &ProofDraft::new(QUEUE, nasty_args("wait"))).await;
    let behind = push(Side::Rust, &home, &ProofDraft::new(QUEUE, nasty_args("do"))).await;
    let before = home.queue(QUEUE).await;
    let ruby = RubyServer::start(&home, &[QUEUE], 1, 1).await;
    home.until_performed(&cut_short, 1).await;
    ruby.stop().await;
    assert_eq!(home.queue(QUEUE).await, before, "Ruby puts the same bytes back to the front");
    assert_eq!(home.counters().await, (1, 1));
    home.let_go().await;
    let rust = RustServer::start(&home, &[QUEUE], 1, 20).await;
    home.until_performed(&behind, 1).await;
    rust.stop().await;
    let by: Vec<(String, String)> = home.performed().await.into_iter().map(|done| (done.by, done.jid)).collect();
    let want = [("ruby", &cut_short), ("rust", &cut_short), ("rust", &behind)];
    assert_eq!(by, want.map(|(by, jid)| (by.to_owned(), jid.clone())));
    assert_eq!(home.counters().await, (3, 1));
}

/// Trap T21: what our stop returns is, byte for byte, what was claimed, whatever its form.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_rust_returns_when_it_stops_is_performed_by_ruby() {
    let home = Home::new().await;
    let by_ruby = push(Side::Ruby, &home, &ProofDraft::new(QUEUE, nasty_args("wait"))).await;
    let by_hand = "5931c557999193ffeb592663";
    let odd = format!(
        "{{ \"jid\" : \"{by_hand}\",\"class\":\"Proof\", \"args\":[\"wait\", 1.10, 1E5, \"\\u00e9\\/\"],\n\
         \"queue\":\"proof\",\"retry\":true, \"x\": {{\"b\":1,\"a\":123456789012345678901234567890}} }}"
    );
    let _: i64 = home.ask(cmd("LPUSH").arg("queue:proof").arg(&odd)).await;
    let behind = push(Side::Rust, &home, &ProofDraft::new(QUEUE, nasty_args("do"))).await;
    let before = home.queue(QUEUE).await;
    let rust = RustServer::start(&home, &[QUEUE], 2, 0).await;
    for jid in [&by_ruby, by_hand] {
        home.until_performed(jid, 1).await;
    }
    rust.stop().await;
    assert_eq!(home.queue(QUEUE).await, before, "the same bytes, in the same order, at the front");
    assert_eq!(home.counters().await, (0, 0), "a stop is no attempt");
    home.let_go().await;
    let ruby = RubyServer::start(&home, &[QUEUE], 1, 20).await;
    for jid in [&by_ruby, by_hand] {
        let performed = home.until_performed(jid, 2).await;
        assert_eq!(performed[1].by, "ruby");
    }
    home.until_performed(&behind, 1).await;
    ruby.stop().await;
    assert_eq!(home.counters().await, (3, 0));
}

/// Trap T36, seen from our side: a class that we do not know is no failure. Its bytes go back for those who do.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_class_that_only_ruby_knows_is_left_to_ruby() {
    let home = Home::new().await;
    let jid = "1b37c34e6cdd3f873a4f3c73";
    let odd = format!(
        "{{\"class\":\"OnlyRuby\", \"args\":[\"do\",1.10],\"jid\":\"{jid}\",\"queue\":\"proof\",\"retry\":true}}"
    );
    let _: i64 = home.ask(cmd("LPUSH").arg("queue:proof").arg(&odd)).await;
    let mut rust = RustServer::start(&home, &[QUEUE], 2, 20).await;
    assert_eq!(rust.settled().await, (jid.to_owned(), Verdict::Returned));
    rust.stop().await;
    assert_eq!(home.queue(QUEUE).await, [odd]);
    let rust = RustServer::start(&home, &[QUEUE], 2, 20).await;
    let ruby = RubyServer::start(&home, &[QUEUE], 2, 20).await;
    let performed = home.until_performed(jid, 1).await;
    assert_eq!(performed[0].by, "ruby");
    rust.stop().await;
    ruby.stop().await;
    assert_eq!(home.counters().await, (1, 0));
}

/// Trap T40: `paused` is Pro's, and holds for us.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_queue_that_pro_paused_is_not_claimed() {
    let home = Home::new().await;
    let kept = push(Side::Ruby, &home, &ProofDraft::new("paused", "[\"do\"]")).await;
    let performed = push(Side::Ruby, &home, &ProofDraft::new(QUEUE, "[\"do\"]")).await;
    let _: i64 = home.ask(cmd("SADD").arg("paused").arg("paused")).await;
    let rust = RustServer::start(&home, &["paused", QUEUE], 2, 20).await;
    home.until_performed(&performed, 1).await;
    assert!(home.performances_of(&kept).await.is_empty());
    let _: i64 = home.ask(cmd("SREM").arg("paused").arg("paused")).await;
    home.until_performed(&kept, 1).await;
    rust.stop().await;
}

/// Trap T43: a private list of super_fetch is no queue, though it is named like one.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn private_lists_of_others_are_no_queues() {
    let home = Home::new().await;
    push(Side::Ruby, &home, &ProofDraft::new(QUEUE, "[\"do\"]")).await;
    let private = "queue:sq|vm:1:04a66cdf88eb|proof";
    let _: i64 = home.ask(cmd("LPUSH").arg(private).arg("{\"class\":\"Proof\",\"args\":[]}")).await;
    let queues = home.client.inspect().queues(home.client.clock().now()).await.expect("Redis answers");
    let names: Vec<String> = queues.iter().map(|queue| queue.name.to_string()).collect();
    assert_eq!(names, [QUEUE]);
}
