//! Times when the store cannot be reached: told once, and waited out with growing patience.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use sancho_core::{Entropy, StoreError};

use crate::event::{Event, Events};

const FIRST_WAIT: Duration = Duration::from_millis(50);
const LONGEST_WAIT: Duration = Duration::from_secs(5);

/// The outage that a loop is in, if it is in one. Clones share what is told, for one outage that several loops meet is
/// one to people: it begins with the first that fails, and is over when none fails any more.
#[derive(Clone, Debug, Default)]
pub(crate) struct Outage {
    told: Arc<Mutex<Told>>,
    failing: bool,
    wait: Duration,
}

/// What was told; times are uptimes.
#[derive(Debug, Default)]
struct Told {
    failing: usize,
    began: Duration,
    /// What the store said when the outage began.
    reason: String,
    over_at: Option<Duration>,
}

impl Outage {
    /// A move that was begun at uptime `begun` failed; answers how long to wait before it is repeated. Up to half of
    /// the wait is taken off by chance, so that processes that failed together do not come back together.
    ///
    /// A move that was begun before the last outage was over is part of that one, and nothing new.
    pub(crate) fn failed(
        &mut self,
        error: &StoreError,
        begun: Duration,
        entropy: &dyn Entropy,
        events: &Events,
    ) -> Duration {
        let told = Arc::clone(&self.told);
        let mut told = told.lock().unwrap_or_else(PoisonError::into_inner);
        let is_new = told.over_at.is_none_or(|over_at| begun > over_at);
        if !self.failing && (told.failing > 0 || is_new) {
            self.failing = true;
            told.failing += 1;
            if told.failing == 1 {
                told.began = begun;
                told.reason = error.to_string();
                tracing::warn!(%error, kind = ?error.kind, "the store does not answer: trying again until it does");
                events.tell(|| Event::StoreAway { reason: error.to_string() });
            }
        }
        self.wait = if self.wait.is_zero() { FIRST_WAIT } else { (self.wait * 2).min(LONGEST_WAIT) };
        self.wait.mul_f64(1.0 - entropy.next_unit() / 2.0)
    }

    /// For those who only look.
    pub(crate) fn watch(&self) -> OutageWatch {
        OutageWatch(Arc::clone(&self.told))
    }

    /// A move succeeded at this uptime.
    pub(crate) fn over(&mut self, uptime: Duration, events: &Events) {
        self.wait = Duration::ZERO;
        if !std::mem::take(&mut self.failing) {
            return;
        }
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        told.failing -= 1;
        if told.failing == 0 {
            told.over_at = Some(uptime);
            let downtime = uptime.saturating_sub(told.began);
            tracing::info!(?downtime, "the store answers again");
            events.tell(|| Event::StoreBack { downtime });
        }
    }
}

/// Whoever asks whether there is an outage, without being in one.
#[derive(Clone, Debug)]
pub(crate) struct OutageWatch(Arc<Mutex<Told>>);

impl OutageWatch {
    /// What the store said when the outage began, if there is one now.
    pub(crate) fn reason(&self) -> Option<String> {
        let told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        (told.failing > 0).then(|| told.reason.clone())
    }
}

#[cfg(test)]
mod tests {
    use sancho_core::ErrorKind;

    use super::*;
    use crate::testing::SeededEntropy;

    #[tokio::test]
    async fn two_loops_tell_of_one_outage_once() {
        let (events, entropy) = (Events::new(), SeededEntropy::new(1));
        let mut heard = events.subscribe();
        let (mut one, second) = (Outage::default(), Duration::from_secs);
        let mut other = one.clone();
        let error = StoreError::new("exchange", ErrorKind::Unavailable, "gone");
        let watch = one.watch();
        assert_eq!(watch.reason(), None);
        one.failed(&error, second(1), &entropy, &events);
        other.failed(&error, second(2), &entropy, &events);
        one.over(second(5), &events);
        assert!(watch.reason().is_some_and(|reason| reason.contains("gone")));
        other.over(second(6), &events);
        assert_eq!(watch.reason(), None);
        // Begun while the store was away, and heard of only now.
        one.failed(&error, second(4), &entropy, &events);
        one.over(second(7), &events);
        events.tell(|| Event::Quiet);
        assert!(matches!(heard.next().await, Some(Event::StoreAway { .. })));
        let Some(Event::StoreBack { downtime }) = heard.next().await else { panic!("it is back") };
        assert_eq!(downtime, second(5), "it is over when no loop fails any more");
        assert!(matches!(heard.next().await, Some(Event::Quiet)), "nothing was told twice");
    }
}
