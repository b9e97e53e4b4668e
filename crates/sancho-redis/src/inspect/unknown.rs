//! Classes that processes met and do not know.

use redis::cmd;
use sancho_core::{StoreResult, Timestamp, UnknownClass, limits};

use crate::reply;
use crate::store::RedisStore;
use crate::wire::{keys, met};

/// Meetings that are read at once.
const MEETINGS_PER_READ: usize = 1_000;

/// Meetings that are read at most: those that are forgotten stand there until they are pruned.
const MEETINGS_READ_MAX: usize = 10 * limits::UNKNOWN_CLASSES_TOLD_MAX;

impl RedisStore {
    pub(crate) async fn classes_not_known(&self, op: &'static str, now: Timestamp) -> StoreResult<Vec<UnknownClass>> {
        let (mut classes, mut read, mut from) = (Vec::new(), 0, "0".to_owned());
        while read < MEETINGS_READ_MAX && classes.len() < limits::UNKNOWN_CLASSES_TOLD_MAX {
            let mut scan = cmd("HSCAN");
            scan.arg(keys::UNKNOWN).arg(&from).arg("COUNT").arg(MEETINGS_PER_READ);
            let mut page = reply::list(self.inner.connection.ask(op, &scan).await?).into_iter();
            from = reply::text(reply::next(&mut page));
            let mut flat = reply::list(reply::next(&mut page)).into_iter().map(reply::text);
            while let (Some(field), Some(value)) = (flat.next(), flat.next()) {
                read += 1;
                classes.extend(met::read(&field, &value));
            }
            classes.retain(|class: &UnknownClass| now.since(class.last) <= limits::UNKNOWN_CLASS_FORGET);
            if from == "0" {
                break;
            }
        }
        classes.sort();
        // A scan may name a field twice.
        classes.dedup_by(|a, b| (&a.class, &a.queue) == (&b.class, &b.queue));
        classes.truncate(limits::UNKNOWN_CLASSES_TOLD_MAX);
        Ok(classes)
    }
}
