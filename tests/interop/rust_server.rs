//! Sancho's own server, in the test's process.

use std::time::Duration;

use sancho::core::lifecycle::Verdict;
use sancho::{Client, Event, RunningServer, Server, Subscription};

use crate::home::{Home, PATIENCE};
use crate::proof::{Ledger, Proof};

/// A running server of the class `Proof`, and its events from before it started.
#[derive(Debug)]
pub(crate) struct RustServer {
    pub(crate) running: RunningServer,
    pub(crate) events: Subscription,
}

impl RustServer {
    /// Starts one that serves these queues in strict order, with so many slots and so many seconds for running
    /// jobs to end in.
    pub(crate) async fn start(home: &Home, queues: &[&str], slots: usize, stop_secs: u32) -> Self {
        Self::start_with(home.client.clone(), Ledger(home.redis.clone()), queues, slots, stop_secs).await
    }

    /// Starts one of that client's store, which need not be a test's own.
    pub(crate) async fn start_with(
        client: Client,
        ledger: Ledger,
        queues: &[&str],
        slots: usize,
        stop_secs: u32,
    ) -> Self {
        let server = Server::new(client, ledger)
            .register::<Proof>()
            .queues(queues.iter().copied())
            .slots(slots)
            .tag("proof")
            .labels(["blue"])
            .stop_timeout(Duration::from_secs(stop_secs.into()));
        let events = server.subscribe();
        let running = server.start().await.expect("the server starts");
        RustServer { running, events }
    }

    /// What the next job that is settled came to: its id and its verdict.
    pub(crate) async fn settled(&mut self) -> (String, Verdict) {
        let settled = self.events.wait_for(|event| match event {
            Event::Settled { jid, verdict, .. } => {
                Some((jid.as_ref().map(ToString::to_string).unwrap_or_default(), *verdict))
            }
            _ => None,
        });
        tokio::time::timeout(PATIENCE, settled).await.expect("a job is settled in time").expect("the server lives")
    }

    /// Waits for an event.
    pub(crate) async fn until(&mut self, wanted: impl Fn(&Event) -> bool) {
        let happened = self.events.wait_for(|event| wanted(event).then_some(()));
        tokio::time::timeout(PATIENCE, happened).await.expect("it happens in time").expect("the server lives");
    }

    /// Waits until it has stopped, whoever stopped it.
    pub(crate) async fn stopped(self) {
        tokio::time::timeout(PATIENCE, self.running.stopped()).await.expect("the server stops in time");
    }

    pub(crate) async fn stop(self) {
        tokio::time::timeout(PATIENCE, self.running.stop()).await.expect("the server stops in time");
    }
}
