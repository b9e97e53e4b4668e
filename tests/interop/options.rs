//! Options of a class and of a push, as Ruby writes them and as Ruby heeds them.

use std::time::Duration;

use sancho::{Job, Raw};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::home::Home;
use crate::ruby_server::RubyServer;
use crate::side::{ProofDraft, Side, push};

/// The same class stands in Ruby's text below.
#[derive(Job, Serialize, Deserialize)]
#[job(
    class = "Options",
    queue = "products",
    retry = 3,
    retry_queue = "slow",
    backtrace = 5,
    dead = false,
    tags("shop", "é")
)]
struct Options {
    product_id: u64,
    size: String,
}

const RUBY: &str = "class Options
    include Sidekiq::Job
    sidekiq_options queue: 'products', retry: 3, retry_queue: 'slow', backtrace: 5, dead: false, tags: ['shop', 'é']
  end
  ";

/// The payload but for its id and its times, which are another's each time.
fn without_what_is_its_own(payload: &str) -> String {
    let members = sancho::core::Payload::from_bytes(payload.as_bytes()).members().expect("an object");
    let kept = members.iter().map(|(name, text)| match name {
        "jid" | "created_at" | "enqueued_at" => format!("\"{name}\":…"),
        _ => format!("\"{name}\":{text}"),
    });
    kept.collect::<Vec<_>>().join(",")
}

async fn only_job(home: &Home, queue: &str) -> String {
    let mut jobs = home.queue(queue).await;
    assert_eq!(jobs.len(), 1, "{jobs:?}");
    jobs.remove(0)
}

/// Each option of a class stands in the payload as Ruby puts it there, to the byte and in its order.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_options_of_a_class_are_written_as_ruby_writes_them() {
    let home = Home::new().await;
    home.client.push(Options { product_id: 7, size: "s".into() }).await.expect("pushed");
    let ours = only_job(&home, "products").await;
    let _: i64 = home.ask(redis::cmd("DEL").arg("queue:products")).await;
    home.ruby(&format!("{RUBY} Options.perform_async(7, 's')"), &[]).await;
    let theirs = only_job(&home, "products").await;
    assert_eq!(without_what_is_its_own(&ours), without_what_is_its_own(&theirs));
}

/// The same, where the push says it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_options_of_a_push_are_written_as_ruby_writes_them() {
    let home = Home::new().await;
    let push = home.client.push(Raw::text("Options", "[7]")).queue("low").retry_for(Duration::from_secs(3 * 86_400));
    push.retry_queue("slow").backtrace(true).dead(false).tags(["a"]).await.expect("pushed");
    let ours = only_job(&home, "low").await;
    let _: i64 = home.ask(redis::cmd("DEL").arg("queue:low")).await;
    let script = "puts Sidekiq::Client.push('class' => 'Options', 'queue' => 'low', 'retry_for' => 259200,
        'retry_queue' => 'slow', 'backtrace' => true, 'dead' => false, 'tags' => ['a'], 'args' => [7])";
    home.ruby(script, &[]).await;
    let theirs = only_job(&home, "low").await;
    let sorted = |payload: &str| {
        let text = without_what_is_its_own(payload);
        let mut members: Vec<String> = text.split(',').map(str::to_owned).collect();
        members.sort();
        members
    };
    assert_eq!(sorted(&ours), sorted(&theirs));
}

/// Ruby's server sends a failure where the payload says, and buries no job that says so; its API reads the rest.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ruby_heeds_the_options_that_we_write() {
    let home = Home::new().await;
    let failing = |retry: u32| home.client.push(Raw::text("Proof", "[\"fail\"]")).queue("proof").retry(retry);
    let retried = failing(3).retry_queue("slow").tags(["a", "b"]).await.expect("pushed").jid.to_string();
    let unburied = failing(0).dead(false).await.expect("pushed").jid.to_string();
    let buried = push(Side::Rust, &home, &ProofDraft::new("proof", "[\"fail\"]").retry(0)).await;
    let ruby = RubyServer::start(&home, &["proof"], 1, 20).await;
    home.until_size("retry", 1).await;
    home.until_size("dead", 1).await;
    for jid in [&retried, &unburied, &buried] {
        home.until_performed(jid, 1).await;
    }
    drop(ruby);
    let script = "job = Sidekiq::RetrySet.new.first
        [job.jid, job['queue'], job.tags, job['retry_queue']]";
    assert_eq!(home.ruby_value(script, &[]).await, json!([retried, "slow", ["a", "b"], "slow"]));
    let dead = home.ruby_value("Sidekiq::DeadSet.new.map(&:jid)", &[]).await;
    assert_eq!(dead, json!([buried]), "and {unburied} is gone");
}
