//! Pages of queues, in the order that they run.
//!
//! A list has no ranks. A mark has the distance of the last job looked at from both ends: claims shorten the one, pushes
//! lengthen the other, so the job itself is looked for from what both would say towards the front.

use redis::cmd;
use sancho_core::{Filter, StoreResult, limits};

use super::{JOBS_PER_READ, Looked, place, read_mark, sum};
use crate::reply;
use crate::row::{Seen, digest};
use crate::store::RedisStore;
use crate::wire::keys;

/// How far towards a queue's far end a job is looked for that others were put in front of.
pub(super) const FRONT_MOVES_MAX: usize = 100;

impl RedisStore {
    pub(super) async fn look_at_queue(
        &self,
        op: &'static str,
        queue: &str,
        filter: &Filter,
        after: Option<&str>,
        limit: usize,
    ) -> StoreResult<Looked> {
        let key = keys::queue(queue);
        let mut looked = Looked::default();
        let length = self.length(op, &key).await?;
        let mut from = match after {
            Some(mark) => self.distance_after(op, &key, length, mark).await?,
            None => 0,
        };
        loop {
            let jobs = self.jobs_from_front(op, &key, from, JOBS_PER_READ).await?;
            let read = jobs.len();
            for bytes in jobs {
                if looked.is_full(limit) {
                    looked.more = true;
                    return Ok(looked);
                }
                let behind = length.saturating_sub(from + 1);
                let mark = format!("{from}|{behind}|{:x}", digest(&bytes));
                looked.look(filter, mark, Seen::queued(queue, bytes));
                from += 1;
            }
            if read < JOBS_PER_READ {
                return Ok(looked);
            }
        }
    }

    /// How many jobs of a queue are in front of where a page goes on.
    async fn distance_after(&self, op: &'static str, key: &str, length: usize, mark: &str) -> StoreResult<usize> {
        let (in_front, behind, sum) = read_distances(op, mark)?;
        let expected = in_front.min(length.saturating_sub(behind + 1));
        let mut high = (expected + 1).min(length);
        let floor = high.saturating_sub(limits::JOBS_PER_SCAN_MAX);
        while high > floor {
            let start = floor.max(high.saturating_sub(JOBS_PER_READ));
            let jobs = self.jobs_from_front(op, key, start, high - start).await?;
            if let Some(at) = jobs.iter().rposition(|bytes| digest(bytes) == sum) {
                return Ok(start + at + 1);
            }
            high = start;
        }
        // Only what was put in front can have moved it the other way.
        let jobs = self.jobs_from_front(op, key, expected + 1, FRONT_MOVES_MAX).await?;
        if let Some(at) = jobs.iter().position(|bytes| digest(bytes) == sum) {
            return Ok(expected + 1 + at + 1);
        }
        // It is gone, and as a rule all that was in front of it: the claims take the front.
        Ok(0)
    }

    /// Jobs of a queue in the order that they run, of which `start` are in front of the first.
    async fn jobs_from_front(
        &self,
        op: &'static str,
        key: &str,
        start: usize,
        count: usize,
    ) -> StoreResult<Vec<Vec<u8>>> {
        // The front is the right end: -1 is the job that runs next.
        let mut read = cmd("LRANGE");
        read.arg(key).arg(format!("-{}", start + count)).arg(format!("-{}", start + 1));
        let list = reply::list(self.inner.connection.ask(op, &read).await?);
        Ok(list.into_iter().rev().filter_map(reply::bytes).collect())
    }

    pub(super) async fn length(&self, op: &'static str, key: &str) -> StoreResult<usize> {
        let length = self.inner.connection.ask(op, cmd("LLEN").arg(key)).await?;
        Ok(usize::try_from(reply::int(length)).unwrap_or(0))
    }
}

/// What a mark says of a job: how many are in front of it, and behind it, and its digest.
pub(super) fn read_distances(op: &'static str, mark: &str) -> StoreResult<(usize, usize, u64)> {
    read_mark(op, mark, |parts| Some((place(parts.next()?)?, place(parts.next()?)?, sum(parts.next()?)?)))
}
