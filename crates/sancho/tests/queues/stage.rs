//! Starting, watching and stopping servers.

use std::time::Duration;

use sancho::core::Pausable;
use sancho::core::inspect::Stats;
use sancho::core::process::ProcessInfo;
use sancho::{Client, Event, RunningServer, Server};

use crate::jobs::{Act, Diary};

/// Far longer than anything here takes: it turns a hang into a failure.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) fn server(client: &Client) -> (Server<Diary>, Diary) {
    let diary = Diary::default();
    (Server::new(client.clone(), diary.clone()).register::<Act>(), diary)
}

/// Pushes so many jobs to a queue, all told the same.
pub(crate) async fn push(client: &Client, queue: &str, jobs: usize, how: &str) {
    client.push_bulk((0..jobs).map(|_| Act::new(how))).queue(queue).await.expect("pushed");
}

pub(crate) async fn stop(server: &RunningServer) {
    tokio::time::timeout(PATIENCE, server.stop()).await.expect("the server stops");
}

/// Runs a burst to its end.
pub(crate) async fn burst(server: Server<Diary>) {
    let server = server.burst().start().await.expect("starts");
    tokio::time::timeout(PATIENCE, server.stopped()).await.expect("the burst ends by itself");
}

pub(crate) async fn stats(client: &Client) -> Stats {
    client.inspect().stats(client.clock().now()).await.expect("the store answers")
}

/// What the only process tells of itself.
pub(crate) async fn told(client: &Client) -> ProcessInfo {
    let rows = client.inspect().processes(client.clock().now()).await.expect("the store answers");
    assert_eq!(rows.len(), 1, "one process lives");
    rows[0].info.clone()
}

pub(crate) async fn pause(client: &Client, what: Pausable) {
    client.inspect().pause(&what, client.clock().now()).await.expect("the store answers");
}

/// Waits until a job is settled.
pub(crate) async fn settled(events: &mut sancho::Subscription) {
    let wanted = |event: &Event| matches!(event, Event::Settled { .. }).then_some(());
    tokio::time::timeout(PATIENCE, events.wait_for(wanted)).await.expect("in time").expect("the server lives");
}
