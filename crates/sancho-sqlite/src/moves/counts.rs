//! What beats bring by queue, and the sizes of the sets, which the first beat of a step notes.

use rusqlite::Row;
use sancho_core::metrics::{Gathering, SizeSample, Step};
use sancho_core::{QueueCount, QueueName, Stats, Timestamp, limits};

use super::exchange::number;
use crate::failure::Made;
use crate::unit::Unit;

/// Jobs of one set that a beat counts by itself, in well under a millisecond: it holds the lock meanwhile.
const COUNTED_AT_ONCE_MAX: i64 = 10_000;

/// What a beat made of the sizes of its step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Noted {
    /// They stand there, by this beat or an earlier one.
    Yes,
    /// There are too many jobs to count them while others wait for the lock.
    TooMany,
}

impl Unit<'_> {
    /// Counts what a beat brings by queue.
    pub(super) fn count_queues(&self, counts: &[QueueCount], now: Timestamp) -> Made<()> {
        for step in Step::ALL {
            let at = step.start_of(now).as_unix_micros();
            let mut room = None;
            for more in counts.iter().filter(|more| more.count > 0) {
                if self.count_more(step, at, more)? {
                    continue;
                }
                let left = match room {
                    Some(left) => left,
                    None => self.room_for_queues(step, at)?,
                };
                if left > 0 {
                    self.count_first(step, at, more)?;
                }
                room = Some(left.saturating_sub(1));
            }
        }
        Ok(())
    }

    /// Adds to a queue that was counted in the step before; says whether it was.
    fn count_more(&self, step: Step, at: i64, more: &QueueCount) -> Made<bool> {
        let mut add = self.sql(
            "UPDATE sancho_queue_counts SET count = count + ?4, failures = failures + ?5 \
             WHERE minutes = ?1 AND at = ?2 AND queue = ?3",
        )?;
        let counted = (step.minutes(), at, more.queue.as_str(), number(more.count), number(more.failures));
        Ok(add.execute(counted)? > 0)
    }

    fn count_first(&self, step: Step, at: i64, first: &QueueCount) -> Made<()> {
        self.sql("INSERT INTO sancho_queue_counts (minutes, at, queue, count, failures) VALUES (?1, ?2, ?3, ?4, ?5)")?
            .execute((step.minutes(), at, first.queue.as_str(), number(first.count), number(first.failures)))?;
        Ok(())
    }

    /// How many further queues may be counted in a step.
    fn room_for_queues(&self, step: Step, at: i64) -> Made<usize> {
        let there: i64 = self
            .sql("SELECT count(*) FROM sancho_queue_counts WHERE minutes = ?1 AND at = ?2")?
            .query_row((step.minutes(), at), |row| row.get(0))?;
        Ok(limits::METRICS_QUEUES_PER_STEP_MAX.saturating_sub(usize::try_from(there).unwrap_or(usize::MAX)))
    }

    /// Notes the sizes of the sets, if no beat of this minute has, and if there are few jobs.
    pub(crate) fn note_sizes_of_few(&self, now: Timestamp) -> Made<Noted> {
        if self.has_sizes(now)? {
            return Ok(Noted::Yes);
        }
        let mut find = self.sql(include_str!("../sql/sizes_of_few.sql"))?;
        let sizes = find.query_row([COUNTED_AT_ONCE_MAX], |row| read_sizes(row, 0))?;
        let SizeSample { enqueued, scheduled, retries, dead, .. } = sizes;
        if [enqueued, scheduled, retries, dead].into_iter().any(|size| number(size) >= COUNTED_AT_ONCE_MAX) {
            return Ok(Noted::TooMany);
        }
        self.note_sizes(&Stats { enqueued, scheduled, retries, dead, ..Stats::default() }, now)?;
        Ok(Noted::Yes)
    }

    /// Whether the sizes of this minute are noted.
    pub(crate) fn has_sizes(&self, now: Timestamp) -> Made<bool> {
        let minute = (Step::Minute.minutes(), Step::Minute.start_of(now).as_unix_micros());
        Ok(self.sql("SELECT 1 FROM sancho_sizes WHERE minutes = ?1 AND at = ?2")?.exists(minute)?)
    }

    /// Notes the sizes of the sets in each step that has none yet.
    pub(crate) fn note_sizes(&self, stats: &Stats, now: Timestamp) -> Made<()> {
        for step in Step::ALL {
            self.sql(
                "INSERT OR IGNORE INTO sancho_sizes (minutes, at, enqueued, scheduled, retries, dead) \
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            )?
            .execute((
                step.minutes(),
                step.start_of(now).as_unix_micros(),
                number(stats.enqueued),
                number(stats.scheduled),
                number(stats.retries),
                number(stats.dead),
            ))?;
        }
        Ok(())
    }

    /// Gathers what was counted by queue, and the sizes, in steps of so many minutes from the first to the last.
    pub(super) fn gather_counts(&self, gathering: &mut Gathering, span: (i64, i64, i64)) -> Made<()> {
        if !gathering.wants_queues() {
            return Ok(());
        }
        let mut find = self.sql(
            "SELECT at, queue, count, failures FROM sancho_queue_counts WHERE minutes = ?1 AND at BETWEEN ?2 AND ?3",
        )?;
        let mut rows = find.query(span)?;
        while let Some(row) = rows.next()? {
            let Ok(queue) = QueueName::new(row.get::<_, String>(1)?) else { continue };
            let count = |index| row.get::<_, i64>(index).map(i64::unsigned_abs);
            let counted = QueueCount { queue, count: count(2)?, failures: count(3)? };
            gathering.add_queue(Timestamp::from_unix_micros(row.get(0)?), &counted);
        }
        let mut find = self.sql(
            "SELECT at, enqueued, scheduled, retries, dead FROM sancho_sizes \
             WHERE minutes = ?1 AND at BETWEEN ?2 AND ?3",
        )?;
        let mut rows = find.query(span)?;
        while let Some(row) = rows.next()? {
            let at = Timestamp::from_unix_micros(row.get(0)?);
            gathering.add_sizes(SizeSample { at, ..read_sizes(row, 1)? });
        }
        Ok(())
    }

    /// Forgets what is kept no longer, at most `limit` rows of each.
    pub(super) fn prune_counts(&self, limit: i64, now: Timestamp) -> Made<()> {
        for step in Step::ALL {
            let old = (step.minutes(), now.before(step.kept_for()).as_unix_micros(), limit);
            self.sql(
                "DELETE FROM sancho_queue_counts WHERE (minutes, at, queue) IN \
                 (SELECT minutes, at, queue FROM sancho_queue_counts WHERE minutes = ?1 AND at < ?2 LIMIT ?3)",
            )?
            .execute(old)?;
            self.sql(
                "DELETE FROM sancho_sizes WHERE (minutes, at) IN \
                 (SELECT minutes, at FROM sancho_sizes WHERE minutes = ?1 AND at < ?2 LIMIT ?3)",
            )?
            .execute(old)?;
        }
        Ok(())
    }
}

/// Sizes that stand in four columns from this one on; of no step yet.
fn read_sizes(row: &Row<'_>, first: usize) -> rusqlite::Result<SizeSample> {
    let size = |index| row.get::<_, i64>(first + index).map(i64::unsigned_abs);
    let (enqueued, scheduled, retries, dead) = (size(0)?, size(1)?, size(2)?, size(3)?);
    Ok(SizeSample { at: Timestamp::EPOCH, enqueued, scheduled, retries, dead })
}
