//! The control plane on Redis: each thing that people look at, or do, has a module of its own.

mod about;
mod apply;
mod find;
mod hashes;
mod history;
mod metrics;
mod others;
mod page;
mod pause;
mod portion;
mod processes;
mod queues;
pub(crate) mod search;
mod stats;
mod unknown;

use sancho_core::inspect::{About, DayStats};
use sancho_core::{
    Action, Applied, BoxFuture, Cursor, DeployMark, Direction, Filter, Finding, Incarnation, Inspect, Jid, JobRow, Key,
    Metrics, MetricsRequest, Order, Page, Pausable, ProcessRow, QueueName, QueueRow, Selection, Set, Sought, Stats,
    StoreResult, Timestamp, UnknownClass,
};

use crate::store::RedisStore;

impl Inspect for RedisStore {
    fn stats(&self, now: Timestamp) -> BoxFuture<'_, StoreResult<Stats>> {
        Box::pin(self.totals(now))
    }

    fn history(&self, days: u32, now: Timestamp) -> BoxFuture<'_, StoreResult<Vec<DayStats>>> {
        Box::pin(self.days(days, now))
    }

    fn queues(&self, now: Timestamp) -> BoxFuture<'_, StoreResult<Vec<QueueRow>>> {
        Box::pin(self.queue_rows(now))
    }

    fn page<'a>(
        &'a self,
        set: &'a Set,
        filter: &'a Filter,
        direction: Direction,
        cursor: Option<&'a Cursor>,
        limit: usize,
    ) -> BoxFuture<'a, StoreResult<Page>> {
        Box::pin(self.page_of(set, filter, direction, cursor, limit))
    }

    fn seek<'a>(&'a self, jid: &'a Jid, after: Option<&'a Cursor>) -> BoxFuture<'a, StoreResult<Sought>> {
        Box::pin(self.seek_row(jid, after))
    }

    fn find_key<'a>(&'a self, key: &'a Key) -> BoxFuture<'a, StoreResult<Option<JobRow>>> {
        Box::pin(self.find_key_row(key))
    }

    fn processes(&self, now: Timestamp) -> BoxFuture<'_, StoreResult<Vec<ProcessRow>>> {
        Box::pin(self.process_rows(now))
    }

    fn unknown_classes(&self, now: Timestamp) -> BoxFuture<'_, StoreResult<Vec<UnknownClass>>> {
        Box::pin(self.classes_not_known("unknown_classes", now))
    }

    fn metrics<'a>(&'a self, request: &'a MetricsRequest, now: Timestamp) -> BoxFuture<'a, StoreResult<Metrics>> {
        Box::pin(self.executions(request, now))
    }

    fn mark_deploy<'a>(&'a self, label: &'a str, now: Timestamp) -> BoxFuture<'a, StoreResult<DeployMark>> {
        Box::pin(self.leave_mark(label, now))
    }

    fn deploys(&self, since: Timestamp, now: Timestamp) -> BoxFuture<'_, StoreResult<Vec<DeployMark>>> {
        Box::pin(self.marks_since(since, now))
    }

    fn apply<'a>(
        &'a self,
        action: &'a Action,
        selection: &'a Selection,
        limit: usize,
        now: Timestamp,
    ) -> BoxFuture<'a, StoreResult<Applied>> {
        Box::pin(self.apply_to(action, selection, limit, now))
    }

    fn pause<'a>(&'a self, what: &'a Pausable, _now: Timestamp) -> BoxFuture<'a, StoreResult<()>> {
        Box::pin(self.pause_it(what))
    }

    fn resume<'a>(&'a self, what: &'a Pausable, _now: Timestamp) -> BoxFuture<'a, StoreResult<()>> {
        Box::pin(self.resume_it(what))
    }

    fn paused(&self) -> BoxFuture<'_, StoreResult<Vec<Pausable>>> {
        Box::pin(self.all_paused())
    }

    fn clear<'a>(&'a self, queue: &'a QueueName, limit: usize, now: Timestamp) -> BoxFuture<'a, StoreResult<usize>> {
        Box::pin(self.clear_queue(queue, limit, now))
    }

    fn order<'a>(
        &'a self,
        incarnation: &'a Incarnation,
        order: &'a Order,
        now: Timestamp,
    ) -> BoxFuture<'a, StoreResult<()>> {
        Box::pin(self.leave_order(incarnation, order, now))
    }

    fn about(&self) -> BoxFuture<'_, StoreResult<About>> {
        Box::pin(self.what_it_is())
    }

    fn checkup(&self, now: Timestamp) -> BoxFuture<'_, StoreResult<Vec<Finding>>> {
        Box::pin(self.check_up(now))
    }
}
