//! The control plane of a mutant.

use sancho_core::inspect::{About, DayStats, ProcessRow};
use sancho_core::metrics::SizeSample;
use sancho_core::{
    Action, Applied, BoxFuture, Cursor, DeployMark, Direction, Filter, Finding, Incarnation, Inspect, Jid, JobRow, Key,
    Metrics, MetricsRequest, Order, Page, Pausable, QueueName, QueueRow, Selection, Set, Sought, Stats, StoreResult,
    Timestamp, UnknownClass,
};

use super::{Bug, Mutant};

impl Inspect for Mutant {
    fn stats(&self, now: Timestamp) -> BoxFuture<'_, StoreResult<Stats>> {
        Box::pin(async move {
            let mut stats = self.model.stats(now).await?;
            if self.has(Bug::CounterOutsideTheStep) {
                stats.processed += self.remember(|memory| memory.miscounted);
            }
            Ok(stats)
        })
    }

    fn history(&self, days: u32, now: Timestamp) -> BoxFuture<'_, StoreResult<Vec<DayStats>>> {
        self.model.history(days, now)
    }

    fn queues(&self, now: Timestamp) -> BoxFuture<'_, StoreResult<Vec<QueueRow>>> {
        self.model.queues(now)
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
            let all = Filter::all();
            let filter = if self.has(Bug::FilterIgnored) { &all } else { filter };
            let direction = if self.has(Bug::DirectionIgnored) { Direction::Forward } else { direction };
            self.model.page(set, filter, direction, cursor, limit).await
        })
    }

    fn seek<'a>(&'a self, jid: &'a Jid, after: Option<&'a Cursor>) -> BoxFuture<'a, StoreResult<Sought>> {
        self.model.seek(jid, after)
    }

    fn find_key<'a>(&'a self, key: &'a Key) -> BoxFuture<'a, StoreResult<Option<JobRow>>> {
        self.model.find_key(key)
    }

    fn processes(&self, now: Timestamp) -> BoxFuture<'_, StoreResult<Vec<ProcessRow>>> {
        self.model.processes(now)
    }

    fn unknown_classes(&self, now: Timestamp) -> BoxFuture<'_, StoreResult<Vec<UnknownClass>>> {
        self.model.unknown_classes(if self.has(Bug::UnknownClassesNotForgotten) { Timestamp::EPOCH } else { now })
    }

    fn metrics<'a>(&'a self, request: &'a MetricsRequest, now: Timestamp) -> BoxFuture<'a, StoreResult<Metrics>> {
        Box::pin(async move {
            let mut metrics = self.model.metrics(request, now).await?;
            if self.has(Bug::SizesOfNow) {
                let stats = self.model.stats(now).await?;
                metrics.sizes.iter_mut().for_each(|sizes| *sizes = SizeSample::of(sizes.at, &stats));
            }
            Ok(metrics)
        })
    }

    fn mark_deploy<'a>(&'a self, label: &'a str, now: Timestamp) -> BoxFuture<'a, StoreResult<DeployMark>> {
        self.model.mark_deploy(label, now)
    }

    fn deploys(&self, since: Timestamp, now: Timestamp) -> BoxFuture<'_, StoreResult<Vec<DeployMark>>> {
        self.model.deploys(since, now)
    }

    fn apply<'a>(
        &'a self,
        action: &'a Action,
        selection: &'a Selection,
        limit: usize,
        now: Timestamp,
    ) -> BoxFuture<'a, StoreResult<Applied>> {
        self.model.apply(action, selection, limit, now)
    }

    fn pause<'a>(&'a self, what: &'a Pausable, now: Timestamp) -> BoxFuture<'a, StoreResult<()>> {
        if self.has(Bug::PausedQueueServed) {
            return Box::pin(std::future::ready(Ok(())));
        }
        self.model.pause(what, now)
    }

    fn resume<'a>(&'a self, what: &'a Pausable, now: Timestamp) -> BoxFuture<'a, StoreResult<()>> {
        self.model.resume(what, now)
    }

    fn paused(&self) -> BoxFuture<'_, StoreResult<Vec<Pausable>>> {
        self.model.paused()
    }

    fn clear<'a>(&'a self, queue: &'a QueueName, limit: usize, now: Timestamp) -> BoxFuture<'a, StoreResult<usize>> {
        self.model.clear(queue, limit, now)
    }

    fn order<'a>(
        &'a self,
        incarnation: &'a Incarnation,
        order: &'a Order,
        now: Timestamp,
    ) -> BoxFuture<'a, StoreResult<()>> {
        self.model.order(incarnation, order, now)
    }

    fn about(&self) -> BoxFuture<'_, StoreResult<About>> {
        self.model.about()
    }

    fn checkup(&self, now: Timestamp) -> BoxFuture<'_, StoreResult<Vec<Finding>>> {
        self.model.checkup(now)
    }
}
