//! Executions: how often a class was performed, and how long that took, counted between two beats.

use std::time::Duration;

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
    pub buckets: [u32; Execution::BUCKETS],
}

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
        self.count += other.count;
        self.failures += other.failures;
        self.millis = self.millis.saturating_add(other.millis);
        for (bucket, more) in self.buckets.iter_mut().zip(other.buckets) {
            *bucket = bucket.saturating_add(more);
        }
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
    fn failures_add_no_time() {
        let mut execution = Execution::of("A");
        execution.add_failure();
        execution.add_run(Duration::from_millis(7));
        let mut twice = execution.clone();
        twice.merge(&execution);
        assert_eq!((twice.count, twice.failures, twice.millis, twice.buckets[0]), (4, 2, 14, 2));
    }
}
