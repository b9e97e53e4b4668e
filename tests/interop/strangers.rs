//! Ruby's processes in our eyes: shown, told what to do, and not robbed of their queue.

use std::time::Duration;

use redis::cmd;
use sancho::core::Incarnation;
use sancho::core::process::{Order, Quiet};
use sancho::{Event, Server};
use serde_json::json;

use crate::home::{Home, PATIENCE, until};
use crate::proof::{Ledger, Proof};
use crate::ruby_server::RubyServer;
use crate::side::{ProofDraft, Side, push};

const QUEUE: &str = "default";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_of_ruby_is_shown_made_quiet_and_stopped() {
    let home = Home::new().await;
    let ruby = RubyServer::start(&home, &["proof", "low"], 3, 20).await;
    let inspect = home.client.inspect();
    let now = || home.client.clock().now();
    let row = inspect.processes(now()).await.expect("Redis answers").pop().expect("it is shown");
    assert_eq!(row.info.incarnation.as_str(), ruby.identity());
    assert_eq!((row.info.slots, row.quiet), (3, Quiet::No));
    let queues: Vec<&str> = row.info.queues.iter().map(|queue| queue.as_str()).collect();
    assert_eq!(queues, ["proof", "low"]);
    assert!(now().since(row.beat_at) < Duration::from_secs(60));
    let stats = inspect.stats(now()).await.expect("Redis answers");
    assert_eq!(stats.processes, 1);

    let incarnation = Incarnation::new(ruby.identity());
    for order in [Order::Quiet, Order::Stop] {
        inspect.order(&incarnation, &order, now()).await.expect("the order is left");
    }
    let log = ruby.ended().await;
    let (quiet, stop) = (log.find("Received TSTP"), log.find("Shutting down"));
    assert!(quiet.is_some() && quiet < stop, "first quiet, then stopped:\n{log}");
    assert!(inspect.processes(now()).await.expect("Redis answers").is_empty());
}

/// Nobody named `default` to our server, and Ruby serves it: Ruby's jobs are Ruby's, for as long as it lives.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_queue_that_ruby_serves_is_left_to_ruby_unless_it_is_named() {
    let home = Home::new().await;
    let ruby = RubyServer::start(&home, &[QUEUE], 1, 20).await;
    let server = Server::new(home.client.clone(), Ledger(home.redis.clone())).register::<Proof>().slots(2);
    let mut events = server.subscribe();
    let server = server.start().await.expect("starts");
    let told = |event: &Event| matches!(event, Event::QueueServedByOthers { .. }).then_some(());
    tokio::time::timeout(PATIENCE, events.wait_for(told)).await.expect("in time").expect("the server lives");

    let first = push(Side::Rust, &home, &ProofDraft::new(QUEUE, "[\"wait\"]")).await;
    home.until_performed(&first, 1).await;
    let second = push(Side::Rust, &home, &ProofDraft::new(QUEUE, "[\"do\"]")).await;
    for _ in 0..2 {
        our_next_beat(&home, ruby.identity()).await;
    }
    assert_eq!(home.queue(QUEUE).await.len(), 1, "Ruby is busy, and we leave its queue alone");
    home.let_go().await;
    home.until_performed(&second, 1).await;
    ruby.stop().await;
    let third = push(Side::Ruby, &home, &ProofDraft::new(QUEUE, "[\"do\"]")).await;
    home.until_performed(&third, 1).await;
    tokio::time::timeout(PATIENCE, server.stop()).await.expect("the server stops in time");
    let by: Vec<String> = home.performed().await.into_iter().map(|performed| performed.by).collect();
    assert_eq!(json!(by), json!(["ruby", "ruby", "rust"]));
}

/// Waits until our server, the one that is not called `other`, has beaten once more.
async fn our_next_beat(home: &Home, other: &str) {
    let beat = async || {
        let identities: Vec<String> = home.ask(cmd("SMEMBERS").arg("processes")).await;
        let ours = identities.into_iter().find(|identity| identity != other).expect("our server is listed");
        let beat: Option<String> = home.ask(cmd("HGET").arg(ours).arg("beat")).await;
        beat.expect("a beat")
    };
    let last = beat().await;
    until("our server beats", async || (beat().await != last).then_some(())).await;
}
