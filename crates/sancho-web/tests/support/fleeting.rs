//! A store whose jobs go right after they are found, as when somebody else deletes them.

use std::sync::Arc;

use sancho_core::inspect::{About, DayStats};
use sancho_core::{
    Action, Applied, BoxFuture, Cursor, DeployMark, Direction, Filter, Finding, Incarnation, Inspect, Jid, JobRow, Key,
    Metrics, MetricsRequest, Order, Page, Pausable, ProcessRow, QueueName, QueueRow, Selection, Set, Sought, Stats,
    StoreResult, Timestamp, UnknownClass,
};

use super::NOW;

/// The same store, of which each job that [`seek`](Inspect::seek) answers with is deleted then.
#[derive(Debug)]
pub(crate) struct Fleeting(pub(crate) Arc<dyn Inspect>);

impl Inspect for Fleeting {
    fn stats(&self, now: Timestamp) -> BoxFuture<'_, StoreResult<Stats>> {
        self.0.stats(now)
    }

    fn history(&self, days: u32, now: Timestamp) -> BoxFuture<'_, StoreResult<Vec<DayStats>>> {
        self.0.history(days, now)
    }

    fn queues(&self, now: Timestamp) -> BoxFuture<'_, StoreResult<Vec<QueueRow>>> {
        self.0.queues(now)
    }

    fn page<'a>(
        &'a self,
        set: &'a Set,
        filter: &'a Filter,
        direction: Direction,
        cursor: Option<&'a Cursor>,
        limit: usize,
    ) -> BoxFuture<'a, StoreResult<Page>> {
        self.0.page(set, filter, direction, cursor, limit)
    }

    fn seek<'a>(&'a self, jid: &'a Jid, after: Option<&'a Cursor>) -> BoxFuture<'a, StoreResult<Sought>> {
        Box::pin(async move {
            let found = self.0.seek(jid, after).await?;
            self.0.apply(&Action::Delete, &Selection::Jid(jid.clone()), 1, NOW).await?;
            Ok(found)
        })
    }

    fn find_key<'a>(&'a self, key: &'a Key) -> BoxFuture<'a, StoreResult<Option<JobRow>>> {
        self.0.find_key(key)
    }

    fn processes(&self, now: Timestamp) -> BoxFuture<'_, StoreResult<Vec<ProcessRow>>> {
        self.0.processes(now)
    }

    fn unknown_classes(&self, now: Timestamp) -> BoxFuture<'_, StoreResult<Vec<UnknownClass>>> {
        self.0.unknown_classes(now)
    }

    fn metrics<'a>(&'a self, request: &'a MetricsRequest, now: Timestamp) -> BoxFuture<'a, StoreResult<Metrics>> {
        self.0.metrics(request, now)
    }

    fn mark_deploy<'a>(&'a self, label: &'a str, now: Timestamp) -> BoxFuture<'a, StoreResult<DeployMark>> {
        self.0.mark_deploy(label, now)
    }

    fn deploys(&self, since: Timestamp, now: Timestamp) -> BoxFuture<'_, StoreResult<Vec<DeployMark>>> {
        self.0.deploys(since, now)
    }

    fn apply<'a>(
        &'a self,
        action: &'a Action,
        selection: &'a Selection,
        limit: usize,
        now: Timestamp,
    ) -> BoxFuture<'a, StoreResult<Applied>> {
        self.0.apply(action, selection, limit, now)
    }

    fn pause<'a>(&'a self, what: &'a Pausable, now: Timestamp) -> BoxFuture<'a, StoreResult<()>> {
        self.0.pause(what, now)
    }

    fn resume<'a>(&'a self, what: &'a Pausable, now: Timestamp) -> BoxFuture<'a, StoreResult<()>> {
        self.0.resume(what, now)
    }

    fn paused(&self) -> BoxFuture<'_, StoreResult<Vec<Pausable>>> {
        self.0.paused()
    }

    fn clear<'a>(&'a self, queue: &'a QueueName, limit: usize, now: Timestamp) -> BoxFuture<'a, StoreResult<usize>> {
        self.0.clear(queue, limit, now)
    }

    fn order<'a>(
        &'a self,
        incarnation: &'a Incarnation,
        order: &'a Order,
        now: Timestamp,
    ) -> BoxFuture<'a, StoreResult<()>> {
        self.0.order(incarnation, order, now)
    }

    fn about(&self) -> BoxFuture<'_, StoreResult<About>> {
        self.0.about()
    }

    fn checkup(&self, now: Timestamp) -> BoxFuture<'_, StoreResult<Vec<Finding>>> {
        self.0.checkup(now)
    }
}
