//! A job that blocks its thread: the process goes on beating.

use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use sancho::core::Order;
use sancho::core::model::ModelStore;
use sancho::{Client, Context, Event, Job, JobResult, Perform, Server};
use sancho_testkit::FaultyStore;

/// Far longer than anything here takes: it turns a hang into a failure.
const PATIENCE: Duration = Duration::from_secs(30);

/// Blocks the only thread of its runtime until the process has beaten.
#[derive(Job)]
struct Stubborn {}

impl Perform<Mutex<Receiver<()>>> for Stubborn {
    async fn perform(self, cx: &Context<Mutex<Receiver<()>>>) -> JobResult {
        let beats = || cx.state().lock().expect("no test has failed under it");
        let client = cx.client();
        while beats().try_recv().is_ok() {}
        let now = client.clock().now();
        let processes = client.inspect().processes(now).await?;
        // The heart beats at once when an order comes, and so the test need not wait for its next turn.
        client.inspect().order(&processes[0].info.incarnation, &Order::Dump, now).await?;
        beats().recv_timeout(PATIENCE)?;
        Ok(())
    }
}

#[tokio::test]
async fn a_process_beats_while_a_job_blocks_its_only_thread() {
    let (beat, beats) = channel();
    let model = ModelStore::new();
    let store = FaultyStore::new(Arc::new(model.clone()), move |call| {
        if call.op == "beat" {
            // The job may have ended.
            _ = beat.send(());
        }
        None
    });
    let client = Client::new(Arc::new(store), Arc::new(model));
    client.push(Stubborn {}).await.expect("push");
    let server = Server::new(client, Mutex::new(beats)).register::<Stubborn>();
    let mut events = server.subscribe();
    let running = server.start().await.expect("the server starts");
    let settled = |event: &Event| match event {
        Event::Settled { error, .. } => Some(error.clone()),
        _ => None,
    };
    let error = tokio::time::timeout(2 * PATIENCE, events.wait_for(settled)).await.expect("in time");
    assert_eq!(error, Some(None), "a beat came while the thread was blocked");
    tokio::time::timeout(PATIENCE, running.stop()).await.expect("the server stops");
}
