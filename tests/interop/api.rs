//! Ruby's API, `sidekiq/api`, on what Sancho wrote.

use serde_json::{Value, json};

use crate::corpus::{NASTY, nasty_args};
use crate::home::Home;
use crate::side::{ProofDraft, Side, Worker, push};

const QUEUE: &str = "proof";

/// Pushes jobs from Rust, one for each text of arguments.
async fn pushed<'a>(home: &Home, args: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    let mut jids = Vec::new();
    for args in args {
        jids.push(push(Side::Rust, home, &ProofDraft::new(QUEUE, args)).await);
    }
    jids
}

/// One job that failed in Rust and waits for its retry.
async fn retrying(home: &Home) -> String {
    let jid = push(Side::Rust, home, &ProofDraft::new(QUEUE, nasty_args("fail")).retry(5).backtrace()).await;
    let worker = Worker::start(Side::Rust, home, QUEUE).await;
    home.until_size("retry", 1).await;
    worker.stop().await;
    jid
}

/// One job that died in Rust.
async fn dead(home: &Home) -> String {
    let jid = push(Side::Rust, home, &ProofDraft::new(QUEUE, nasty_args("fail")).retry(0).backtrace()).await;
    let worker = Worker::start(Side::Rust, home, QUEUE).await;
    home.until_size("dead", 1).await;
    worker.stop().await;
    jid
}

/// Traps T2 (the form of times), T5 (the newest stands at the left), T6 (the set of queues).
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_queue_has_our_jobs_newest_first_and_a_latency() {
    let home = Home::new().await;
    let jids = pushed(&home, ["[1]", "[2]", "[3]"]).await;
    let script = "queue = Sidekiq::Queue.new('proof')
        {
          names: Sidekiq::Queue.all.map(&:name), size: queue.size, latency: queue.latency,
          args: queue.map(&:args), jids: queue.map(&:jid), classes: queue.map(&:klass).uniq,
          enqueued: Time.now.to_f - queue.first.enqueued_at.to_f, created: Time.now.to_f - queue.first.created_at.to_f
        }";
    let seen = home.ruby_value(script, &[]).await;
    assert_eq!(seen["names"], json!([QUEUE]));
    assert_eq!((&seen["size"], &seen["args"]), (&json!(3), &json!([[3], [2], [1]])));
    assert_eq!(seen["jids"], json!(jids.iter().rev().collect::<Vec<_>>()));
    assert_eq!(seen["classes"], json!(["Proof"]));
    for age in ["latency", "enqueued", "created"] {
        // Ruby itself takes a moment to start.
        let age = seen[age].as_f64().expect("a number");
        assert!((0.0..30.0).contains(&age), "{seen}");
    }
    let pushed_at = serde_json::from_str::<Value>(&home.queue(QUEUE).await[0]).expect("JSON");
    let latency = home.ruby_value("[Sidekiq::Queue.new('proof').latency, Time.now.to_f]", &[]).await;
    let ours = latency[1].as_f64().zip(pushed_at["enqueued_at"].as_f64()).map(|(now, then)| now - then);
    let apart = ours.expect("times") - latency[0].as_f64().expect("a number");
    assert!(apart.abs() < 1.0, "Ruby reads the time that we wrote: {latency} {pushed_at}");
}

/// Trap T21: a job is deleted from a queue by its exact bytes.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_job_is_found_and_deleted_in_a_queue() {
    let home = Home::new().await;
    let args: Vec<String> = NASTY.iter().map(|args| format!("[{args}]")).collect();
    let jids = pushed(&home, args.iter().map(String::as_str)).await;
    let script = "queue = Sidekiq::Queue.new('proof')
        job = queue.find_job(ARGV[0])
        [JSON.generate(job.args), job.delete, queue.find_job(ARGV[0]).nil?, queue.size]";
    for (n, (jid, args)) in jids.iter().zip(&args).enumerate() {
        let seen = home.ruby_value(script, &[jid]).await;
        assert_eq!(seen, json!([args, true, true, NASTY.len() - n - 1]));
    }
}

/// Trap T1: Ruby reschedules by the bytes that it would write itself, so ours must be the same, or a second
/// member appears, due in 1970.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_we_schedule_is_rescheduled_whatever_its_arguments() {
    let home = Home::new().await;
    let at = (home.now_secs() + 5_000.0).floor();
    for args in NASTY {
        let draft = ProofDraft::new(QUEUE, format!("[{args}]")).at(at);
        push(Side::Rust, &home, &draft.retry(3).backtrace()).await;
    }
    let everything = push(Side::Rust, &home, &ProofDraft::new(QUEUE, nasty_args("do")).at(at)).await;
    let script = "set = Sidekiq::ScheduledSet.new
        same = set.map { |entry| JSON.generate(JSON.parse(entry.value)) == entry.value }
        set.each { |entry| entry.reschedule(entry.score + 99) }
        [same.uniq, Sidekiq::ScheduledSet.new.map(&:score).uniq, Sidekiq::ScheduledSet.new.size]";
    let seen = home.ruby_value(script, &[]).await;
    assert_eq!(seen, json!([[true], [at + 99.0], NASTY.len() + 1]), "every member moved, and none was added");
    home.member("schedule", &everything).await;
}

/// Trap T1 for the payloads that a failure rewrote.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_failed_here_is_rescheduled_too() {
    for set in ["Retry", "Dead"] {
        let home = Home::new().await;
        let jid = if set == "Retry" { retrying(&home).await } else { dead(&home).await };
        let script = format!(
            "entry = Sidekiq::{set}Set.new.find_job(ARGV[0])
            entry.reschedule(entry.score + 99)
            all = Sidekiq::{set}Set.new
            [all.size, (all.first.score - entry.score).round(3)]"
        );
        assert_eq!(home.ruby_value(&script, &[&jid]).await, json!([1, 99.0]), "{set}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_scheduled_job_is_read_deleted_and_added_to_its_queue() {
    let home = Home::new().await;
    let at = (home.now_secs() + 5_000.0).floor();
    let draft = ProofDraft::new(QUEUE, nasty_args("do")).at(at);
    let (kept, deleted) = (push(Side::Rust, &home, &draft).await, push(Side::Rust, &home, &draft).await);
    let script = "set = Sidekiq::ScheduledSet.new
        entry = set.find_job(ARGV[0])
        read = [entry.klass, JSON.generate(entry.args), entry.queue, entry.at.to_f, entry.score, entry.error?]
        set.find_job(ARGV[1]).delete
        left = Sidekiq::ScheduledSet.new.map(&:jid)
        entry.add_to_queue
        [read, left, Sidekiq::ScheduledSet.new.size, Sidekiq::Queue.new('proof').map(&:jid)]";
    let seen = home.ruby_value(script, &[&kept, &deleted]).await;
    assert_eq!(seen, json!([["Proof", nasty_args("do"), QUEUE, at, at, false], [kept], 0, [kept]]));
    performed_in_rust(&home, &kept, &nasty_args("do"), 1).await;
}

/// Traps T15 (the count of retries), T16 (what lists and pages need) and T17 (the form of a backtrace).
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_retry_is_read_and_retried_now() {
    let home = Home::new().await;
    let jid = retrying(&home).await;
    let script = "entry = Sidekiq::RetrySet.new.find_job(ARGV[0])
        read = [entry.klass, entry.queue, entry['retry_count'], entry['error_class'], entry['error_message'],
                entry.error?, JSON.generate(entry.args)]
        lines = entry.error_backtrace
        near = (entry.score - entry['failed_at']).between?(14, 26)
        entry.retry
        [read, lines.is_a?(Array) && lines.all?(String) && lines.any?, near, Sidekiq::RetrySet.new.size,
         Sidekiq::Queue.new('proof').map { |job| [job.jid, job['retry_count']] }]";
    let seen = home.ruby_value(script, &[&jid]).await;
    let error = Side::Rust.error_class();
    let read = json!(["Proof", QUEUE, 0, error, "I was told to fail: é", true, nasty_args("fail")]);
    // Ruby takes one from the count, which stands at less than none then: its next failure counts as the first.
    assert_eq!(seen, json!([read, true, true, 0, [[jid, -1]]]));
    let worker = Worker::start(Side::Rust, &home, QUEUE).await;
    home.until_size("retry", 1).await;
    worker.stop().await;
    let payload = home.member("retry", &jid).await.payload();
    assert_eq!(payload["retry_count"], 0, "{payload}");
    assert!(payload["retried_at"].is_f64(), "{payload}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_retry_is_killed_and_a_dead_job_run_again() {
    let home = Home::new().await;
    let jid = retrying(&home).await;
    let script = "Sidekiq::RetrySet.new.find_job(ARGV[0]).kill
        entry = Sidekiq::DeadSet.new.find_job(ARGV[0])
        read = [entry.klass, entry['error_class'], JSON.generate(entry.args), Sidekiq::RetrySet.new.size]
        old = Time.now.to_f - entry.score
        entry.retry
        [read, old.between?(0, 30), Sidekiq::DeadSet.new.size, Sidekiq::Queue.new('proof').size]";
    let seen = home.ruby_value(script, &[&jid]).await;
    assert_eq!(seen, json!([["Proof", Side::Rust.error_class(), nasty_args("fail"), 0], true, 0, 1]));
    performed_in_rust(&home, &jid, &nasty_args("fail"), 2).await;
}

/// Trap T45: Ruby takes every member of a score out and puts the others back; each of ours is still there once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_of_two_that_are_due_at_once_is_retried() {
    let home = Home::new().await;
    let failing = ProofDraft::new(QUEUE, nasty_args("fail first")).retry(5);
    let (first, second) = (push(Side::Rust, &home, &failing).await, push(Side::Ruby, &home, &failing).await);
    let worker = Worker::start(Side::Rust, &home, QUEUE).await;
    home.until_size("retry", 2).await;
    worker.stop().await;
    home.make_due("retry").await;
    let script = "Sidekiq::RetrySet.new.find_job(ARGV[0]).retry
        [Sidekiq::Queue.new('proof').map(&:jid), Sidekiq::RetrySet.new.map { |entry| [entry.jid, entry.score] }]";
    let seen = home.ruby_value(script, &[&first]).await;
    assert_eq!(seen, json!([[first], [[second, home.members("retry").await[0].score]]]));
    let worker = Worker::start(Side::Rust, &home, QUEUE).await;
    for jid in [&first, &second] {
        home.until_performed(jid, 2).await;
    }
    worker.stop().await;
    assert_eq!(home.counters().await, (4, 2));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sets_are_retried_killed_and_cleared_as_a_whole() {
    let home = Home::new().await;
    let (first, second) = (retrying(&home).await, dead(&home).await);
    let script = "retries = Sidekiq::RetrySet.new
        retries.kill_all
        dead = Sidekiq::DeadSet.new.map(&:jid).sort
        Sidekiq::DeadSet.new.retry_all
        queued = Sidekiq::Queue.new('proof').map(&:jid).sort
        Sidekiq::Queue.new('proof').clear
        [dead, queued, Sidekiq::RetrySet.new.size, Sidekiq::DeadSet.new.size, Sidekiq::Queue.all.size]";
    let mut both = [first, second];
    both.sort();
    assert_eq!(home.ruby_value(script, &[]).await, json!([both, both, 0, 0, 0]));
}

/// What no program can read is shown by Ruby as its only argument; ours is buried as it came.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unreadable_job_that_we_buried_is_shown_by_ruby() {
    let home = Home::new().await;
    let raw = "{\"class\":\"Proof\",\"args\":[";
    let _: i64 = home.ask(redis::cmd("LPUSH").arg("queue:proof").arg(raw)).await;
    let worker = Worker::start(Side::Rust, &home, QUEUE).await;
    home.until_size("dead", 1).await;
    worker.stop().await;
    let script = "entry = Sidekiq::DeadSet.new.first
        read = [entry.args, entry.klass, Time.now.to_f - entry.score < 30]
        entry.delete
        [read, Sidekiq::DeadSet.new.size]";
    assert_eq!(home.ruby_value(script, &[]).await, json!([[[raw], null, true], 0]));
    assert_eq!(home.counters().await, (0, 0), "what cannot be read is no attempt");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_statistics_are_ours() {
    let home = Home::new().await;
    retrying(&home).await;
    dead(&home).await;
    let at = home.now_secs() + 5_000.0;
    push(Side::Rust, &home, &ProofDraft::new(QUEUE, "[1]").at(at)).await;
    pushed(&home, ["[\"do\"]", "[\"do\"]"]).await;
    let worker = Worker::start(Side::Rust, &home, QUEUE).await;
    crate::home::until("the queue is empty", async || home.queue(QUEUE).await.is_empty().then_some(())).await;
    worker.stop().await;
    pushed(&home, ["[1]", "[2]", "[3]"]).await;
    let script = "stats = Sidekiq::Stats.new
        days = Sidekiq::Stats::History.new(2)
        [[stats.processed, stats.failed, stats.enqueued, stats.scheduled_size, stats.retry_size, stats.dead_size,
          stats.processes_size, stats.workers_size],
         stats.queues, stats.default_queue_latency, [days.processed.values.sum, days.failed.values.sum]]";
    let seen = home.ruby_value(script, &[]).await;
    let totals = json!([4, 2, 3, 1, 1, 1, 0, 0]);
    assert_eq!(seen, json!([totals, { QUEUE: 3 }, 0, [4, 2]]));
}

/// Trap T42, in part: what is counted by day ends by itself, five years after it was last counted.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_counted_by_day_expires() {
    let home = Home::new().await;
    retrying(&home).await;
    let keys: Vec<String> = home.ask(redis::cmd("KEYS").arg("stat:*:*")).await;
    assert!(keys.len() >= 2, "processed and failed, by day: {keys:?}");
    for key in keys {
        let ttl: i64 = home.ask(redis::cmd("TTL").arg(&key)).await;
        assert!((157_000_000..=157_680_000).contains(&ttl), "{key} ends in {ttl} s");
    }
}

/// Performs what is in the queue in Rust, and looks at a job's last performance.
async fn performed_in_rust(home: &Home, jid: &str, args: &str, times: usize) {
    let worker = Worker::start(Side::Rust, home, QUEUE).await;
    let performed = home.until_performed(jid, times).await;
    worker.stop().await;
    let last = performed.last().expect("it was performed");
    assert_eq!((last.by.as_str(), last.args.as_str()), ("rust", args));
}
