//! Pages of sets: reading on from a mark, though jobs have come and gone.
//!
//! A mark names the last job looked at by a digest of its bytes, and where it stood. In a sorted set that is its score
//! and its place among jobs of the same score; in a queue, which has no ranks, its distance from both ends: claims
//! shorten the one, pushes lengthen the other, so the job itself is looked for between what both would say.

use redis::{Value, cmd};
use sancho_core::{Cursor, ErrorKind, Filter, Page, Set, StoreError, StoreResult, limits};

use crate::reply;
use crate::row::{Seen, Spot, digest};
use crate::store::RedisStore;
use crate::wire::keys;

/// Jobs that are read at once: large payloads make more too much for one reply.
const JOBS_PER_READ: usize = 200;

/// How far towards a queue's far end a job is looked for that others were put in front of.
const FRONT_MOVES_MAX: usize = 100;

/// What was looked at for a page.
#[derive(Debug, Default)]
pub(super) struct Looked {
    /// A mark for each job looked at, in order.
    pub(super) marks: Vec<String>,
    /// The jobs that match, each with the index of its mark.
    pub(super) found: Vec<(usize, Seen)>,
    /// Whether there are more jobs behind.
    pub(super) more: bool,
}

impl Looked {
    /// Whether a page is full, or has looked at as much as one may.
    fn is_full(&self, limit: usize) -> bool {
        self.found.len() >= limit || self.marks.len() >= limits::JOBS_PER_SCAN_MAX
    }

    fn look(&mut self, filter: &Filter, mark: String, seen: Seen) {
        if filter.matches(&seen.payload) {
            self.found.push((self.marks.len(), seen));
        }
        self.marks.push(mark);
    }
}

/// Where reading of a sorted set begins.
#[derive(Clone, Copy, Debug)]
struct Rank {
    /// Jobs in front.
    rank: usize,
    /// The score of the last of them, and how many in front have it.
    score: f64,
    of_score: usize,
}

impl RedisStore {
    pub(super) async fn page_of(
        &self,
        set: &Set,
        filter: &Filter,
        cursor: Option<&Cursor>,
        limit: usize,
    ) -> StoreResult<Page> {
        let looked = self.look("page", set, filter, cursor, limit).await?;
        let next = looked.marks.last().cloned().map(Cursor).or_else(|| cursor.cloned());
        let seen: Vec<Seen> = looked.found.into_iter().map(|(_, seen)| seen).collect();
        Ok(Page { rows: self.rows("page", &seen).await?, next: next.filter(|_| looked.more) })
    }

    /// Looks at jobs of a set, in its order, until `limit` of them match.
    pub(super) async fn look(
        &self,
        op: &'static str,
        set: &Set,
        filter: &Filter,
        cursor: Option<&Cursor>,
        limit: usize,
    ) -> StoreResult<Looked> {
        // An empty cursor stands for the start, where what was looked at is gone.
        let after = cursor.map(|cursor| cursor.0.as_str()).filter(|mark| !mark.is_empty());
        match set {
            Set::Queue(queue) => self.look_at_queue(op, queue.as_str(), filter, after, limit).await,
            Set::Busy => self.look_at_busy(op, filter, after, limit).await,
            set => match keys::sorted(set) {
                Some(sorted) => self.look_at_sorted(op, sorted, filter, after, limit).await,
                None => Err(StoreError::new(op, ErrorKind::Unsupported, "this set is not known here")),
            },
        }
    }

    async fn look_at_sorted(
        &self,
        op: &'static str,
        (letter, key): (char, &str),
        filter: &Filter,
        after: Option<&str>,
        limit: usize,
    ) -> StoreResult<Looked> {
        let range = Range { key, latest_first: letter == 'D' };
        let mut at = match after {
            Some(mark) => self.rank_after(op, range, mark).await?,
            None => Rank { rank: 0, score: f64::NAN, of_score: 0 },
        };
        let mut looked = Looked::default();
        loop {
            let members = self.members(op, range, at.rank, JOBS_PER_READ).await?;
            let read = members.len();
            for (bytes, score) in members {
                if looked.is_full(limit) {
                    looked.more = true;
                    return Ok(looked);
                }
                at.of_score = if score == at.score { at.of_score + 1 } else { 1 };
                (at.rank, at.score) = (at.rank + 1, score);
                let mark = format!("{score}|{}|{:x}", at.of_score, digest(&bytes));
                looked.look(filter, mark, Seen::member(letter, bytes, score));
            }
            if read < JOBS_PER_READ {
                return Ok(looked);
            }
        }
    }

    /// The rank behind the job of a mark; where it is gone, behind those that were in front of it by score.
    async fn rank_after(&self, op: &'static str, range: Range<'_>, mark: &str) -> StoreResult<Rank> {
        let (score, of_score, sum) = read_mark(op, mark, |parts| {
            Some((parts.next()?.parse::<f64>().ok()?, parts.next()?.parse::<usize>().ok()?, sum(parts.next()?)?))
        })?;
        let mut count = cmd("ZCOUNT");
        count.arg(range.key);
        match range.latest_first {
            true => count.arg(format!("({score}")).arg("+inf"),
            false => count.arg("-inf").arg(format!("({score}")),
        };
        let low = usize::try_from(reply::int(self.inner.connection.ask(op, &count).await?)).unwrap_or(0);
        let mut high = low + of_score;
        let floor = low.max(high.saturating_sub(limits::JOBS_PER_SCAN_MAX));
        while high > floor {
            let start = floor.max(high.saturating_sub(JOBS_PER_READ));
            let members = self.members(op, range, start, high - start).await?;
            if let Some(at) = members.iter().rposition(|(bytes, _)| digest(bytes) == sum) {
                return Ok(Rank { rank: start + at + 1, score, of_score: start + at + 1 - low });
            }
            high = start;
        }
        Ok(Rank { rank: floor, score, of_score: floor - low })
    }

    async fn members(
        &self,
        op: &'static str,
        range: Range<'_>,
        start: usize,
        count: usize,
    ) -> StoreResult<Vec<(Vec<u8>, f64)>> {
        let mut read = cmd(if range.latest_first { "ZREVRANGE" } else { "ZRANGE" });
        read.arg(range.key).arg(start).arg(start + count - 1).arg("WITHSCORES");
        Ok(scored(reply::list(self.inner.connection.ask(op, &read).await?)))
    }

    async fn look_at_queue(
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
        let (in_front, behind, sum) = read_mark(op, mark, |parts| {
            Some((parts.next()?.parse::<usize>().ok()?, parts.next()?.parse::<usize>().ok()?, sum(parts.next()?)?))
        })?;
        let farthest = in_front.min(length.saturating_sub(behind + 1)) + FRONT_MOVES_MAX;
        let mut high = (farthest + 1).min(length);
        let floor = high.saturating_sub(limits::JOBS_PER_SCAN_MAX);
        while high > floor {
            let start = floor.max(high.saturating_sub(JOBS_PER_READ));
            let jobs = self.jobs_from_front(op, key, start, high - start).await?;
            if let Some(at) = jobs.iter().rposition(|bytes| digest(bytes) == sum) {
                return Ok(start + at + 1);
            }
            high = start;
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

    async fn look_at_busy(
        &self,
        op: &'static str,
        filter: &Filter,
        after: Option<&str>,
        limit: usize,
    ) -> StoreResult<Looked> {
        let order = |seen: &Seen| match &seen.spot {
            Spot::Busy { holder, number, since, .. } => (since.as_unix_micros(), *number, holder.clone()),
            _ => (0, 0, String::new()),
        };
        let mut busy: Vec<_> = self.in_flight(op).await?.into_iter().map(|seen| (order(&seen), seen)).collect();
        busy.sort_by(|a, b| a.0.cmp(&b.0));
        let start = match after {
            None => 0,
            Some(mark) => {
                let last = read_mark(op, mark, |parts| {
                    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?, parts.next()?.to_owned()))
                })?;
                busy.partition_point(|(order, _)| *order <= last)
            }
        };
        let mut looked = Looked::default();
        for ((since, number, holder), seen) in busy.into_iter().skip(start) {
            if looked.is_full(limit) {
                looked.more = true;
                break;
            }
            looked.look(filter, format!("{since}|{number}|{holder}"), seen);
        }
        Ok(looked)
    }
}

/// A sorted set and its order.
#[derive(Clone, Copy, Debug)]
struct Range<'a> {
    key: &'a str,
    latest_first: bool,
}

/// Members and scores, which RESP3 gives in pairs.
fn scored(pairs: Vec<Value>) -> Vec<(Vec<u8>, f64)> {
    let pair = |pair| {
        let mut pair = reply::list(pair).into_iter();
        let bytes = reply::bytes(reply::next(&mut pair))?;
        Some((bytes, reply::text(reply::next(&mut pair)).parse().ok()?))
    };
    pairs.into_iter().filter_map(pair).collect()
}

fn sum(text: &str) -> Option<u64> {
    u64::from_str_radix(text, 16).ok()
}

fn read_mark<T>(
    op: &'static str,
    mark: &str,
    read: impl FnOnce(&mut std::str::SplitN<'_, char>) -> Option<T>,
) -> StoreResult<T> {
    read(&mut mark.splitn(3, '|'))
        .ok_or_else(|| StoreError::new(op, ErrorKind::Invalid, format!("no such cursor: {mark:?}")))
}
