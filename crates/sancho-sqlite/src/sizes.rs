//! How many jobs there are, counted anew only where that is worth its time.
//!
//! SQLite counts by walking over the rows, which takes some tens of milliseconds for a million of them, and people look
//! at the sizes once a second. So a count is believed for as long as nobody has written since, and one of very many jobs
//! for a moment longer: nobody can tell a million from a million and three.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::time::Instant;

use crate::failure::Made;
use crate::unit::Unit;

/// Jobs from which on a count may be believed though others have written since.
const MANY: u64 = 100_000;

/// How long a count of many is believed.
const BELIEVED_FOR: Duration = Duration::from_secs(1);

/// How much longer than it took to count: so no more than a twentieth of the reader's time goes into it.
const BELIEVED_TIMES: u32 = 20;

/// The sizes as the reader has counted them last.
#[derive(Debug, Default)]
pub(crate) struct Sizes {
    sets: Remembered<SetSizes>,
    queues: Remembered<HashMap<i64, u64>>,
}

/// Jobs of each set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct SetSizes {
    pub(crate) enqueued: u64,
    pub(crate) scheduled: u64,
    pub(crate) retries: u64,
    pub(crate) dead: u64,
    pub(crate) held: u64,
}

impl Sizes {
    /// Jobs of each set.
    pub(crate) fn sets(&self, unit: &Unit<'_>) -> Made<Arc<SetSizes>> {
        self.sets.get(unit, |unit| {
            let mut find = unit.sql(include_str!("sql/sizes.sql"))?;
            let sizes = find.query_row([], |row| {
                let count = |index| row.get::<_, i64>(index).map(i64::unsigned_abs);
                Ok(SetSizes {
                    enqueued: count(0)?,
                    scheduled: count(1)?,
                    retries: count(2)?,
                    dead: count(3)?,
                    held: count(4)?,
                })
            })?;
            let SetSizes { enqueued, scheduled, retries, dead, held } = sizes;
            Ok((sizes, enqueued + scheduled + retries + dead + held))
        })
    }

    /// Jobs of each queue, by the queue's number; none of a queue that is empty.
    pub(crate) fn queues(&self, unit: &Unit<'_>) -> Made<Arc<HashMap<i64, u64>>> {
        self.queues.get(unit, |unit| {
            let mut find = unit.sql("SELECT queue, count(*) FROM sancho_ready GROUP BY queue")?;
            let sizes = find.query_map([], |row| Ok((row.get(0)?, row.get::<_, i64>(1)?.unsigned_abs())))?;
            let sizes: HashMap<i64, u64> = sizes.collect::<Result<_, _>>()?;
            let jobs = sizes.values().sum();
            Ok((sizes, jobs))
        })
    }
}

/// Something that was counted.
#[derive(Debug)]
struct Remembered<T>(Mutex<Option<Counted<T>>>);

impl<T> Default for Remembered<T> {
    fn default() -> Self {
        Remembered(Mutex::new(None))
    }
}

#[derive(Clone, Debug)]
struct Counted<T> {
    what: Arc<T>,
    /// All jobs of it together.
    jobs: u64,
    /// How often others had written when it was counted, as the reader's connection has it.
    version: i64,
    at: Instant,
    took: Duration,
}

impl<T> Counted<T> {
    fn is_believed(&self, version: i64, now: Instant) -> bool {
        let for_long = BELIEVED_FOR.max(self.took * BELIEVED_TIMES);
        self.version == version || self.jobs >= MANY && now.duration_since(self.at) < for_long
    }
}

impl<T> Remembered<T> {
    /// What was counted, if that is believed still; else what `count` counts, with how many jobs that are. For one
    /// connection: each has a version of its own.
    fn get(&self, unit: &Unit<'_>, count: impl FnOnce(&Unit<'_>) -> Made<(T, u64)>) -> Made<Arc<T>> {
        let mut counted = self.0.lock().expect("nothing panics while it holds the lock");
        let version = unit.sql("PRAGMA data_version")?.query_row([], |row| row.get(0))?;
        let at = Instant::now();
        if let Some(counted) = counted.as_ref().filter(|counted| counted.is_believed(version, at)) {
            return Ok(Arc::clone(&counted.what));
        }
        let (what, jobs) = count(unit)?;
        let what = Arc::new(what);
        *counted = Some(Counted { what: Arc::clone(&what), jobs, version, at, took: at.elapsed() });
        Ok(what)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counted(jobs: u64, took: Duration) -> Counted<()> {
        Counted { what: Arc::default(), jobs, version: 7, at: Instant::now(), took }
    }

    #[test]
    fn few_jobs_are_counted_whenever_somebody_has_written() {
        let few = counted(MANY - 1, Duration::from_millis(1));
        assert!(few.is_believed(7, few.at + Duration::from_secs(3_600)));
        assert!(!few.is_believed(8, few.at));
    }

    #[test]
    fn many_are_believed_for_long_where_counting_takes_long() {
        let many = counted(MANY, Duration::from_millis(10));
        assert!(many.is_believed(8, many.at + BELIEVED_FOR / 2));
        assert!(!many.is_believed(8, many.at + BELIEVED_FOR));
        let more = counted(MANY, Duration::from_secs(1));
        assert!(more.is_believed(8, more.at + Duration::from_secs(19)));
        assert!(!more.is_believed(8, more.at + Duration::from_secs(20)));
    }
}
