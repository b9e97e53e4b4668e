//! Clocks that tell a process wrongly how long ago its last good beat was.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use sancho_core::{Clock, Timestamp};

use super::EngineBug;

/// A process that lives asks for its uptime at least every few seconds: when it has not for longer, it was suspended.
const ASKED_EVERY: Duration = Duration::from_secs(4);

/// A clock whose uptime is bent.
#[derive(Debug)]
pub(super) struct BentClock {
    bug: EngineBug,
    inner: Arc<dyn Clock>,
    suspended: Mutex<Suspended>,
}

/// What such a clock leaves out.
#[derive(Debug)]
struct Suspended {
    asked_at: Duration,
    sum: Duration,
}

impl BentClock {
    pub(super) fn new(bug: EngineBug, inner: Arc<dyn Clock>) -> Self {
        let suspended = Mutex::new(Suspended { asked_at: inner.uptime(), sum: Duration::ZERO });
        BentClock { bug, inner, suspended }
    }
}

impl Clock for BentClock {
    fn now(&self) -> Timestamp {
        self.inner.now()
    }

    fn uptime(&self) -> Duration {
        let uptime = self.inner.uptime();
        if self.bug == EngineBug::SlowUptime {
            return uptime / 2;
        }
        let mut suspended = self.suspended.lock().unwrap_or_else(PoisonError::into_inner);
        let since = uptime.saturating_sub(suspended.asked_at);
        suspended.sum += since.saturating_sub(ASKED_EVERY);
        suspended.asked_at = uptime;
        uptime.saturating_sub(suspended.sum)
    }
}
