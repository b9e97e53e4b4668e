//! Bringing what is over and done with down to its limits; queues and classes that are spoken of.

use rusqlite::OptionalExtension;
use sancho_core::{Pruned, QueueName, Retention, Timestamp, limits};

use crate::failure::Made;
use crate::row::{DEAD, Spot};
use crate::unit::Unit;

impl Unit<'_> {
    /// As [`Store::prune`](sancho_core::Store::prune).
    pub(crate) fn prune(&mut self, retention: &Retention, limit: usize, now: Timestamp) -> Made<Pruned> {
        let most = i64::try_from(limit).unwrap_or(i64::MAX);
        let dead = self.over_the_limits(retention, most, now)?;
        for (id, spot) in &dead {
            self.leave(*id, *spot)?;
            self.forget_away(*id)?;
            self.erase(*id)?;
        }
        let first_day = now.before(retention.history_kept_for).unix_day();
        self.sql("DELETE FROM sancho_days WHERE day < ?1")?.execute([first_day])?;
        let forgotten = now.before(limits::UNKNOWN_CLASS_FORGET).as_unix_micros();
        self.sql("DELETE FROM sancho_unknown_classes WHERE last < ?1")?.execute([forgotten])?;
        self.prune_metrics(most, now)?;
        self.forget_batches(most, now)?;
        Ok(Pruned { dead: dead.len() })
    }

    /// The oldest of the dead set that are too many or too old.
    fn over_the_limits(&self, retention: &Retention, limit: i64, now: Timestamp) -> Made<Vec<(i64, Spot)>> {
        let count: i64 =
            self.sql("SELECT count(*) FROM sancho_waiting WHERE state = 4")?.query_row([], |row| row.get(0))?;
        let too_many = count.saturating_sub(i64::try_from(retention.dead_jobs_max).unwrap_or(i64::MAX)).max(0);
        let too_old = now.before(retention.dead_kept_for).as_unix_micros();
        let mut find = self.sql("SELECT at, id FROM sancho_waiting WHERE state = 4 ORDER BY at, id LIMIT ?1")?;
        let mut rows = find.query([limit])?;
        let mut over = Vec::new();
        while let Some(row) = rows.next()? {
            let (at, id) = (row.get(0)?, row.get(1)?);
            if over.len() as i64 >= too_many && at >= too_old {
                break;
            }
            over.push((id, Spot { state: DEAD, queue: 0, ord: 0, at }));
        }
        Ok(over)
    }

    /// As [`Store::queue_names`](sancho_core::Store::queue_names).
    pub(crate) fn queue_names(&self) -> Made<Vec<QueueName>> {
        let mut find = self.sql("SELECT name FROM sancho_queues WHERE known = 1 ORDER BY name")?;
        let names: Vec<String> = find.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
        Ok(names.into_iter().filter_map(|name| QueueName::new(name).ok()).collect())
    }

    /// As [`Store::meet_unknown`](sancho_core::Store::meet_unknown).
    pub(crate) fn meet_unknown(&mut self, met: &[(String, QueueName)], now: Timestamp) -> Made<Vec<Timestamp>> {
        met.iter().map(|(class, queue)| self.meet_one(class, queue, now)).collect()
    }

    fn meet_one(&mut self, class: &str, queue: &QueueName, now: Timestamp) -> Made<Timestamp> {
        let known: Option<(i64, i64)> = self
            .sql("SELECT first, last FROM sancho_unknown_classes WHERE class = ?1 AND queue = ?2")?
            .query_row((class, queue.as_str()), |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        let forgotten = |last| now.since(Timestamp::from_unix_micros(last)) > limits::UNKNOWN_CLASS_FORGET;
        let first = match known {
            Some((first, last)) if !forgotten(last) => first,
            _ => now.as_unix_micros(),
        };
        self.sql("INSERT OR REPLACE INTO sancho_unknown_classes (class, queue, first, last) VALUES (?1, ?2, ?3, ?4)")?
            .execute((class, queue.as_str(), first, now.as_unix_micros()))?;
        Ok(Timestamp::from_unix_micros(first))
    }
}
