//! Executions: how often a class was performed, and how long that took, counted between two beats; and how often jobs
//! of a queue were.

use std::time::Duration;

use crate::QueueName;

/// What was performed of one class.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Execution {
    /// The class, as people know it: the one inside a wrapper.
    pub class: String,
    /// How many times it was performed, whatever came of it.
    pub count: u64,
    /// How many of these failed.
    pub failures: u64,
    /// Whole milliseconds that those took that did not fail.
    pub millis: u64,
    /// How many of those that did not fail fell into each bucket of [`Execution::BOUNDS_MS`]; the last bucket has
    /// no bound.
    pub buckets: Buckets,
}

/// How many runs fell into each bucket of [`Execution::BOUNDS_MS`].
pub type Buckets = [u32; Execution::BUCKETS];

impl Execution {
    /// Buckets of run times.
    pub const BUCKETS: usize = 26;

    /// The bounds of the buckets in milliseconds: a run falls into the first one whose bound it is below. They are
    /// those of Sidekiq's pages.
    pub const BOUNDS_MS: [u64; Self::BUCKETS - 1] = [
        20, 30, 45, 65, 100, 150, 225, 335, 500, 750, 1_100, 1_700, 2_500, 3_800, 5_750, 8_500, 13_000, 20_000, 30_000,
        45_000, 65_000, 100_000, 150_000, 225_000, 335_000,
    ];

    /// Nothing yet of a class.
    pub fn of(class: impl Into<String>) -> Self {
        Execution { class: class.into(), ..Execution::default() }
    }

    /// Counts one that did not fail.
    pub fn add_run(&mut self, took: Duration) {
        let millis = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        let bucket = Self::BOUNDS_MS.iter().position(|bound| millis < *bound).unwrap_or(Self::BUCKETS - 1);
        self.count += 1;
        self.millis = self.millis.saturating_add(millis);
        self.buckets[bucket] = self.buckets[bucket].saturating_add(1);
    }

    /// Counts one that failed; how long it took is not told.
    pub fn add_failure(&mut self) {
        self.count += 1;
        self.failures += 1;
    }

    /// Adds what was counted elsewhere of the same class.
    pub fn merge(&mut self, other: &Execution) {
        self.count = self.count.saturating_add(other.count);
        self.failures = self.failures.saturating_add(other.failures);
        self.millis = self.millis.saturating_add(other.millis);
        Self::add_buckets(&mut self.buckets, &other.buckets);
    }

    /// Adds run times that were counted elsewhere.
    pub fn add_buckets(to: &mut Buckets, more: &Buckets) {
        for (bucket, more) in to.iter_mut().zip(more) {
            *bucket = bucket.saturating_add(*more);
        }
    }

    /// How long a run took in the mean; `None` where none succeeded.
    pub fn mean(&self) -> Option<Duration> {
        let runs = self.count.saturating_sub(self.failures);
        self.millis.checked_div(runs).map(Duration::from_millis)
    }

    /// How long at most so many percent of the runs took, judged by the buckets: within one, runs count as spread
    /// evenly, and of the last, which has no bound, the bound before it is told. `None` where no run is in a bucket.
    ///
    /// ```
    /// use std::time::Duration;
    /// use sancho_core::Execution;
    ///
    /// let mut execution = Execution::of("Mailer");
    /// (0..100).for_each(|_| execution.add_run(Duration::from_millis(120)));
    /// assert_eq!(execution.percentile(50), Some(Duration::from_millis(125))); // of 100 to 150
    /// ```
    pub fn percentile(&self, percent: u8) -> Option<Duration> {
        let runs: u64 = self.buckets.iter().map(|count| u64::from(*count)).sum();
        let rank = (runs * u64::from(percent.min(100))).div_ceil(100).max(1);
        let mut before = 0;
        for (bucket, count) in self.buckets.iter().enumerate().filter(|(_, count)| **count > 0) {
            let count = u64::from(*count);
            if before + count >= rank {
                let low = bucket.checked_sub(1).map_or(0, |below| Self::BOUNDS_MS[below]);
                let high = Self::BOUNDS_MS.get(bucket).copied().unwrap_or(low);
                return Some(Duration::from_millis(low + (high - low) * (rank - before) / count));
            }
            before += count;
        }
        None
    }
}

/// How many jobs of one queue were performed, whatever their class.
///
/// ```
/// use sancho_core::{QueueName, execution::QueueCount};
///
/// let mut count = QueueCount::of(QueueName::default());
/// count.add_run();
/// count.add_failure();
/// assert_eq!((count.count, count.failures), (2, 1));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct QueueCount {
    /// The queue that they were claimed from.
    pub queue: QueueName,
    /// How many were performed, whatever came of it.
    pub count: u64,
    /// How many of these failed.
    pub failures: u64,
}

impl QueueCount {
    /// Nothing yet of a queue.
    pub fn of(queue: QueueName) -> Self {
        QueueCount { queue, count: 0, failures: 0 }
    }

    /// Counts one that did not fail.
    pub fn add_run(&mut self) {
        self.count += 1;
    }

    /// Counts one that failed.
    pub fn add_failure(&mut self) {
        self.count += 1;
        self.failures += 1;
    }

    /// Adds what was counted elsewhere of the same queue.
    pub fn merge(&mut self, other: &QueueCount) {
        self.count = self.count.saturating_add(other.count);
        self.failures = self.failures.saturating_add(other.failures);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_falls_into_the_first_bucket_whose_bound_it_is_below() {
        for (millis, bucket) in [(0, 0), (19, 0), (20, 1), (29, 1), (334_999, 24), (335_000, 25), (9_999_999, 25)] {
            let mut execution = Execution::of("A");
            execution.add_run(Duration::from_millis(millis));
            assert_eq!(execution.buckets.iter().position(|count| *count == 1), Some(bucket), "{millis} ms");
        }
    }

    #[test]
    fn percentiles_are_judged_by_buckets() {
        let mut execution = Execution::of("A");
        assert_eq!((execution.percentile(50), execution.mean()), (None, None));
        (0..90).for_each(|_| execution.add_run(Duration::from_millis(5)));
        (0..9).for_each(|_| execution.add_run(Duration::from_millis(700)));
        execution.add_run(Duration::from_secs(4_000));
        execution.add_failure();
        let at = |percent| execution.percentile(percent).map(|time| time.as_millis());
        assert_eq!([at(0), at(50), at(90)], [Some(0), Some(11), Some(20)]);
        assert_eq!([at(95), at(99), at(100)], [Some(638), Some(750), Some(335_000)]);
        assert_eq!(execution.mean(), Some(Duration::from_millis(40_067)));
    }

    #[test]
    fn failures_add_no_time() {
        let mut execution = Execution::of("A");
        execution.add_failure();
        execution.add_run(Duration::from_millis(7));
        let mut twice = execution.clone();
        twice.merge(&execution);
        assert_eq!((twice.count, twice.failures, twice.millis, twice.buckets[0]), (4, 2, 14, 2));
    }
}
