//! Times when the store cannot be reached: told once, and waited out with growing patience.

use std::time::Duration;

use sancho_core::{Entropy, StoreError};

use crate::event::{Event, Events};

const FIRST_WAIT: Duration = Duration::from_millis(50);
const LONGEST_WAIT: Duration = Duration::from_secs(5);

/// The outage that a loop is in, if it is in one.
#[derive(Debug, Default)]
pub(crate) struct Outage {
    began: Option<Duration>,
    wait: Duration,
}

impl Outage {
    /// A move failed at this uptime; answers how long to wait before it is repeated. Up to half of the wait is
    /// taken off by chance, so that processes that failed together do not come back together.
    pub(crate) fn failed(
        &mut self,
        error: &StoreError,
        uptime: Duration,
        entropy: &dyn Entropy,
        events: &Events,
    ) -> Duration {
        if self.began.is_none() {
            self.began = Some(uptime);
            tracing::warn!(%error, kind = ?error.kind, "the store does not answer: trying again until it does");
            events.tell(|| Event::StoreAway { reason: error.to_string() });
        }
        self.wait = if self.wait.is_zero() { FIRST_WAIT } else { (self.wait * 2).min(LONGEST_WAIT) };
        self.wait.mul_f64(1.0 - entropy.next_unit() / 2.0)
    }

    /// A move succeeded at this uptime.
    pub(crate) fn over(&mut self, uptime: Duration, events: &Events) {
        self.wait = Duration::ZERO;
        if let Some(began) = self.began.take() {
            let downtime = uptime.saturating_sub(began);
            tracing::info!(?downtime, "the store answers again");
            events.tell(|| Event::StoreBack { downtime });
        }
    }
}
