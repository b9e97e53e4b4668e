//! Metrics: what beats bring of executions, and the marks of deploys.

use rusqlite::{OptionalExtension, Row};
use sancho_core::execution::Buckets;
use sancho_core::metrics::{Gathering, Step};
use sancho_core::{DeployMark, ErrorKind, Execution, Metrics, MetricsRequest, Timestamp, limits};

use super::exchange::number;
use crate::failure::{Failure, Made};
use crate::unit::Unit;

impl Unit<'_> {
    /// Counts what a beat brings.
    pub(super) fn count_executions(&self, executions: &[Execution], now: Timestamp) -> Made<()> {
        for step in Step::ALL {
            let at = step.start_of(now).as_unix_micros();
            for execution in executions.iter().filter(|execution| execution.count > 0) {
                self.count_execution(step, at, execution)?;
            }
        }
        Ok(())
    }

    fn count_execution(&self, step: Step, at: i64, execution: &Execution) -> Made<()> {
        let place = (step.minutes(), at, &*execution.class);
        let there: Option<Vec<u8>> = self
            .sql("SELECT buckets FROM sancho_executions WHERE minutes = ?1 AND at = ?2 AND class = ?3")?
            .query_row(place, |row| row.get(0))
            .optional()?;
        if there.is_none() && self.step_is_full(step, at)? {
            return Ok(());
        }
        let mut buckets = read_buckets(&there.unwrap_or_default());
        if step == Step::Minute {
            Execution::add_buckets(&mut buckets, &execution.buckets);
        }
        self.sql(include_str!("../sql/count_executions.sql"))?.execute((
            place.0,
            place.1,
            place.2,
            number(execution.count),
            number(execution.failures),
            number(execution.millis),
            write_buckets(&buckets),
        ))?;
        Ok(())
    }

    fn step_is_full(&self, step: Step, at: i64) -> Made<bool> {
        let count: i64 = self
            .sql("SELECT count(*) FROM sancho_executions WHERE minutes = ?1 AND at = ?2")?
            .query_row((step.minutes(), at), |row| row.get(0))?;
        Ok(usize::try_from(count).is_ok_and(|count| count >= limits::METRICS_CLASSES_PER_STEP_MAX))
    }

    /// As [`Inspect::metrics`](sancho_core::Inspect::metrics).
    pub(crate) fn metrics(&self, request: &MetricsRequest, now: Timestamp) -> Made<Metrics> {
        let mut gathering = Gathering::new(request, now);
        let (Some(first), Some(last)) = (gathering.starts().first(), gathering.starts().last()) else {
            return Ok(gathering.finish());
        };
        let span = (request.step.minutes(), first.as_unix_micros(), last.as_unix_micros());
        // Each step by itself where there is a class: the key of the table leads straight to its row.
        if let Some(class) = &request.class {
            let mut find = self.sql(
                "SELECT at, class, count, failures, millis, buckets FROM sancho_executions \
                 WHERE minutes = ?1 AND at = ?2 AND class = ?3",
            )?;
            for at in gathering.starts().to_vec() {
                let counted = find.query_row((span.0, at.as_unix_micros(), class), read_counted).optional()?;
                if let Some((at, execution)) = counted {
                    gathering.add(at, &execution);
                }
            }
            return Ok(gathering.finish());
        }
        self.gather_counts(&mut gathering, span)?;
        let mut find = self.sql(
            "SELECT at, class, count, failures, millis, buckets FROM sancho_executions \
             WHERE minutes = ?1 AND at BETWEEN ?2 AND ?3",
        )?;
        for counted in find.query_map(span, read_counted)? {
            let (at, execution) = counted?;
            gathering.add(at, &execution);
        }
        Ok(gathering.finish())
    }

    /// As [`Inspect::mark_deploy`](sancho_core::Inspect::mark_deploy).
    pub(crate) fn mark_deploy(&mut self, label: &str, now: Timestamp) -> Made<DeployMark> {
        let mark =
            DeployMark::new(label, now).map_err(|invalid| Failure::Said(ErrorKind::Invalid, invalid.to_string()))?;
        let near = i64::try_from(limits::MARK_REPEAT.as_micros()).expect("a minute");
        let at = mark.at.as_unix_micros();
        let mut find = self.sql("SELECT at, label FROM sancho_deploys WHERE at BETWEEN ?1 AND ?2 ORDER BY at")?;
        let nearby: Vec<DeployMark> = find.query_map((at - near, at + near), read_mark)?.collect::<Result<_, _>>()?;
        if let Some(there) = nearby.into_iter().find(|there| there.at == mark.at || mark.repeats(there)) {
            return Ok(there);
        }
        self.sql("INSERT INTO sancho_deploys (at, label) VALUES (?1, ?2)")?.execute((at, &mark.label))?;
        Ok(mark)
    }

    /// As [`Inspect::deploys`](sancho_core::Inspect::deploys).
    pub(crate) fn deploys(&self, since: Timestamp, now: Timestamp) -> Made<Vec<DeployMark>> {
        let since = since.max(now.before(limits::MARKS_KEPT_FOR));
        let most = i64::try_from(limits::MARKS_MAX).expect("marks are few");
        let mut find =
            self.sql("SELECT at, label FROM sancho_deploys WHERE at BETWEEN ?1 AND ?2 ORDER BY at DESC LIMIT ?3")?;
        let rows = find.query_map((since.as_unix_micros(), now.as_unix_micros(), most), read_mark)?;
        let mut marks: Vec<DeployMark> = rows.collect::<Result<_, _>>()?;
        marks.reverse();
        Ok(marks)
    }

    /// Forgets what is kept no longer, at most `limit` rows of each.
    pub(super) fn prune_metrics(&self, limit: i64, now: Timestamp) -> Made<()> {
        self.prune_counts(limit, now)?;
        for step in Step::ALL {
            let oldest = now.before(step.kept_for()).as_unix_micros();
            self.sql(
                "DELETE FROM sancho_executions WHERE (minutes, at, class) IN \
                 (SELECT minutes, at, class FROM sancho_executions WHERE minutes = ?1 AND at < ?2 LIMIT ?3)",
            )?
            .execute((step.minutes(), oldest, limit))?;
        }
        let oldest = now.before(limits::MARKS_KEPT_FOR).as_unix_micros();
        self.sql("DELETE FROM sancho_deploys WHERE at IN (SELECT at FROM sancho_deploys WHERE at < ?1 LIMIT ?2)")?
            .execute((oldest, limit))?;
        Ok(())
    }
}

fn read_counted(row: &Row<'_>) -> rusqlite::Result<(Timestamp, Execution)> {
    let count = |index| row.get::<_, i64>(index).map(i64::unsigned_abs);
    let execution = Execution {
        class: row.get(1)?,
        count: count(2)?,
        failures: count(3)?,
        millis: count(4)?,
        buckets: read_buckets(&row.get::<_, Vec<u8>>(5)?),
    };
    Ok((Timestamp::from_unix_micros(row.get(0)?), execution))
}

fn read_mark(row: &Row<'_>) -> rusqlite::Result<DeployMark> {
    Ok(DeployMark { at: Timestamp::from_unix_micros(row.get(0)?), label: row.get(1)? })
}

fn write_buckets(buckets: &Buckets) -> Vec<u8> {
    let used = buckets.iter().rposition(|count| *count > 0).map_or(0, |last| last + 1);
    buckets[..used].iter().flat_map(|count| count.to_le_bytes()).collect()
}

/// Reads what [`write_buckets`] wrote; what is not there counts as none.
fn read_buckets(bytes: &[u8]) -> Buckets {
    let mut buckets = Buckets::default();
    for (bucket, bytes) in buckets.iter_mut().zip(bytes.as_chunks::<4>().0) {
        *bucket = u32::from_le_bytes(*bytes);
    }
    buckets
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_are_read_as_they_were_written() {
        let mut buckets = Buckets::default();
        assert!(write_buckets(&buckets).is_empty());
        (buckets[3], buckets[25]) = (7, u32::MAX);
        assert_eq!(read_buckets(&write_buckets(&buckets)), buckets);
        let [first, rest @ ..] = read_buckets(b"\x01\x00\x00\x00\x02");
        assert_eq!((first, rest), (1, [0; Execution::BUCKETS - 1]), "half a number is none");
    }
}
