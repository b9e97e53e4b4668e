//! A clock that stands until it is moved.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use sancho_core::{Clock, Timestamp};

/// A clock that stands until it is moved. Clones move together.
#[derive(Clone, Debug)]
pub struct ManualClock {
    now_micros: Arc<AtomicI64>,
    uptime_micros: Arc<AtomicU64>,
}

impl ManualClock {
    /// A clock that stands at this time, with an uptime of zero.
    pub fn at(now: Timestamp) -> Self {
        ManualClock {
            now_micros: Arc::new(AtomicI64::new(now.as_unix_micros())),
            uptime_micros: Arc::new(AtomicU64::new(0)),
        }
    }

    /// Lets so much time pass, in whole microseconds.
    pub fn advance(&self, span: Duration) {
        let micros = u64::try_from(span.as_micros()).unwrap_or(u64::MAX);
        self.uptime_micros.fetch_add(micros, Ordering::SeqCst);
        self.now_micros.fetch_add(i64::try_from(micros).unwrap_or(i64::MAX), Ordering::SeqCst);
    }

    /// Steps the wall clock, forth or back; the uptime stays.
    pub fn step_to(&self, now: Timestamp) {
        self.now_micros.store(now.as_unix_micros(), Ordering::SeqCst);
    }
}

impl Default for ManualClock {
    /// A clock that stands at a round time in 2026.
    fn default() -> Self {
        ManualClock::at(Timestamp::from_unix_millis(1_795_000_000_000))
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_unix_micros(self.now_micros.load(Ordering::SeqCst))
    }

    fn uptime(&self) -> Duration {
        Duration::from_micros(self.uptime_micros.load(Ordering::SeqCst))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_passes_only_when_told_to_and_a_step_leaves_the_uptime() {
        let clock = ManualClock::default();
        let start = clock.now();
        clock.clone().advance(Duration::from_secs(2));
        assert_eq!(clock.now().since(start), Duration::from_secs(2));
        clock.step_to(start);
        assert_eq!((clock.now(), clock.uptime()), (start, Duration::from_secs(2)));
    }
}
