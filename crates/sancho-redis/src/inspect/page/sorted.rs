//! Pages of sorted sets.
//!
//! A mark has the score of the last job looked at and its place among jobs of the same score, which only changes when
//! one of these comes or goes.

use redis::{Value, cmd};
use sancho_core::{Direction, Filter, StoreResult, limits};

use super::mark::{Stood, read_score, sum_of};
use super::{JOBS_PER_READ_MAX, Looked};
use crate::inspect::portion::{BYTES_PER_LOOK_MAX, Portion};
use crate::reply;
use crate::row::Seen;
use crate::store::RedisStore;

/// A sorted set, and in which order it is read.
#[derive(Clone, Copy, Debug)]
struct Range<'a> {
    letter: char,
    key: &'a str,
    latest_first: bool,
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
    pub(super) async fn look_at_sorted(
        &self,
        op: &'static str,
        (letter, key): (char, &str),
        filter: &Filter,
        direction: Direction,
        after: Option<&str>,
        limit: usize,
    ) -> StoreResult<Looked> {
        let range = Range { letter, key, latest_first: (letter == 'D') != (direction == Direction::Backward) };
        let mut at = match after {
            Some(mark) => self.rank_after(op, range, mark).await?,
            None => Rank { rank: 0, score: f64::NAN, of_score: 0 },
        };
        let (mut looked, mut portion) = (Looked::default(), Portion::first(JOBS_PER_READ_MAX));
        loop {
            let members = self.members(op, range, at.rank, portion.jobs()).await?;
            let (read, bytes) = (members.len(), members.iter().map(|(bytes, _)| bytes.len()).sum());
            for (bytes, score) in members {
                if looked.is_full(limit) {
                    looked.more = true;
                    return Ok(looked);
                }
                at.of_score = if score == at.score { at.of_score + 1 } else { 1 };
                (at.rank, at.score) = (at.rank + 1, score);
                let stood = Stood::OfScore { score, of_score: at.of_score };
                looked.look(filter, stood, Seen::member(letter, bytes, score));
            }
            if read < portion.jobs() {
                return Ok(looked);
            }
            portion.adapt(read, bytes);
        }
    }

    /// The rank behind the job of a mark; where it is gone, behind those that were in front of it by score.
    async fn rank_after(&self, op: &'static str, range: Range<'_>, mark: &str) -> StoreResult<Rank> {
        let (score, of_score, sum) = read_score(op, mark)?;
        let mut count = cmd("ZCOUNT");
        count.arg(range.key);
        match range.latest_first {
            true => count.arg(format!("({score}")).arg("+inf"),
            false => count.arg("-inf").arg(format!("({score}")),
        };
        let low = usize::try_from(reply::int(self.inner.connection.ask(op, &count).await?)).unwrap_or(0);
        let mut high = low + of_score;
        let floor = low.max(high.saturating_sub(limits::JOBS_PER_SCAN_MAX));
        let (mut portion, mut read) = (Portion::first(JOBS_PER_READ_MAX), 0);
        let is_it =
            |(bytes, score): &(Vec<u8>, f64)| sum_of(&Seen::member(range.letter, bytes.clone(), *score).payload) == sum;
        while high > floor && read < BYTES_PER_LOOK_MAX {
            let start = floor.max(high.saturating_sub(portion.jobs()));
            let members = self.members(op, range, start, high - start).await?;
            if let Some(at) = members.iter().rposition(is_it) {
                return Ok(Rank { rank: start + at + 1, score, of_score: start + at + 1 - low });
            }
            high = start;
            let bytes = members.iter().map(|(bytes, _)| bytes.len()).sum();
            read += bytes;
            portion.adapt(members.len(), bytes);
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
