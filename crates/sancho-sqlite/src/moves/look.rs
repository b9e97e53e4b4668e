//! Looking: totals, queues, pages, processes.

use std::time::Duration;

use sancho_core::inspect::{DayStats, Paused, ProcessRow};
use sancho_core::process::Quiet;
use sancho_core::{
    Cursor, Direction, ErrorKind, Filter, JobRow, Page, QueueName, QueueRow, Set, Stats, Timestamp, UnknownClass,
    limits,
};

use crate::failure::{Failure, Made};
use crate::process_row::read_info;
use crate::row::payload_of;
use crate::sizes::{SetSizes, Sizes};
use crate::unit::Unit;

impl Unit<'_> {
    /// As [`Inspect::stats`](sancho_core::Inspect::stats).
    pub(crate) fn stats(&self, sizes: &Sizes, now: Timestamp) -> Made<Stats> {
        let SetSizes { enqueued, scheduled, retries, dead, held } = *sizes.sets(self)?;
        let mut find = self.sql(include_str!("../sql/stats.sql"))?;
        Ok(find.query_row([now.as_unix_micros()], |row| {
            let count = |index| row.get::<_, i64>(index).map(i64::unsigned_abs);
            Ok(Stats {
                processed: count(0)?,
                failed: count(1)?,
                busy: count(2)?,
                processes: count(3)?,
                enqueued,
                scheduled,
                retries,
                dead,
                held,
            })
        })?)
    }

    /// As [`Inspect::history`](sancho_core::Inspect::history).
    pub(crate) fn history(&self, days: u32, now: Timestamp) -> Made<Vec<DayStats>> {
        let today = now.unix_day();
        let mut history: Vec<DayStats> =
            (0..days).map(|back| DayStats { unix_day: today - i64::from(back), ..DayStats::default() }).collect();
        let mut find = self.sql("SELECT day, processed, failed FROM sancho_days WHERE day > ?1 AND day <= ?2")?;
        let mut rows = find.query((today - i64::from(days), today))?;
        while let Some(row) = rows.next()? {
            let back = usize::try_from(today - row.get::<_, i64>(0)?).unwrap_or(usize::MAX);
            if let Some(day) = history.get_mut(back) {
                day.processed = row.get::<_, i64>(1)?.unsigned_abs();
                day.failed = row.get::<_, i64>(2)?.unsigned_abs();
            }
        }
        Ok(history)
    }

    /// As [`Inspect::queues`](sancho_core::Inspect::queues).
    pub(crate) fn queues(&self, sizes: &Sizes, now: Timestamp) -> Made<Vec<QueueRow>> {
        let sizes = sizes.queues(self)?;
        let mut find = self.sql(include_str!("../sql/queues.sql"))?;
        let mut rows = find.query([])?;
        let mut queues = Vec::new();
        while let Some(row) = rows.next()? {
            let Ok(name) = QueueName::new(row.get::<_, String>(1)?) else { continue };
            let first: Option<i64> = row.get(2)?;
            queues.push(QueueRow {
                name,
                size: sizes.get(&row.get(0)?).copied().unwrap_or(0),
                latency: first.map_or(Duration::ZERO, |at| now.since(Timestamp::from_unix_micros(at))),
                paused: if row.get(3)? { Paused::Yes } else { Paused::No },
            });
        }
        Ok(queues)
    }

    /// As [`Inspect::page`](sancho_core::Inspect::page).
    pub(crate) fn page(
        &mut self,
        set: &Set,
        filter: &Filter,
        direction: Direction,
        cursor: Option<&Cursor>,
        limit: usize,
    ) -> Made<Page> {
        let (ids, next) = self.matching(set, filter, direction, cursor, limit)?;
        let rows = ids.into_iter().filter_map(|id| self.row_of(id).transpose()).collect::<Made<_>>()?;
        Ok(Page { rows, next })
    }

    /// One job as people see it.
    pub(crate) fn row_of(&mut self, id: i64) -> Made<Option<JobRow>> {
        match self.job(id)? {
            Some(job) => self.job_row(job).map(Some),
            None => Ok(None),
        }
    }

    /// The jobs of a page, and where to go on.
    pub(crate) fn matching(
        &mut self,
        set: &Set,
        filter: &Filter,
        direction: Direction,
        cursor: Option<&Cursor>,
        limit: usize,
    ) -> Made<(Vec<i64>, Option<Cursor>)> {
        let rising = (*set == Set::Dead) == (direction == Direction::Backward);
        let (sql, bound) = ranking(set, rising)?;
        let first = match bound {
            Bound::State(state) => state,
            Bound::None => 0,
            Bound::Queue(queue) => match self.find_queue(queue)? {
                Some(queue) => queue,
                None => return Ok((Vec::new(), None)),
            },
        };
        let (rank, id) = match cursor {
            Some(cursor) => read_cursor(cursor, direction)?,
            None if rising => (i64::MIN, i64::MIN),
            None => (i64::MAX, i64::MAX),
        };
        let most = i64::try_from(limits::JOBS_PER_SCAN_MAX + 1).expect("a scan is bounded");
        let mut find = self.sql(sql)?;
        let mut rows = find.query((first, rank, id, most))?;
        let mut payload = self.sql("SELECT payload FROM sancho_jobs WHERE id = ?1")?;
        let every = filter.is_all();
        let (mut found, mut seen, mut last) = (Vec::new(), 0, None);
        while let Some(row) = rows.next()? {
            if found.len() == limit || seen == limits::JOBS_PER_SCAN_MAX {
                let write = |(rank, id): (i64, i64)| Cursor::new(direction, format!("{rank}.{id}"));
                return Ok((found, last.map(write).or_else(|| cursor.cloned())));
            }
            let rank: (i64, i64) = (row.get(0)?, row.get(1)?);
            seen += 1;
            last = Some(rank);
            if every || filter.matches(&payload.query_row([rank.1], |row| payload_of(row, 0))?) {
                found.push(rank.1);
            }
        }
        Ok((found, None))
    }

    /// As [`Inspect::processes`](sancho_core::Inspect::processes).
    pub(crate) fn processes(&self, now: Timestamp) -> Made<Vec<ProcessRow>> {
        let mut find = self.sql(
            "SELECT incarnation, info, beat_at, quiet, running, rss_bytes, round_trip FROM sancho_processes \
             WHERE known = 1 AND lease_until >= ?1 ORDER BY incarnation",
        )?;
        let rows = find.query_map([now.as_unix_micros()], |row| {
            Ok(ProcessRow {
                info: read_info(&row.get::<_, String>(0)?, &row.get::<_, String>(1)?),
                beat_at: Timestamp::from_unix_micros(row.get(2)?),
                quiet: if row.get(3)? { Quiet::Yes } else { Quiet::No },
                busy: usize::try_from(row.get::<_, i64>(4)?).unwrap_or(0),
                rss_bytes: row.get::<_, i64>(5)?.unsigned_abs(),
                round_trip: Duration::from_micros(row.get::<_, i64>(6)?.unsigned_abs()),
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// As [`Inspect::unknown_classes`](sancho_core::Inspect::unknown_classes).
    pub(crate) fn unknown_classes(&self, now: Timestamp) -> Made<Vec<UnknownClass>> {
        let mut find = self.sql(
            "SELECT class, queue, first, last FROM sancho_unknown_classes WHERE last >= ?1 \
             ORDER BY class, queue LIMIT ?2",
        )?;
        let kept_since = now.before(limits::UNKNOWN_CLASS_FORGET).as_unix_micros();
        let most = i64::try_from(limits::UNKNOWN_CLASSES_TOLD_MAX).expect("a look is bounded");
        let mut rows = find.query((kept_since, most))?;
        let mut classes = Vec::new();
        while let Some(row) = rows.next()? {
            let Ok(queue) = QueueName::new(row.get::<_, String>(1)?) else { continue };
            classes.push(UnknownClass {
                class: row.get(0)?,
                queue,
                since: Timestamp::from_unix_micros(row.get(2)?),
                last: Timestamp::from_unix_micros(row.get(3)?),
            });
        }
        Ok(classes)
    }
}

/// What the jobs of a set have in common.
enum Bound<'a> {
    None,
    State(i64),
    Queue(&'a QueueName),
}

/// The statement that lists a set by rank, rising or falling, each job with its rank: input 1 bound, 2 and 3 the rank to
/// go on after, 4 limit.
fn ranking(set: &Set, rising: bool) -> Made<(&'static str, Bound<'_>)> {
    const WAITING: [&str; 2] = [
        "SELECT at, id FROM sancho_waiting WHERE state = ?1 AND (at, id) < (?2, ?3) \
         ORDER BY at DESC, id DESC LIMIT ?4",
        "SELECT at, id FROM sancho_waiting WHERE state = ?1 AND (at, id) > (?2, ?3) ORDER BY at, id LIMIT ?4",
    ];
    const QUEUE: [&str; 2] = [
        "SELECT ord, id FROM sancho_ready WHERE queue = ?1 AND (ord, id) < (?2, ?3) ORDER BY ord DESC LIMIT ?4",
        "SELECT ord, id FROM sancho_ready WHERE queue = ?1 AND (ord, id) > (?2, ?3) ORDER BY ord LIMIT ?4",
    ];
    const BUSY: [&str; 2] = [
        "SELECT at, id FROM sancho_busy WHERE ?1 = 0 AND (at, id) < (?2, ?3) ORDER BY at DESC, id DESC LIMIT ?4",
        "SELECT at, id FROM sancho_busy WHERE ?1 = 0 AND (at, id) > (?2, ?3) ORDER BY at, id LIMIT ?4",
    ];
    let (statements, bound) = match set {
        Set::Queue(queue) => (QUEUE, Bound::Queue(queue)),
        Set::Busy => (BUSY, Bound::None),
        Set::Scheduled => (WAITING, Bound::State(crate::row::SCHEDULED)),
        Set::Retries => (WAITING, Bound::State(crate::row::RETRIES)),
        Set::Dead => (WAITING, Bound::State(crate::row::DEAD)),
        Set::Held => (WAITING, Bound::State(crate::row::HELD)),
        _ => return Err(Failure::Said(ErrorKind::Unsupported, "the store has no such set".to_owned())),
    };
    Ok((statements[usize::from(rising)], bound))
}

fn read_cursor(cursor: &Cursor, direction: Direction) -> Made<(i64, i64)> {
    let invalid = |said: String| Failure::Said(ErrorKind::Invalid, said);
    let parts = cursor.mark(direction).map_err(|error| invalid(error.to_string()))?.split_once('.');
    let rank = parts.and_then(|(rank, id)| Some((rank.parse().ok()?, id.parse().ok()?)));
    rank.ok_or_else(|| invalid(format!("no such cursor: {:?}", cursor.0)))
}

#[cfg(test)]
mod tests {
    use rusqlite::Connection;

    use super::*;
    use crate::{Options, SqliteStore};

    /// What SQLite means to do for a statement.
    fn plan(connection: &Connection, sql: &str) -> String {
        let mut explain = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
        let steps = explain.raw_query().mapped(|row| row.get::<_, String>(3)).collect::<Result<Vec<_>, _>>();
        steps.unwrap().join("; ")
    }

    #[test]
    fn pages_seek_their_beginning_and_sort_nothing() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("jobs.db");
        let _store = SqliteStore::open(&path, Options::default()).unwrap();
        let connection = Connection::open(&path).unwrap();
        let queue = QueueName::new("q").unwrap();
        for set in [Set::Queue(queue), Set::Scheduled, Set::Retries, Set::Dead, Set::Held] {
            for rising in [false, true] {
                let (sql, _) = ranking(&set, rising).unwrap();
                let plan = plan(&connection, sql);
                assert!(plan.starts_with("SEARCH sancho_") && plan.contains("USING PRIMARY KEY"), "{set:?}: {plan}");
                assert!(plan.contains(if matches!(set, Set::Queue(_)) { "ord" } else { "at" }), "{set:?}: {plan}");
                assert!(!plan.contains("B-TREE") && !plan.contains("SCAN"), "{set:?}: {plan}");
            }
        }
        let counted = plan(&connection, include_str!("../sql/queues.sql"));
        assert!(!counted.contains("SCAN sancho_ready") && !counted.contains("SCAN sancho_jobs"), "{counted}");
        let counted = plan(&connection, "SELECT queue, count(*) FROM sancho_ready GROUP BY queue");
        assert!(!counted.contains("B-TREE"), "{counted}");
    }
}
