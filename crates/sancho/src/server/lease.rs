//! The process's standing with the store: its incarnation, since when it is good, and the numbers of its claims.

use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use sancho_core::{Clock, Entropy, Incarnation, Timestamp, limits};

/// What all loops of a server know of its standing.
///
/// A process trusts its claims for a time after its last good beat, and no longer: measured on a clock that goes
/// on while the process is suspended, so that one that sleeps past its lease knows when it wakes.
#[derive(Debug)]
pub(crate) struct Lease {
    clock: Arc<dyn Clock>,
    host: String,
    pid: u32,
    incarnation: Mutex<Incarnation>,
    /// Uptime of the last good beat, in microseconds; zero before the first.
    good_at: AtomicU64,
    /// What to add to the clock to have the store's time, in microseconds.
    offset: AtomicI64,
    next_number: AtomicU64,
    /// Whether a loop found the claims of this incarnation no longer to be trusted, and acted on it. Only another
    /// incarnation mends that: what was dropped is still claimed, and must become another's.
    broken: AtomicBool,
}

impl Lease {
    pub(crate) fn new(clock: Arc<dyn Clock>, entropy: &dyn Entropy, host: String, pid: u32) -> Self {
        let incarnation = Mutex::new(name(&host, pid, entropy));
        let (good_at, offset, next_number) = (AtomicU64::new(0), AtomicI64::new(0), AtomicU64::new(1));
        Lease { clock, host, pid, incarnation, good_at, offset, next_number, broken: AtomicBool::new(false) }
    }

    /// The store's time now, as the last beat measured it: processes with skewed clocks agree by it.
    pub(crate) fn now(&self) -> Timestamp {
        let micros = self.clock.now().as_unix_micros();
        Timestamp::from_unix_micros(micros.saturating_add(self.offset.load(Ordering::Relaxed)))
    }

    /// How far the store's clock was ahead of ours at the last beat, in microseconds; zero when it is the same but
    /// for the time that an answer takes.
    pub(crate) fn offset(&self) -> i64 {
        self.offset.load(Ordering::Relaxed)
    }

    /// Time that never steps back, in which durations are measured.
    pub(crate) fn uptime(&self) -> Duration {
        self.clock.uptime()
    }

    pub(crate) fn incarnation(&self) -> Incarnation {
        self.incarnation.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Whether the process may still act on its claims. Once the answer is no, it is no until it begins anew:
    /// a beat that turns out well a moment later does not bring back what was dropped meanwhile.
    pub(crate) fn is_trusted(&self) -> bool {
        let good_at = Duration::from_micros(self.good_at.load(Ordering::Acquire));
        if self.clock.uptime().saturating_sub(good_at) >= limits::TRUST_FOR {
            self.distrust();
        }
        !self.broken.load(Ordering::Acquire)
    }

    /// How long the process may still act on its claims, unless a beat renews its lease.
    pub(crate) fn trusted_for(&self) -> Duration {
        let good_at = Duration::from_micros(self.good_at.load(Ordering::Acquire));
        limits::TRUST_FOR.saturating_sub(self.clock.uptime().saturating_sub(good_at))
    }

    /// The claims of this incarnation are no longer to be trusted.
    pub(crate) fn distrust(&self) {
        self.broken.store(true, Ordering::Release);
    }

    /// The store knows the present incarnation: what it claims from now on is to be trusted.
    pub(crate) fn trust(&self) {
        self.broken.store(false, Ordering::Release);
    }

    /// A beat that was sent at uptime `sent_at`, with the time `told`, was good; the store's time was `store_now`.
    ///
    /// A store's time between that of sending and that of hearing is no difference of clocks, however long the beat
    /// took: a store without a clock answers with what it was told, and must not be taken for one that is late.
    pub(crate) fn renew(&self, sent_at: Duration, told: Timestamp, store_now: Timestamp) {
        let within = store_now.clamp(told, self.now().max(told));
        let ahead = store_now.as_unix_micros().saturating_sub(within.as_unix_micros());
        self.offset.fetch_add(ahead, Ordering::Relaxed);
        self.good_at.store(u64::try_from(sent_at.as_micros()).unwrap_or(u64::MAX), Ordering::Release);
    }

    /// Takes another incarnation; the old one is over for good.
    pub(crate) fn begin_anew(&self, entropy: &dyn Entropy) -> Incarnation {
        let mut current = self.incarnation.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::replace(&mut *current, name(&self.host, self.pid, entropy))
    }

    /// Numbers for `claims` claims, never given before; answers the first.
    pub(crate) fn numbers(&self, claims: usize) -> u64 {
        self.next_number.fetch_add(claims as u64, Ordering::Relaxed)
    }
}

/// A process's identity, in Sidekiq's form: host, process id, and twelve hex digits of chance.
fn name(host: &str, pid: u32, entropy: &dyn Entropy) -> Incarnation {
    Incarnation::new(format!("{host}:{pid}:{:012x}", entropy.next_u64() & 0xffff_ffff_ffff))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{ManualClock, SeededEntropy};

    fn lease() -> (ManualClock, Lease) {
        let clock = ManualClock::default();
        let lease = Lease::new(Arc::new(clock.clone()), &SeededEntropy::new(1), "host".to_owned(), 1);
        (clock, lease)
    }

    #[test]
    fn a_slow_beat_on_a_store_without_a_clock_does_not_make_the_process_late() {
        let (clock, lease) = lease();
        for _ in 0..3 {
            let (sent_at, told) = (lease.uptime(), lease.now());
            clock.advance(Duration::from_secs(10));
            lease.renew(sent_at, told, told);
        }
        assert_eq!(lease.now(), clock.now());
    }

    #[test]
    fn a_store_with_another_clock_is_followed_both_ways() {
        let (clock, lease) = lease();
        for skew in [3600, -3600, 0] {
            let (sent_at, told) = (lease.uptime(), lease.now());
            let store_now =
                |clock: &ManualClock| Timestamp::from_unix_micros(clock.now().as_unix_micros() + skew * 1_000_000);
            let answered = store_now(&clock);
            clock.advance(Duration::from_millis(200));
            lease.renew(sent_at, told, answered);
            let off = lease.now().as_unix_micros() - store_now(&clock).as_unix_micros();
            assert!(off.abs() <= 200_000, "skew {skew}: off by {off} µs");
        }
    }
}
