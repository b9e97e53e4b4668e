//! Starting, watching and stopping servers in tests.

use std::time::Duration;

use sancho::core::inspect::{Direction, Filter, Set};
use sancho::core::lifecycle::Verdict;
use sancho::{Client, Event, Jid, JobRow, RunningServer, Server, Subscription};

use crate::deeds::{BlockingDeed, BriefBlockingDeed, BriefDeed, Deed, HiddenDeed, Journal};

/// Far longer than anything here takes: it turns a hang into a failure.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) fn server(client: &Client, journal: &Journal) -> Server<Journal> {
    Server::new(client.clone(), journal.clone())
        .register::<Deed>()
        .register::<BriefDeed>()
        .register::<BlockingDeed>()
        .register::<BriefBlockingDeed>()
        .register::<HiddenDeed>()
}

/// What comes of this job next.
pub(crate) async fn settled(events: &mut Subscription, wanted: &Jid) -> Verdict {
    let matching = |event: &Event| match event {
        Event::Settled { jid: Some(jid), verdict, .. } if jid == wanted => Some(*verdict),
        _ => None,
    };
    tokio::time::timeout(PATIENCE, events.wait_for(matching)).await.expect("in time").expect("the server lives")
}

pub(crate) async fn stop(server: &RunningServer) {
    tokio::time::timeout(PATIENCE, server.stop()).await.expect("the server stops");
}

pub(crate) async fn dead(client: &Client) -> Vec<JobRow> {
    client
        .inspect()
        .page(&Set::Dead, &Filter::all(), Direction::Forward, None, 100)
        .await
        .expect("the store answers")
        .rows
}

/// Processed and failed jobs, and those that are busy.
pub(crate) async fn counts(client: &Client) -> (u64, u64, u64) {
    let stats = client.inspect().stats(client.clock().now()).await.expect("the store answers");
    (stats.processed, stats.failed, stats.busy)
}
