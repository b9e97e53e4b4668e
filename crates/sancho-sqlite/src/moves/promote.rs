//! What time brings: due jobs.

use sancho_core::{End, Place, Promoted, Timestamp};

use crate::failure::Made;
use crate::row::Spot;
use crate::unit::Unit;

impl Unit<'_> {
    /// As [`Store::promote`](sancho_core::Store::promote).
    pub(crate) fn promote(&mut self, limit: usize, now: Timestamp) -> Made<Promoted> {
        let mut promoted = Promoted::default();
        for (id, spot, named) in self.due(limit, now)? {
            self.leave(id, spot)?;
            let place = match named {
                Some(queue) => Place::Queue { queue: self.queue_name(queue)?, end: End::Back },
                None => Place::Dead,
            };
            if named.is_none() {
                // The spot does not say which queue the job is of: its rows do.
                let of = self.job(id)?.map(|job| job.spot.queue);
                if let Some(spot) = self.enter(id, &place, &[], of, now)? {
                    self.record_away(id, spot)?;
                }
                self.lapse_key(id)?;
                promoted.buried += 1;
                continue;
            }
            if let Some(spot) = self.enter(id, &place, &[], named, now)? {
                self.record_away(id, spot)?;
            }
            promoted.moved += 1;
        }
        let next: Option<i64> = self.sql(include_str!("../sql/next_due.sql"))?.query_row([], |row| row.get(0))?;
        self.changes.next_due = Some(next);
        promoted.next_due = next.map(Timestamp::from_unix_micros);
        Ok(promoted)
    }

    fn due(&self, limit: usize, now: Timestamp) -> Made<Vec<(i64, Spot, Option<i64>)>> {
        let mut find = self.sql(include_str!("../sql/due.sql"))?;
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let rows = find.query_map((now.as_unix_micros(), limit), |row| {
            let named: Option<i64> = row.get(3)?;
            Ok((row.get(2)?, Spot { state: row.get(0)?, queue: 0, ord: 0, at: row.get(1)? }, named))
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}
