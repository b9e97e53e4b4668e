//! The model as a store: the two traits over its moves.

use super::{Model, ModelStore};
use crate::inspect::{About, DayStats, ProcessRow};
use crate::{
    Action, Applied, Beat, BeatAnswer, BoxFuture, Checkpoint, ClaimRequest, Cursor, DeployMark, Direction, ErrorKind,
    Exchanged, Filter, Finding, Incarnation, Inspect, Interest, Jid, JobRow, Kept, Key, Mark, Metrics, MetricsRequest,
    NewJob, Order, Page, Pausable, Promoted, Pruned, Pushed, QueueName, QueueRow, Retention, Selection, Set,
    Settlement, Sought, Stats, Store, StoreError, StoreResult, TakenOver, Timestamp, UnknownClass, checkup,
};

impl ModelStore {
    /// Makes one move under the lock, and then rings for what it did.
    fn make<'a, T: 'a>(&'a self, make: impl FnOnce(&mut Model) -> T + Send + 'a) -> BoxFuture<'a, T> {
        Box::pin(async move {
            let mut model = self.model();
            let made = make(&mut model);
            let rings = std::mem::take(&mut model.rings);
            drop(model);
            self.shared.bell.ring(rings);
            made
        })
    }
}

impl Store for ModelStore {
    /// One: nothing is gained, but tests of a server on this store meet all that two exchanges under way bring about.
    fn jobs_worth_a_second_exchange(&self) -> usize {
        1
    }

    fn push<'a>(&'a self, jobs: &'a [NewJob], now: Timestamp) -> BoxFuture<'a, StoreResult<Vec<Pushed>>> {
        self.make(move |model| model.push(jobs, now))
    }

    fn exchange<'a>(
        &'a self,
        settlements: &'a [Settlement],
        claim: Option<&'a ClaimRequest>,
        now: Timestamp,
    ) -> BoxFuture<'a, StoreResult<Exchanged>> {
        self.make(move |model| model.exchange(settlements, claim, now))
    }

    fn promote(&self, limit: usize, now: Timestamp) -> BoxFuture<'_, StoreResult<Promoted>> {
        self.make(move |model| Ok(model.promote(limit, now)))
    }

    fn beat<'a>(&'a self, beat: &'a Beat, now: Timestamp) -> BoxFuture<'a, StoreResult<BeatAnswer>> {
        self.make(move |model| Ok(model.beat(beat, now)))
    }

    fn take_over<'a>(
        &'a self,
        by: &'a Incarnation,
        first_number: u64,
        limit: usize,
        now: Timestamp,
    ) -> BoxFuture<'a, StoreResult<TakenOver>> {
        self.make(move |model| Ok(model.take_over(by, first_number, limit, now)))
    }

    fn checkpoint<'a>(
        &'a self,
        checkpoints: &'a [Checkpoint],
        _now: Timestamp,
    ) -> BoxFuture<'a, StoreResult<Vec<Kept>>> {
        self.make(move |model| Ok(model.checkpoint(checkpoints)))
    }

    fn retire<'a>(&'a self, incarnation: &'a Incarnation, _now: Timestamp) -> BoxFuture<'a, StoreResult<()>> {
        self.make(move |model| {
            model.retire(incarnation);
            Ok(())
        })
    }

    fn prune<'a>(
        &'a self,
        retention: &'a Retention,
        limit: usize,
        now: Timestamp,
    ) -> BoxFuture<'a, StoreResult<Pruned>> {
        self.make(move |model| Ok(model.prune(retention, limit, now)))
    }

    fn queue_names(&self) -> BoxFuture<'_, StoreResult<Vec<QueueName>>> {
        self.make(|model| Ok(model.queue_names()))
    }

    fn meet_unknown<'a>(
        &'a self,
        met: &'a [(String, QueueName)],
        now: Timestamp,
    ) -> BoxFuture<'a, StoreResult<Vec<Timestamp>>> {
        self.make(move |model| Ok(model.meet_unknown(met, now)))
    }

    fn mark(&self) -> Mark {
        self.shared.bell.mark()
    }

    fn wait<'a>(&'a self, interest: &'a Interest, after: Mark) -> BoxFuture<'a, ()> {
        Box::pin(self.shared.bell.wait(interest, after))
    }
}

impl Inspect for ModelStore {
    fn stats(&self, now: Timestamp) -> BoxFuture<'_, StoreResult<Stats>> {
        self.make(move |model| Ok(model.stats(now)))
    }

    fn history(&self, days: u32, now: Timestamp) -> BoxFuture<'_, StoreResult<Vec<DayStats>>> {
        self.make(move |model| Ok(model.history(days, now)))
    }

    fn queues(&self, now: Timestamp) -> BoxFuture<'_, StoreResult<Vec<QueueRow>>> {
        self.make(move |model| Ok(model.queues(now)))
    }

    fn page<'a>(
        &'a self,
        set: &'a Set,
        filter: &'a Filter,
        direction: Direction,
        cursor: Option<&'a Cursor>,
        limit: usize,
    ) -> BoxFuture<'a, StoreResult<Page>> {
        self.make(move |model| model.page(set, filter, direction, cursor, limit))
    }

    fn seek<'a>(&'a self, jid: &'a Jid, after: Option<&'a Cursor>) -> BoxFuture<'a, StoreResult<Sought>> {
        self.make(move |model| Sought::at_once(after, model.find(jid)))
    }

    fn find_key<'a>(&'a self, key: &'a Key) -> BoxFuture<'a, StoreResult<Option<JobRow>>> {
        self.make(move |model| Ok(model.find_key(key)))
    }

    fn processes(&self, now: Timestamp) -> BoxFuture<'_, StoreResult<Vec<ProcessRow>>> {
        self.make(move |model| Ok(model.processes(now)))
    }

    fn unknown_classes(&self, now: Timestamp) -> BoxFuture<'_, StoreResult<Vec<UnknownClass>>> {
        self.make(move |model| Ok(model.unknown_classes(now)))
    }

    fn metrics<'a>(&'a self, request: &'a MetricsRequest, now: Timestamp) -> BoxFuture<'a, StoreResult<Metrics>> {
        self.make(move |model| Ok(model.metrics(request, now)))
    }

    fn mark_deploy<'a>(&'a self, label: &'a str, now: Timestamp) -> BoxFuture<'a, StoreResult<DeployMark>> {
        self.make(move |model| {
            model.mark_deploy(label, now).map_err(|invalid| StoreError::new("mark_deploy", ErrorKind::Invalid, invalid))
        })
    }

    fn deploys(&self, since: Timestamp, now: Timestamp) -> BoxFuture<'_, StoreResult<Vec<DeployMark>>> {
        self.make(move |model| Ok(model.deploys(since, now)))
    }

    fn apply<'a>(
        &'a self,
        action: &'a Action,
        selection: &'a Selection,
        limit: usize,
        now: Timestamp,
    ) -> BoxFuture<'a, StoreResult<Applied>> {
        self.make(move |model| model.apply(action, selection, limit, now))
    }

    fn pause<'a>(&'a self, what: &'a Pausable, _now: Timestamp) -> BoxFuture<'a, StoreResult<()>> {
        self.make(move |model| {
            model.pause(what);
            Ok(())
        })
    }

    fn resume<'a>(&'a self, what: &'a Pausable, _now: Timestamp) -> BoxFuture<'a, StoreResult<()>> {
        self.make(move |model| {
            model.resume(what);
            Ok(())
        })
    }

    fn paused(&self) -> BoxFuture<'_, StoreResult<Vec<Pausable>>> {
        self.make(|model| Ok(model.paused()))
    }

    fn clear<'a>(&'a self, queue: &'a QueueName, limit: usize, _now: Timestamp) -> BoxFuture<'a, StoreResult<usize>> {
        self.make(move |model| Ok(model.clear(queue, limit)))
    }

    fn order<'a>(
        &'a self,
        incarnation: &'a Incarnation,
        order: &'a Order,
        now: Timestamp,
    ) -> BoxFuture<'a, StoreResult<()>> {
        self.make(move |model| model.order(incarnation, order, now))
    }

    fn about(&self) -> BoxFuture<'_, StoreResult<About>> {
        self.make(|model| Ok(model.about()))
    }

    fn checkup(&self, now: Timestamp) -> BoxFuture<'_, StoreResult<Vec<Finding>>> {
        self.make(move |model| {
            let mut found = vec![Finding::good("the store is kept in memory, and ends with its process")];
            found.extend(checkup::unknown_classes(&model.unknown_classes(now), now));
            Ok(found)
        })
    }
}
