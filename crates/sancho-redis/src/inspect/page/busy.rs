//! Pages of running jobs: ours, and those of other programs' processes.
//!
//! There are as many as there are slots, so they are all read, and put in order here.

use sancho_core::{Direction, Filter, StoreResult};

use super::Looked;
use super::mark::{Stood, read_mark};
use crate::row::{Seen, Spot, digest};
use crate::store::RedisStore;

/// By start; then what keeps those of one moment apart.
type Rank = (i64, u64, String);

impl RedisStore {
    pub(super) async fn look_at_busy(
        &self,
        op: &'static str,
        filter: &Filter,
        direction: Direction,
        after: Option<&str>,
        limit: usize,
    ) -> StoreResult<Looked> {
        let mut busy = self.in_flight(op).await?;
        busy.extend(self.run_by_others(op).await?);
        let mut busy: Vec<(Rank, Seen)> = busy.into_iter().map(|seen| (rank(&seen), seen)).collect();
        busy.sort_by(|a, b| a.0.cmp(&b.0));
        if direction == Direction::Backward {
            busy.reverse();
        }
        let start = match after {
            None => 0,
            Some(mark) => {
                let last = read_mark(op, mark, |parts| {
                    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?, parts.next()?.to_owned()))
                })?;
                match direction {
                    Direction::Forward => busy.partition_point(|(rank, _)| *rank <= last),
                    Direction::Backward => busy.partition_point(|(rank, _)| *rank >= last),
                }
            }
        };
        let mut looked = Looked::default();
        for ((since, number, who), seen) in busy.into_iter().skip(start) {
            if looked.is_full(limit) {
                looked.more = true;
                break;
            }
            looked.look(filter, Stood::Busy { since, number, who }, seen);
        }
        Ok(looked)
    }
}

fn rank(seen: &Seen) -> Rank {
    match &seen.spot {
        Spot::Busy { holder, number, since, .. } => (since.as_unix_micros(), *number, holder.clone()),
        Spot::Elsewhere { who, thread, since, .. } => {
            (since.unwrap_or_default().as_unix_micros(), digest(thread.as_bytes()), who.clone())
        }
        _ => (0, 0, String::new()),
    }
}
