//! What people see of a store, without what classes hide.

use std::sync::Arc;

use sancho_core::inspect::{About, DayStats};
use sancho_core::redact::Lens;
use sancho_core::{
    Action, Applied, BoxFuture, Cursor, DeployMark, Direction, Filter, Finding, Incarnation, Inspect, Jid, JobRow, Key,
    Metrics, MetricsRequest, Order, Page, Pausable, ProcessRow, QueueName, QueueRow, Selection, Set, Sought, Stats,
    StoreResult, Timestamp, UnknownClass,
};

use super::redaction::Redaction;

/// The same store, of whose payloads nothing is seen that is hidden.
///
/// It stands where rows come out of the store, and not where they are shown, so that no page can forget it. The store
/// itself looks for them through the same lens: what would be left out behind it would be missed, and tell.
pub(super) fn shielded(inner: Arc<dyn Inspect>, redaction: Redaction) -> Arc<dyn Inspect> {
    Arc::new(Shielded { inner, lens: Arc::new(redaction.into_lens()) })
}

#[derive(Debug)]
struct Shielded {
    inner: Arc<dyn Inspect>,
    lens: Arc<Lens>,
}

impl Shielded {
    fn row(&self, row: JobRow) -> JobRow {
        self.lens.shown_row(row)
    }

    fn filter(&self, filter: &Filter) -> Filter {
        filter.clone().through(Arc::clone(&self.lens))
    }
}

impl Inspect for Shielded {
    fn stats(&self, now: Timestamp) -> BoxFuture<'_, StoreResult<Stats>> {
        self.inner.stats(now)
    }

    fn history(&self, days: u32, now: Timestamp) -> BoxFuture<'_, StoreResult<Vec<DayStats>>> {
        self.inner.history(days, now)
    }

    fn queues(&self, now: Timestamp) -> BoxFuture<'_, StoreResult<Vec<QueueRow>>> {
        self.inner.queues(now)
    }

    fn page<'a>(
        &'a self,
        set: &'a Set,
        filter: &'a Filter,
        direction: Direction,
        cursor: Option<&'a Cursor>,
        limit: usize,
    ) -> BoxFuture<'a, StoreResult<Page>> {
        Box::pin(async move {
            let filter = self.filter(filter);
            let Page { rows, next } = self.inner.page(set, &filter, direction, cursor, limit).await?;
            Ok(Page { rows: rows.into_iter().map(|row| self.row(row)).collect(), next })
        })
    }

    fn seek<'a>(&'a self, jid: &'a Jid, after: Option<&'a Cursor>) -> BoxFuture<'a, StoreResult<Sought>> {
        Box::pin(async move {
            Ok(match self.inner.seek(jid, after).await? {
                Sought::Found(row) => Sought::Found(Box::new(self.row(*row))),
                unseen => unseen,
            })
        })
    }

    fn find_key<'a>(&'a self, key: &'a Key) -> BoxFuture<'a, StoreResult<Option<JobRow>>> {
        Box::pin(async move { Ok(self.inner.find_key(key).await?.map(|row| self.row(row))) })
    }

    fn processes(&self, now: Timestamp) -> BoxFuture<'_, StoreResult<Vec<ProcessRow>>> {
        self.inner.processes(now)
    }

    fn unknown_classes(&self, now: Timestamp) -> BoxFuture<'_, StoreResult<Vec<UnknownClass>>> {
        self.inner.unknown_classes(now)
    }

    fn metrics<'a>(&'a self, request: &'a MetricsRequest, now: Timestamp) -> BoxFuture<'a, StoreResult<Metrics>> {
        self.inner.metrics(request, now)
    }

    fn mark_deploy<'a>(&'a self, label: &'a str, now: Timestamp) -> BoxFuture<'a, StoreResult<DeployMark>> {
        self.inner.mark_deploy(label, now)
    }

    fn deploys(&self, since: Timestamp, now: Timestamp) -> BoxFuture<'_, StoreResult<Vec<DeployMark>>> {
        self.inner.deploys(since, now)
    }

    /// An action over a filter is done to what a list of it shows: else how many it was done to would tell what is
    /// hidden.
    fn apply<'a>(
        &'a self,
        action: &'a Action,
        selection: &'a Selection,
        limit: usize,
        now: Timestamp,
    ) -> BoxFuture<'a, StoreResult<Applied>> {
        let Selection::All { set, filter, after } = selection else {
            return self.inner.apply(action, selection, limit, now);
        };
        let shown = Selection::All { set: set.clone(), filter: self.filter(filter), after: after.clone() };
        Box::pin(async move { self.inner.apply(action, &shown, limit, now).await })
    }

    fn pause<'a>(&'a self, what: &'a Pausable, now: Timestamp) -> BoxFuture<'a, StoreResult<()>> {
        self.inner.pause(what, now)
    }

    fn resume<'a>(&'a self, what: &'a Pausable, now: Timestamp) -> BoxFuture<'a, StoreResult<()>> {
        self.inner.resume(what, now)
    }

    fn paused(&self) -> BoxFuture<'_, StoreResult<Vec<Pausable>>> {
        self.inner.paused()
    }

    fn clear<'a>(&'a self, queue: &'a QueueName, limit: usize, now: Timestamp) -> BoxFuture<'a, StoreResult<usize>> {
        self.inner.clear(queue, limit, now)
    }

    fn order<'a>(
        &'a self,
        incarnation: &'a Incarnation,
        order: &'a Order,
        now: Timestamp,
    ) -> BoxFuture<'a, StoreResult<()>> {
        self.inner.order(incarnation, order, now)
    }

    fn about(&self) -> BoxFuture<'_, StoreResult<About>> {
        self.inner.about()
    }

    fn checkup(&self, now: Timestamp) -> BoxFuture<'_, StoreResult<Vec<Finding>>> {
        self.inner.checkup(now)
    }
}
