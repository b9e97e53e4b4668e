//! Starting, watching and stopping servers in tests.

use std::time::Duration;

use sancho::core::lifecycle::Verdict;
use sancho::{Client, Event, Jid, Server, Subscription};

use crate::jobs::{self, Journal, Say};

/// Far longer than anything here takes: it turns a hang into a failure.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) fn server(client: &Client, journal: &Journal) -> Server<Journal> {
    Server::new(client.clone(), journal.clone()).register::<Say>().register::<jobs::Sync>()
}

/// The next job that is settled: its id and what came of it.
pub(crate) async fn settled(events: &mut Subscription) -> (Option<Jid>, Verdict) {
    let wanted = |event: &Event| match event {
        Event::Settled { jid, verdict, .. } => Some((jid.clone(), *verdict)),
        _ => None,
    };
    tokio::time::timeout(PATIENCE, events.wait_for(wanted)).await.expect("in time").expect("the server lives")
}

pub(crate) async fn performing(events: &mut Subscription) {
    let wanted = |event: &Event| matches!(event, Event::Performing { .. }).then_some(());
    tokio::time::timeout(PATIENCE, events.wait_for(wanted)).await.expect("in time").expect("the server lives");
}

pub(crate) async fn stop(server: &sancho::RunningServer) {
    tokio::time::timeout(PATIENCE, server.stop()).await.expect("the server stops");
}
