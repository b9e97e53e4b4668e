//! Pages of queues, in the order that they run, or from the far end: there the job pushed last is the first.
//!
//! A list has no ranks. A mark has the distance of the last job looked at from both ends: claims shorten the one,
//! pushes lengthen the other, so the job itself is looked for from what both would say towards the front.

use redis::cmd;
use sancho_core::{Direction, Filter, Payload, StoreResult, limits};

use super::mark::{Stood, read_distances, sum_of};
use super::{JOBS_PER_READ_MAX, Looked};
use crate::inspect::portion::{BYTES_PER_LOOK_MAX, Portion};
use crate::reply;
use crate::row::Seen;
use crate::store::RedisStore;
use crate::wire::keys;

/// How far towards a queue's far end a job is looked for that others were put in front of.
const FRONT_MOVES_MAX: usize = 100;

/// A queue's list, and the end that its positions count from: the front, or where it is read backward the far end.
#[derive(Clone, Copy, Debug)]
struct List<'a> {
    key: &'a str,
    direction: Direction,
    /// How many jobs it had when the look began.
    length: usize,
}

/// Which way positions go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Course {
    Down,
    Up,
}

impl RedisStore {
    pub(super) async fn look_at_queue(
        &self,
        op: &'static str,
        queue: &str,
        filter: &Filter,
        direction: Direction,
        after: Option<&str>,
        limit: usize,
    ) -> StoreResult<Looked> {
        let key = keys::queue(queue);
        let list = List { key: &key, direction, length: self.length(op, &key).await? };
        let mut from = match after {
            Some(mark) => self.position_after(op, list, mark).await?,
            None => 0,
        };
        let (mut looked, mut portion) = (Looked::default(), Portion::first(JOBS_PER_READ_MAX));
        loop {
            let jobs = self.jobs_of(op, list, from, portion.jobs()).await?;
            let (read, bytes) = (jobs.len(), jobs.iter().map(Vec::len).sum());
            for bytes in jobs {
                if looked.is_full(limit) {
                    looked.more = true;
                    return Ok(looked);
                }
                looked.look(filter, list.stood(from), Seen::queued(queue, bytes));
                from += 1;
            }
            if read < portion.jobs() {
                return Ok(looked);
            }
            portion.adapt(read, bytes);
        }
    }

    /// The position at which a page goes on that ended with the job of a mark.
    async fn position_after(&self, op: &'static str, list: List<'_>, mark: &str) -> StoreResult<usize> {
        let (in_front, behind, sum) = read_distances(op, mark)?;
        // What claims have left of the distance to the front, or pushes have made of that to the far end.
        let (by_front, by_back) = (list.length.saturating_sub(in_front + 1), list.length.saturating_sub(behind + 1));
        // Where the search begins, which way the front is, and where the page goes on if the job is gone.
        let (start, to_front, to_back, otherwise) = match list.direction {
            // As a rule all that was in front of it is gone too: the claims take the front.
            Direction::Forward => (in_front.min(by_back) + 1, Course::Down, Course::Up, 0),
            // Whatever else has gone, those that come next are not before here.
            Direction::Backward => (behind.max(by_front), Course::Up, Course::Down, by_front),
        };
        let mut at = self.position_of(op, list, sum, to_front, start, limits::JOBS_PER_SCAN_MAX).await?;
        if at.is_none() {
            // Only what was put in front, or taken out behind it, can have moved it the other way.
            at = self.position_of(op, list, sum, to_back, start, FRONT_MOVES_MAX).await?;
        }
        Ok(at.map_or(otherwise, |at| at + 1))
    }

    /// The position of a job among so many from `start` on: up from there, or down from the one before it.
    async fn position_of(
        &self,
        op: &'static str,
        list: List<'_>,
        sum: u64,
        course: Course,
        start: usize,
        most: usize,
    ) -> StoreResult<Option<usize>> {
        let (mut low, mut high) = match course {
            Course::Down => (start.min(list.length).saturating_sub(most), start.min(list.length)),
            Course::Up => (start, start + most),
        };
        let (mut portion, mut read) = (Portion::first(JOBS_PER_READ_MAX), 0);
        let is_it = |bytes: &Vec<u8>| sum_of(&Payload::from_bytes(&bytes[..])) == sum;
        while low < high && read < BYTES_PER_LOOK_MAX {
            let count = portion.jobs().min(high - low);
            let from = if course == Course::Down { high - count } else { low };
            let jobs = self.jobs_of(op, list, from, count).await?;
            let at = match course {
                Course::Down => jobs.iter().rposition(is_it),
                Course::Up => jobs.iter().position(is_it),
            };
            if let Some(at) = at {
                return Ok(Some(from + at));
            }
            match course {
                Course::Down => high = from,
                Course::Up if jobs.len() < count => return Ok(None),
                Course::Up => low += count,
            }
            let bytes = jobs.iter().map(Vec::len).sum();
            read += bytes;
            portion.adapt(jobs.len(), bytes);
        }
        Ok(None)
    }

    /// Jobs of a queue by their positions.
    async fn jobs_of(&self, op: &'static str, list: List<'_>, start: usize, count: usize) -> StoreResult<Vec<Vec<u8>>> {
        let mut read = cmd("LRANGE");
        // The front is the right end: -1 is the job that runs next.
        match list.direction {
            Direction::Forward => read.arg(list.key).arg(format!("-{}", start + count)).arg(format!("-{}", start + 1)),
            Direction::Backward => read.arg(list.key).arg(start).arg(start + count - 1),
        };
        let mut jobs: Vec<Vec<u8>> =
            reply::list(self.inner.connection.ask(op, &read).await?).into_iter().filter_map(reply::bytes).collect();
        if list.direction == Direction::Forward {
            jobs.reverse();
        }
        Ok(jobs)
    }

    async fn length(&self, op: &'static str, key: &str) -> StoreResult<usize> {
        let length = self.inner.connection.ask(op, cmd("LLEN").arg(key)).await?;
        Ok(usize::try_from(reply::int(length)).unwrap_or(0))
    }
}

impl List<'_> {
    /// Where the job at a position stands.
    fn stood(self, position: usize) -> Stood {
        let beyond = self.length.saturating_sub(position + 1);
        match self.direction {
            Direction::Forward => Stood::InQueue { in_front: position, behind: beyond },
            Direction::Backward => Stood::InQueue { in_front: beyond, behind: position },
        }
    }
}
