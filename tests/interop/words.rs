//! What is said in Ruby is said here too: options and calls that the tables of docs/guides/from-sidekiq.md set beside
//! each other write the same.

use std::time::Duration;

use redis::cmd;
use sancho::{Enqueue, Job, Raw, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::home::Home;

/// What stands in a payload, but for what differs from push to push.
fn said(payload: &str) -> Value {
    let mut payload: Value = serde_json::from_str(payload).expect("JSON");
    for varies in ["jid", "created_at", "enqueued_at"] {
        assert!(payload.as_object_mut().is_some_and(|members| members.remove(varies).is_some()), "{varies}: {payload}");
    }
    payload
}

/// The payloads of a queue, and no more of it.
async fn taken(home: &Home, queue: &str) -> Vec<Value> {
    let texts = home.queue(queue).await;
    let _: i64 = home.ask(cmd("DEL").arg(format!("queue:{queue}"))).await;
    texts.iter().map(|text| said(text)).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_set_says_in_ruby_a_push_says_here() {
    let home = Home::new().await;
    home.ruby(
        "Proof.set(queue: 'low', retry: 3, retry_queue: 'slow', dead: false, backtrace: 5, tags: %w[a é])
          .perform_async(1, 'x')
        Proof.set(queue: 'low', retry: false).set(tenant: {'id' => 7}).perform_async(2)
        Proof.set(queue: 'low', retry_for: 3_600).perform_async(3)
        Proof.set(queue: 'low', wrapped: 'Inner', 'locale' => 'de').perform_async(4)",
        &[],
    )
    .await;
    let theirs = taken(&home, "low").await;
    let to = |args: Value| home.client.push(Raw::new("Proof", args)).queue("low");
    let push = to(json!([1, "x"])).retry(3).retry_queue("slow").dead(false).backtrace(5);
    push.tags(["a", "é"]).await.expect("pushed");
    to(json!([2])).retry(false).member("tenant", &json!({ "id": 7 })).await.expect("pushed");
    to(json!([3])).retry_for(Duration::from_secs(3_600)).await.expect("pushed");
    to(json!([4])).member("wrapped", "Inner").member("locale", "de").await.expect("pushed");
    assert_eq!(taken(&home, "low").await, theirs);
    assert_eq!(theirs.len(), 4);
}

/// The same class as the script below has it.
#[derive(Job, Serialize, Deserialize)]
#[job(class = "Told", queue = "low", retry = 3, retry_queue = "slow", dead = false, backtrace = 5, tags("a", "b"))]
struct Told {
    number: u32,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_sidekiq_options_says_in_ruby_an_attribute_says_here() {
    let home = Home::new().await;
    home.ruby(
        "class Told
          include Sidekiq::Job
          sidekiq_options queue: 'low', retry: 3, retry_queue: 'slow', dead: false, backtrace: 5, tags: %w[a b]
        end
        Told.perform_async(7)
        Told.perform_bulk([[8], [9]])",
        &[],
    )
    .await;
    let theirs = taken(&home, "low").await;
    Told { number: 7 }.perform_async(&home.client).await.expect("pushed");
    home.client.push_bulk([8, 9].map(|number| Told { number })).await.expect("pushed");
    assert_eq!(taken(&home, "low").await, theirs);
    assert_eq!(theirs.len(), 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_client_of_ruby_pushes_a_push_pushes() {
    let home = Home::new().await;
    home.ruby(
        "Sidekiq::Client.push('class' => 'Proof', 'args' => [1], 'queue' => 'low', 'retry' => 2)
        Sidekiq::Client.new.push('class' => Proof, 'args' => [2], 'queue' => 'low')
        Sidekiq::Client.enqueue_to('low', Proof, 3)
        Sidekiq::Client.push_bulk('class' => 'Proof', 'queue' => 'low', 'args' => [[4], [5]])
        Sidekiq::Client.via(Sidekiq.redis_pool) { Proof.set(queue: 'low').perform_async(6) }
        Sidekiq::Client.enqueue(Proof, 7)",
        &[],
    )
    .await;
    let theirs = (taken(&home, "low").await, taken(&home, "default").await);
    let to = |n: u32| home.client.push(Raw::new("Proof", [n])).queue("low");
    to(1).retry(2).await.expect("pushed");
    to(2).await.expect("pushed");
    to(3).await.expect("pushed");
    home.client.push_bulk([4, 5].map(|n| Raw::new("Proof", [n]))).queue("low").await.expect("pushed");
    to(6).await.expect("pushed");
    home.client.push(Raw::new("Proof", [7])).await.expect("pushed");
    assert_eq!((taken(&home, "low").await, taken(&home, "default").await), theirs);
    assert_eq!((theirs.0.len(), theirs.1.len()), (6, 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_span_and_a_time_of_ruby_are_those_of_a_push() {
    let home = Home::new().await;
    let at = (home.now_secs() + 5_000.0).floor();
    home.ruby(
        "Proof.perform_in(5_000, 1)
        Proof.perform_at(Float(ARGV[0]), 2)
        Sidekiq::Client.enqueue_in(5_000, Proof, 3)
        Sidekiq::Client.enqueue_to_in('low', 5_000, Proof, 4)
        Sidekiq::ScheduledSet.new.schedule(Float(ARGV[0]), {'class' => 'Proof', 'args' => [5], 'jid' => 'five',
          'queue' => 'low', 'retry' => true, 'created_at' => Float(ARGV[0])})",
        &[&at.to_string()],
    )
    .await;
    let (span, time) = (Duration::from_secs(5_000), Timestamp::from_unix_micros((at * 1e6) as i64));
    let of = |n: u32| home.client.push(Raw::new("Proof", [n]));
    of(1).after(span).await.expect("pushed");
    of(2).at(time).await.expect("pushed");
    of(3).after(span).await.expect("pushed");
    of(4).queue("low").after(span).await.expect("pushed");
    of(5).queue("low").at(time).await.expect("pushed");
    let members = home.members("schedule").await;
    assert_eq!(members.len(), 10);
    for n in 1..=5 {
        let alike: Vec<_> = members.iter().filter(|member| member.payload()["args"] == json!([n])).collect();
        let [one, other] = alike[..] else { panic!("{n} stands there twice: {alike:?}") };
        // A span counts from the push, and Ruby takes a moment to start.
        assert!((one.score - other.score).abs() < 60.0, "{one:?}\n{other:?}");
        assert_eq!(one.payload()["queue"], other.payload()["queue"]);
        assert_eq!(one.payload()["retry"], other.payload()["retry"]);
    }
}
