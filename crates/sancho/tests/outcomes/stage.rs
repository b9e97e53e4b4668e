//! Starting, watching and stopping servers.

use std::time::Duration;

use sancho::core::inspect::{Direction, Filter, Set};
use sancho::core::lifecycle::Verdict;
use sancho::{Client, Event, JobRow, RunningServer, Server, Subscription};

use crate::jobs::{Act, Diary};

/// Far longer than anything here takes: it turns a hang into a failure.
const PATIENCE: Duration = Duration::from_secs(30);

/// A server that runs, and what happens there.
pub(crate) struct Stage {
    pub(crate) diary: Diary,
    events: Subscription,
    server: RunningServer,
}

impl Stage {
    /// A server that performs [`Act`].
    pub(crate) async fn of(client: &Client) -> Self {
        Stage::with(client, |server| server).await
    }

    /// The same, with more said of it.
    pub(crate) async fn with(client: &Client, more: impl FnOnce(Server<Diary>) -> Server<Diary>) -> Self {
        let diary = Diary::default();
        let server = more(Server::new(client.clone(), diary.clone()).register::<Act>());
        let events = server.subscribe();
        Stage { diary, events, server: server.start().await.expect("starts") }
    }

    /// What came of the next job that is settled.
    pub(crate) async fn settled(&mut self) -> Verdict {
        let wanted = |event: &Event| match event {
            Event::Settled { verdict, .. } => Some(*verdict),
            _ => None,
        };
        let settled = tokio::time::timeout(PATIENCE, self.events.wait_for(wanted)).await;
        settled.expect("in time").expect("the server lives")
    }

    /// Stops, and answers what happened.
    pub(crate) async fn stop(self) -> Vec<String> {
        tokio::time::timeout(PATIENCE, self.server.stop()).await.expect("the server stops");
        self.diary.read()
    }
}

pub(crate) async fn dead(client: &Client) -> Vec<JobRow> {
    client
        .inspect()
        .page(&Set::Dead, &Filter::all(), Direction::Forward, None, 100)
        .await
        .expect("the store answers")
        .rows
}

/// How many jobs were processed, and how many of them failed.
pub(crate) async fn counted(client: &Client) -> (u64, u64) {
    let stats = client.inspect().stats(client.clock().now()).await.expect("the store answers");
    (stats.processed, stats.failed)
}
