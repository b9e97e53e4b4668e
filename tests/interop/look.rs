//! Sancho's own view of what Ruby wrote, and its hand on it.

use std::time::Duration;

use redis::cmd;
use sancho::core::inspect::{Action, Direction, Filter, Selection, Set};
use sancho::{Jid, State, Timestamp};
use serde_json::json;

use crate::corpus::nasty_args;
use crate::home::Home;
use crate::ruby_server::RubyServer;
use crate::side::{ProofDraft, Side, Worker, push};

const QUEUE: &str = "proof";

fn jid(text: &str) -> Jid {
    Jid::new(text).expect("a jid")
}

async fn act(home: &Home, action: Action, on: &str) {
    let (inspect, now) = (home.client.inspect(), home.client.clock().now());
    let applied = inspect.apply(&action, &Selection::Jid(jid(on)), 1, now).await.expect("Redis answers");
    assert_eq!(applied.done, 1, "{action:?}: {applied:?}");
}

/// One job that failed in Ruby and waits for its retry.
async fn retrying(home: &Home) -> String {
    let jid = push(Side::Ruby, home, &ProofDraft::new(QUEUE, nasty_args("fail first")).retry(5).backtrace()).await;
    let worker = Worker::start(Side::Ruby, home, QUEUE).await;
    home.until_size("retry", 1).await;
    worker.stop().await;
    jid
}

/// Trap T2, from our side: times of either generation are read by their form.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_latency_of_a_queue_is_read_from_either_generation() {
    let home = Home::new().await;
    let (secs, now) = (home.now_secs() - 100.0, home.client.clock().now());
    let millis = (secs * 1e3) as i64;
    for (queue, enqueued_at) in [("six", format!("{secs:.6}")), ("eight", millis.to_string())] {
        let text = format!("{{\"class\":\"Proof\",\"args\":[],\"jid\":\"{queue}\",\"enqueued_at\":{enqueued_at}}}");
        let _: i64 = home.ask(cmd("LPUSH").arg(format!("queue:{queue}")).arg(text)).await;
        let _: i64 = home.ask(cmd("SADD").arg("queues").arg(queue)).await;
    }
    push(Side::Ruby, &home, &ProofDraft::new("fresh", "[]")).await;
    let queues = home.client.inspect().queues(now).await.expect("Redis answers");
    let seen: Vec<(String, u64, u64)> =
        queues.iter().map(|row| (row.name.to_string(), row.size, row.latency.as_secs())).collect();
    let want = [("eight", 1, 100), ("fresh", 1, 0), ("six", 1, 100)];
    assert_eq!(seen, want.map(|(name, size, latency)| (name.to_owned(), size, latency)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_scheduled_job_of_ruby_is_found_rescheduled_run_and_performed() {
    let home = Home::new().await;
    let at = (home.now_secs() + 5_000.0).floor();
    let ours = push(Side::Ruby, &home, &ProofDraft::new(QUEUE, nasty_args("do")).at(at)).await;
    let row = home.client.find(&jid(&ours)).await.expect("Redis answers").expect("it is there");
    assert_eq!((row.state, row.queue.as_str()), (State::Scheduled, QUEUE));
    let later = Timestamp::from_unix_secs_f64(at + 99.5).expect("a time");
    home.client.reschedule(&jid(&ours), later).await.expect("rescheduled");
    let script = "Sidekiq::ScheduledSet.new.map { |entry| [entry.jid, entry.score, JSON.generate(entry.args)] }";
    assert_eq!(home.ruby_value(script, &[]).await, json!([[ours, at + 99.5, nasty_args("do")]]));
    act(&home, Action::RunNow, &ours).await;
    let script = "[Sidekiq::ScheduledSet.new.size, Sidekiq::Queue.new('proof').latency.between?(0, 30)]";
    assert_eq!(home.ruby_value(script, &[]).await, json!([0, true]));
    let ruby = RubyServer::start(&home, &[QUEUE], 1, 20).await;
    let performed = home.until_performed(&ours, 1).await;
    drop(ruby);
    assert_eq!(performed[0].args, nasty_args("do"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_retry_of_ruby_is_shown_killed_and_run_again() {
    let home = Home::new().await;
    let theirs = retrying(&home).await;
    let page = home
        .client
        .inspect()
        .page(&Set::Retries, &Filter::all(), Direction::Forward, None, 10)
        .await
        .expect("Redis answers");
    let envelope = page.rows[0].payload.envelope().expect("readable");
    assert_eq!(envelope.error_class().as_deref(), Some("Mishap"));
    assert_eq!(envelope.error_message().as_deref(), Some("I was told to fail: é"));
    assert_eq!(envelope.retry_count(), Some(0));
    let failed_at = envelope.failed_at().expect("a time");
    assert!(home.client.clock().now().since(failed_at) < Duration::from_secs(60));
    act(&home, Action::Kill, &theirs).await;
    let script = "[Sidekiq::RetrySet.new.size, Sidekiq::DeadSet.new.map { |entry| [entry.jid, entry['retry_count']] }]";
    assert_eq!(home.ruby_value(script, &[]).await, json!([0, [[theirs, 0]]]));
    act(&home, Action::RunNow, &theirs).await;
    let ruby = RubyServer::start(&home, &[QUEUE], 1, 20).await;
    home.until_performed(&theirs, 2).await;
    ruby.stop().await;
    assert_eq!((home.size("dead").await, home.counters().await), (0, (2, 1)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_queued_job_of_ruby_is_canceled() {
    let home = Home::new().await;
    let doomed = push(Side::Ruby, &home, &ProofDraft::new(QUEUE, nasty_args("do"))).await;
    let kept = push(Side::Ruby, &home, &ProofDraft::new(QUEUE, nasty_args("do"))).await;
    home.client.cancel(&jid(&doomed)).await.expect("canceled");
    assert_eq!(home.ruby_value("Sidekiq::Queue.new('proof').map(&:jid)", &[]).await, json!([kept]));
}
