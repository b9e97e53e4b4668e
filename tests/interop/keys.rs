//! A key of ours, when Ruby has had the job that holds it.

use sancho::{Pushed, Raw, State};

use crate::home::Home;
use crate::ruby_server::RubyServer;
use crate::side::{Side, Worker};

const QUEUE: &str = "proof";
const KEY: &str = "product:42";

/// Pushes a job with the key, far in the future; answers what the store did.
async fn scheduled(home: &Home) -> (String, Pushed) {
    let at = home.client.clock().now() + std::time::Duration::from_secs(5_000);
    let pushed = home.client.push(Raw::text("Proof", "[\"do\",42]")).queue(QUEUE).key(KEY).at(at).await;
    let pushed = pushed.expect("pushed");
    (pushed.jid.to_string(), pushed.answer)
}

/// Where the job is that holds the key.
async fn holder(home: &Home) -> Option<(String, State)> {
    let row = home.client.find_key(KEY).await.expect("Redis answers");
    row.map(|row| (row.jid.to_string(), row.state))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_is_free_when_ruby_deleted_its_job() {
    let home = Home::new().await;
    let (jid, _) = scheduled(&home).await;
    assert_eq!(holder(&home).await, Some((jid, State::Scheduled)));
    home.ruby("Sidekiq::ScheduledSet.new.each(&:delete)", &[]).await;
    assert_eq!(holder(&home).await, None);
    let (jid, answer) = scheduled(&home).await;
    assert_eq!(answer, Pushed::Added);
    assert_eq!(holder(&home).await, Some((jid, State::Scheduled)));
}

/// Ruby writes `enqueued_at` into the payload: the key's own index does not have these bytes.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_is_still_taken_when_ruby_moved_its_job() {
    let home = Home::new().await;
    let (jid, _) = scheduled(&home).await;
    home.ruby("Sidekiq::ScheduledSet.new.each(&:add_to_queue)", &[]).await;
    assert_eq!(holder(&home).await, Some((jid.clone(), State::Enqueued)));
    let (_, answer) = scheduled(&home).await;
    let Pushed::Kept { holder: kept, state } = answer else { panic!("{answer:?}") };
    assert_eq!((kept.to_string(), state), (jid.clone(), State::Enqueued));
    assert_eq!(home.size("schedule").await, 0);
    let ruby = RubyServer::start(&home, &[QUEUE], 1, 20).await;
    home.until_performed(&jid, 1).await;
    drop(ruby);
    assert_eq!(holder(&home).await, None, "Ruby performed it: the key is free");
    assert_eq!(scheduled(&home).await.1, Pushed::Added);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_stays_with_a_job_that_ruby_rescheduled_or_let_fail() {
    let home = Home::new().await;
    let at = home.client.clock().now() + std::time::Duration::from_secs(5_000);
    let push = home.client.push(Raw::text("Proof", "[\"fail first\"]")).queue(QUEUE).key(KEY).at(at);
    let jid = push.await.expect("pushed").jid.to_string();
    home.ruby("Sidekiq::ScheduledSet.new.each { |entry| entry.reschedule(entry.score + 99) }", &[]).await;
    assert_eq!(holder(&home).await, Some((jid.clone(), State::Scheduled)));
    home.make_due("schedule").await;
    let ruby = RubyServer::start(&home, &[QUEUE], 1, 20).await;
    home.until_size("retry", 1).await;
    ruby.stop().await;
    assert_eq!(holder(&home).await, Some((jid.clone(), State::Retries)));
    home.make_due("retry").await;
    let worker = Worker::start(Side::Rust, &home, QUEUE).await;
    home.until_performed(&jid, 2).await;
    worker.stop().await;
    assert_eq!(holder(&home).await, None);
}
