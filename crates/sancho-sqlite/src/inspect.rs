//! The control plane over one SQLite file: looks go to the reader, actions to the writer.

use sancho_core::inspect::{About, DayStats, Pausable, ProcessRow};
use sancho_core::{
    Action, Applied, BoxFuture, Cursor, DeployMark, Direction, Filter, Finding, Incarnation, Inspect, Jid, JobRow, Key,
    Metrics, MetricsRequest, Order, Page, QueueName, QueueRow, Selection, Set, Sought, Stats, StoreResult, Timestamp,
    UnknownClass,
};

use crate::checkup;
use crate::store::SqliteStore;

impl Inspect for SqliteStore {
    fn stats(&self, now: Timestamp) -> BoxFuture<'_, StoreResult<Stats>> {
        let sizes = self.sizes();
        self.look("stats", move |unit| unit.stats(&sizes, now))
    }

    fn history(&self, days: u32, now: Timestamp) -> BoxFuture<'_, StoreResult<Vec<DayStats>>> {
        self.look("history", move |unit| unit.history(days, now))
    }

    fn queues(&self, now: Timestamp) -> BoxFuture<'_, StoreResult<Vec<QueueRow>>> {
        let sizes = self.sizes();
        self.look("queues", move |unit| unit.queues(&sizes, now))
    }

    fn page<'a>(
        &'a self,
        set: &'a Set,
        filter: &'a Filter,
        direction: Direction,
        cursor: Option<&'a Cursor>,
        limit: usize,
    ) -> BoxFuture<'a, StoreResult<Page>> {
        let (set, filter, cursor) = (set.clone(), filter.clone(), cursor.cloned());
        self.look("page", move |unit| unit.page(&set, &filter, direction, cursor.as_ref(), limit))
    }

    fn seek<'a>(&'a self, jid: &'a Jid, after: Option<&'a Cursor>) -> BoxFuture<'a, StoreResult<Sought>> {
        let jid = jid.clone();
        let row = self.look("find", move |unit| match unit.find_id(&jid)? {
            Some(id) => unit.row_of(id),
            None => Ok(None),
        });
        Box::pin(async move { Sought::at_once(after, row.await?) })
    }

    fn find_key<'a>(&'a self, key: &'a Key) -> BoxFuture<'a, StoreResult<Option<JobRow>>> {
        let key = key.clone();
        self.look("find_key", move |unit| match unit.find_key(&key)? {
            Some(id) => unit.row_of(id),
            None => Ok(None),
        })
    }

    fn processes(&self, now: Timestamp) -> BoxFuture<'_, StoreResult<Vec<ProcessRow>>> {
        self.look("processes", move |unit| unit.processes(now))
    }

    fn unknown_classes(&self, now: Timestamp) -> BoxFuture<'_, StoreResult<Vec<UnknownClass>>> {
        self.look("unknown_classes", move |unit| unit.unknown_classes(now))
    }

    fn metrics<'a>(&'a self, request: &'a MetricsRequest, now: Timestamp) -> BoxFuture<'a, StoreResult<Metrics>> {
        let request = request.clone();
        self.look("metrics", move |unit| unit.metrics(&request, now))
    }

    fn mark_deploy<'a>(&'a self, label: &'a str, now: Timestamp) -> BoxFuture<'a, StoreResult<DeployMark>> {
        let label = label.to_owned();
        self.make("mark_deploy", 1, move |unit| unit.mark_deploy(&label, now))
    }

    fn deploys(&self, since: Timestamp, now: Timestamp) -> BoxFuture<'_, StoreResult<Vec<DeployMark>>> {
        self.look("deploys", move |unit| unit.deploys(since, now))
    }

    fn apply<'a>(
        &'a self,
        action: &'a Action,
        selection: &'a Selection,
        limit: usize,
        now: Timestamp,
    ) -> BoxFuture<'a, StoreResult<Applied>> {
        let (action, selection) = (action.clone(), selection.clone());
        let weight = if matches!(selection, Selection::All { .. }) { limit } else { 1 };
        self.make("apply", weight, move |unit| unit.apply(&action, &selection, limit, now))
    }

    fn pause<'a>(&'a self, what: &'a Pausable, _now: Timestamp) -> BoxFuture<'a, StoreResult<()>> {
        let what = what.clone();
        self.make("pause", 1, move |unit| unit.pause(&what))
    }

    fn resume<'a>(&'a self, what: &'a Pausable, _now: Timestamp) -> BoxFuture<'a, StoreResult<()>> {
        let what = what.clone();
        self.make("resume", 1, move |unit| unit.resume(&what))
    }

    fn paused(&self) -> BoxFuture<'_, StoreResult<Vec<Pausable>>> {
        self.look("paused", |unit| unit.paused())
    }

    fn clear<'a>(&'a self, queue: &'a QueueName, limit: usize, _now: Timestamp) -> BoxFuture<'a, StoreResult<usize>> {
        let queue = queue.clone();
        self.make("clear", limit, move |unit| unit.clear(&queue, limit))
    }

    fn order<'a>(
        &'a self,
        incarnation: &'a Incarnation,
        order: &'a Order,
        now: Timestamp,
    ) -> BoxFuture<'a, StoreResult<()>> {
        let (incarnation, order) = (incarnation.clone(), order.clone());
        self.make("order", 1, move |unit| unit.order(&incarnation, &order, now))
    }

    fn about(&self) -> BoxFuture<'_, StoreResult<About>> {
        let path = self.path().to_owned();
        self.look("about", move |_unit| {
            let bytes = ["", "-wal", "-shm"].iter().map(|suffix| {
                let mut name = path.clone().into_os_string();
                name.push(suffix);
                std::fs::metadata(name).map_or(0, |file| file.len())
            });
            Ok(About {
                kind: "sqlite",
                version: rusqlite::version().to_owned(),
                place: path.display().to_string(),
                bytes: bytes.sum(),
            })
        })
    }

    fn checkup(&self, now: Timestamp) -> BoxFuture<'_, StoreResult<Vec<Finding>>> {
        let path = self.path().to_owned();
        self.look("checkup", move |unit| {
            let mut found = checkup::findings(unit.connection, &path)?;
            found.extend(sancho_core::checkup::unknown_classes(&unit.unknown_classes(now)?, now));
            Ok(found)
        })
    }
}
