//! Pages of queues from their far end: the job pushed last is the first.
//!
//! As in the other direction a mark has the distance of the last job looked at from both ends. Here the reading goes
//! towards the front, and so does the search for that job: pushes move it away from the far end, and claims shorten
//! what is in front of it. Positions count from the far end, which claims do not move.

use redis::cmd;
use sancho_core::{Filter, StoreResult, limits};

use super::queue::{FRONT_MOVES_MAX, read_distances};
use super::{JOBS_PER_READ, Looked};
use crate::reply;
use crate::row::{Seen, digest};
use crate::store::RedisStore;
use crate::wire::keys;

impl RedisStore {
    pub(super) async fn look_at_queue_backward(
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
            Some(mark) => self.position_after(op, &key, length, mark).await?,
            None => 0,
        };
        loop {
            let jobs = self.jobs_from_back(op, &key, from, JOBS_PER_READ).await?;
            let read = jobs.len();
            for bytes in jobs {
                if looked.is_full(limit) {
                    looked.more = true;
                    return Ok(looked);
                }
                let in_front = length.saturating_sub(from + 1);
                let mark = format!("{in_front}|{from}|{:x}", digest(&bytes));
                looked.look(filter, mark, Seen::queued(queue, bytes));
                from += 1;
            }
            if read < JOBS_PER_READ {
                return Ok(looked);
            }
        }
    }

    /// How many jobs of a queue are behind where a page goes on.
    async fn position_after(&self, op: &'static str, key: &str, length: usize, mark: &str) -> StoreResult<usize> {
        let (in_front, behind, sum) = read_distances(op, mark)?;
        let least = length.saturating_sub(in_front + 1);
        let expected = least.max(behind);
        let mut low = expected;
        while low < expected + limits::JOBS_PER_SCAN_MAX {
            let jobs = self.jobs_from_back(op, key, low, JOBS_PER_READ).await?;
            if let Some(at) = jobs.iter().position(|bytes| digest(bytes) == sum) {
                return Ok(low + at + 1);
            }
            if jobs.len() < JOBS_PER_READ {
                break;
            }
            low += JOBS_PER_READ;
        }
        // Only what was taken out behind it, or put in front, can have moved it the other way.
        let start = expected.saturating_sub(FRONT_MOVES_MAX);
        let jobs = self.jobs_from_back(op, key, start, expected - start).await?;
        if let Some(at) = jobs.iter().rposition(|bytes| digest(bytes) == sum) {
            return Ok(start + at + 1);
        }
        // It is gone. Whatever else has gone, those that come next are not before here.
        Ok(least)
    }

    /// Jobs of a queue from its far end on, of which `start` are behind the first.
    async fn jobs_from_back(
        &self,
        op: &'static str,
        key: &str,
        start: usize,
        count: usize,
    ) -> StoreResult<Vec<Vec<u8>>> {
        if count == 0 {
            return Ok(Vec::new());
        }
        let mut read = cmd("LRANGE");
        read.arg(key).arg(start).arg(start + count - 1);
        let list = reply::list(self.inner.connection.ask(op, &read).await?);
        Ok(list.into_iter().filter_map(reply::bytes).collect())
    }
}
