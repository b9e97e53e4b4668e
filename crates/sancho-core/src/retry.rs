//! When a failed job is tried again.

use std::time::Duration;

use crate::Timestamp;

/// Sidekiq's curve: how long after a failure the next try is due.
///
/// `retry_count` is the count after this failure: zero after the first. `chance` is drawn by the caller from
/// the interval from zero to one. The wait is `count⁴ + 15` seconds, and up to `10 × (count + 1)` more by
/// chance, so that jobs that failed together do not come back together. 25 retries take about 21 days.
///
/// ```
/// use sancho_core::retry::sidekiq_delay;
/// use std::time::Duration;
/// assert_eq!(sidekiq_delay(0, 0.0), Duration::from_secs(15));
/// assert_eq!(sidekiq_delay(2, 0.5), Duration::from_secs(16 + 15 + 15));
/// ```
pub fn sidekiq_delay(retry_count: u32, chance: f64) -> Duration {
    let count = u64::from(retry_count);
    let jitter = (chance.clamp(0.0, 1.0) * 10.0 * (count + 1) as f64).floor() as u64;
    let fourth = count.saturating_pow(4);
    Duration::from_secs(fourth.saturating_add(15).saturating_add(jitter))
}

/// What a job's own back-off function says about one failure.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Backoff {
    /// Sidekiq's curve.
    #[default]
    Default,
    /// The next try is due after this long; nothing is added by chance.
    After(Duration),
    /// The next try is due then; a time that has passed means at once.
    At(Timestamp),
    /// No further try: the job is exhausted now.
    Kill,
    /// No further try, and nothing to bury: the job is dropped, and death handlers are told.
    Discard,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits;

    #[test]
    fn the_default_number_of_retries_takes_about_three_weeks() {
        let days = |chance: f64| {
            let total: Duration = (0..limits::RETRIES).map(|count| sidekiq_delay(count, chance)).sum();
            total.as_secs_f64() / 86_400.0
        };
        assert!((20.0..20.6).contains(&days(0.0)), "{}", days(0.0));
        assert!((20.3..21.0).contains(&days(1.0)), "{}", days(1.0));
    }

    #[test]
    fn no_count_and_no_chance_overflows() {
        for chance in [f64::NAN, -1.0, 0.0, 1.0, 2.0, f64::INFINITY] {
            assert!(sidekiq_delay(u32::MAX, chance) > Duration::from_secs(1 << 40));
        }
    }
}
