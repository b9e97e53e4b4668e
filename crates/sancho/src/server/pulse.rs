//! Whether the thread of the heart still turns: what probes and watchdogs go by.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use sancho_core::Clock;

/// How often the thread says that it turns.
const EVERY: Duration = Duration::from_secs(1);

/// A thread that has not turned for so long does not any more: thirty times what it takes, so that a machine that is
/// short of breath, or has just woken, is not taken for dead.
const LATE: Duration = Duration::from_secs(30);

/// When the heart's thread last said that it turns. It is no beat: those need the store, and a server whose store is
/// away is not dead.
#[derive(Clone, Debug)]
pub(crate) struct Pulse {
    clock: Arc<dyn Clock>,
    /// Uptime, in milliseconds.
    felt_at: Arc<AtomicU64>,
}

impl Pulse {
    /// A pulse that was felt now.
    pub(crate) fn new(clock: Arc<dyn Clock>) -> Self {
        let pulse = Pulse { clock, felt_at: Arc::default() };
        pulse.feel();
        pulse
    }

    /// Feels the pulse again and again, on the thread whose pulse it is; never ends.
    pub(crate) async fn keep(self) {
        loop {
            self.feel();
            tokio::time::sleep(EVERY).await;
        }
    }

    /// How long ago the pulse was felt, if that is too long ago for a thread that lives.
    pub(crate) fn late(&self) -> Option<Duration> {
        let felt_at = Duration::from_millis(self.felt_at.load(Ordering::Relaxed));
        Some(self.clock.uptime().saturating_sub(felt_at)).filter(|ago| *ago > LATE)
    }

    fn feel(&self) {
        let uptime = u64::try_from(self.clock.uptime().as_millis()).unwrap_or(u64::MAX);
        self.felt_at.store(uptime, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::ManualClock;

    #[test]
    fn a_pulse_is_late_after_a_while_until_it_is_felt_again() {
        let clock = ManualClock::default();
        let pulse = Pulse::new(Arc::new(clock.clone()));
        clock.advance(LATE);
        assert_eq!(pulse.late(), None);
        clock.advance(Duration::from_secs(1));
        assert_eq!(pulse.late(), Some(LATE + Duration::from_secs(1)));
        pulse.feel();
        assert_eq!(pulse.late(), None);
    }
}
