//! What the store holds, looked at once a second at the most: scrapers, however many, cannot hurt it.

use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::Mutex;

use crate::core::inspect::{Pausable, ProcessRow, QueueRow, Stats};
use crate::{Client, StoreError};

/// How long what was seen is told again.
const FRESH_FOR: Duration = Duration::from_secs(1);

/// How long the store has to answer.
const ANSWER_WITHIN: Duration = Duration::from_secs(3);

/// Queues that are told by name.
const QUEUES_MAX: usize = 1_000;

/// Paused classes that are told.
const PAUSED_CLASSES_MAX: usize = 1_000;

/// The store, as it was last seen.
#[derive(Debug)]
pub(super) struct StoreView {
    client: Client,
    /// The program's own runtime. A connection lives with the runtime that opened it: that of the probes is not to own
    /// one that jobs use.
    runtime: Handle,
    seen: Mutex<Option<(Duration, Arc<Seen>)>>,
}

/// What was seen.
#[derive(Debug, Default)]
pub(super) struct Seen {
    /// `None` when the store did not answer.
    pub(super) store: Option<Contents>,
    /// How long it took to answer, or to give up.
    pub(super) took: Duration,
}

/// What the store holds.
#[derive(Debug, Default)]
pub(super) struct Contents {
    pub(super) stats: Stats,
    pub(super) queues: Vec<QueueRow>,
    /// Classes whose jobs are held.
    pub(super) paused_classes: Vec<String>,
    /// Queues that are not told by name, for their number.
    pub(super) queues_left_out: usize,
    /// The processes that live, and how many slots they have.
    pub(super) slots: u64,
    /// How long this process's last beat took.
    pub(super) round_trip: Option<Duration>,
}

impl StoreView {
    pub(super) fn new(client: Client, runtime: Handle) -> Self {
        StoreView { client, runtime, seen: Mutex::default() }
    }

    /// What the store holds, as of a second ago at the most. Who asks meanwhile waits for the same answer.
    pub(super) async fn look(&self) -> Arc<Seen> {
        let mut seen = self.seen.lock().await;
        let uptime = self.client.clock().uptime();
        if let Some((at, last)) = &*seen
            && uptime.saturating_sub(*at) < FRESH_FOR
        {
            return Arc::clone(last);
        }
        let client = self.client.clone();
        let mut looking = self.runtime.spawn(async move { contents(&client).await });
        let store = match tokio::time::timeout(ANSWER_WITHIN, &mut looking).await {
            Ok(Ok(Ok(contents))) => Some(contents),
            Ok(_) => None,
            Err(_) => {
                looking.abort();
                None
            }
        };
        let now = self.client.clock().uptime();
        let fresh = Arc::new(Seen { store, took: now.saturating_sub(uptime) });
        *seen = Some((now, Arc::clone(&fresh)));
        fresh
    }
}

async fn contents(client: &Client) -> Result<Contents, StoreError> {
    let (inspect, now) = (client.inspect(), client.clock().now());
    let stats = inspect.stats(now).await?;
    let mut queues = inspect.queues(now).await?;
    let processes = inspect.processes(now).await?;
    let paused_classes = paused_classes(inspect.paused().await?);
    let queues_left_out = queues.len().saturating_sub(QUEUES_MAX);
    if queues_left_out > 0 {
        // Those that have jobs are what alerts are about.
        queues.sort_by(|one, other| other.size.cmp(&one.size).then_with(|| one.name.cmp(&other.name)));
        queues.truncate(QUEUES_MAX);
    }
    let slots = processes.iter().map(|process| process.info.slots as u64).sum();
    let round_trip = own(&processes).map(|process| process.round_trip);
    Ok(Contents { stats, queues, paused_classes, queues_left_out, slots, round_trip })
}

fn paused_classes(paused: Vec<Pausable>) -> Vec<String> {
    let class = |paused| if let Pausable::Class(class) = paused { Some(class) } else { None };
    paused.into_iter().filter_map(class).take(PAUSED_CLASSES_MAX).collect()
}

/// The row of this process: the one that began last of those with its id on its host.
fn own(processes: &[ProcessRow]) -> Option<&ProcessRow> {
    let (host, pid) = (crate::server::hostname(), std::process::id());
    let ours = processes.iter().filter(|process| process.info.pid == pid && process.info.hostname == host);
    ours.max_by_key(|process| process.beat_at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{ManualClock, SeededEntropy};

    #[tokio::test]
    async fn the_store_is_looked_at_once_a_second_however_many_ask() {
        let (store, clock) = (Arc::new(crate::core::model::ModelStore::new()), ManualClock::default());
        let client = Client::with_parts(
            Arc::clone(&store) as Arc<dyn crate::Store>,
            store,
            Arc::new(clock.clone()),
            Arc::new(SeededEntropy::new(1)),
        );
        let view = StoreView::new(client, Handle::current());
        let (first, second) = tokio::join!(view.look(), view.look());
        assert!(first.store.is_some() && Arc::ptr_eq(&first, &second));
        clock.advance(FRESH_FOR - Duration::from_millis(1));
        assert!(Arc::ptr_eq(&first, &view.look().await));
        clock.advance(Duration::from_millis(1));
        assert!(!Arc::ptr_eq(&first, &view.look().await));
    }
}
