//! The process's standing with the store: its incarnation, since when it is good, and the numbers of its claims.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use sancho_core::{Clock, Entropy, Incarnation, Timestamp, limits};

/// How far the wall clock may move against the uptime from one look to the next and count as the same time: far more
/// than a clock is slewed, far less than a lease outlasts trust.
const STEP: Duration = Duration::from_secs(1);

/// What all loops of a server know of its standing.
///
/// A process trusts its claims for a time after its last good beat, and no longer: measured on a clock that goes
/// on while the process is suspended, so that one that sleeps past its lease knows when it wakes.
///
/// Leases are judged by the store's time. Where the store has a clock, that is what its answers say, and what the uptime
/// adds since: a step of this host's wall clock does not touch it. Where the store has none, all of its processes are on
/// one host, and its time is this host's wall clock, steps included.
#[derive(Debug)]
pub(crate) struct Lease {
    clock: Arc<dyn Clock>,
    host: String,
    pid: u32,
    incarnation: Mutex<Incarnation>,
    /// Uptime of the last good beat, in microseconds; zero before the first.
    good_at: AtomicU64,
    store_time: Mutex<StoreTime>,
    next_number: AtomicU64,
    /// Whether a loop found the claims of this incarnation no longer to be trusted, and acted on it. Only another
    /// incarnation mends that: what was dropped is still claimed, and must become another's.
    broken: AtomicBool,
}

/// What is known of the store's time.
#[derive(Debug)]
struct StoreTime {
    /// What to add to the uptime to have it, in microseconds.
    offset: i64,
    /// What to add to the uptime to have a time that the store's is surely not before, in microseconds.
    least: i64,
    /// Whether the store has told a time of its own.
    has_clock: bool,
    /// The uptime at which the wall clock was last seen to have stepped; at first that of the process's start, before
    /// which it may have.
    stepped_at: Duration,
}

/// What is known at one moment.
struct Look {
    /// The store's time.
    now: Timestamp,
    /// The uptime.
    uptime: Duration,
    /// The time by which leases of others are over.
    leases_end_by: Timestamp,
}

impl Lease {
    pub(crate) fn new(clock: Arc<dyn Clock>, entropy: &dyn Entropy, host: String, pid: u32) -> Self {
        let incarnation = Mutex::new(name(&host, pid, entropy));
        let uptime = clock.uptime();
        let offset = clock.now().as_unix_micros().saturating_sub(micros(uptime));
        let store_time = Mutex::new(StoreTime { offset, least: offset, has_clock: false, stepped_at: uptime });
        let (good_at, next_number, broken) = (AtomicU64::new(0), AtomicU64::new(1), AtomicBool::new(false));
        Lease { clock, host, pid, incarnation, good_at, store_time, next_number, broken }
    }

    /// The store's time now, as the last beat measured it: processes with skewed clocks agree by it.
    pub(crate) fn now(&self) -> Timestamp {
        self.look().now
    }

    /// The store's time now and the uptime, of one moment.
    pub(crate) fn moment(&self) -> (Timestamp, Duration) {
        let look = self.look();
        (look.now, look.uptime)
    }

    /// The time by which leases of others are over: where the store has a clock, the time that it has at the least;
    /// where it has none, the wall clock's or, for a while after that has stepped, the beginning of time, by which no
    /// lease is over.
    ///
    /// Whoever lives and trusts its claims has beaten within that while, and so has a lease by the stepped clock.
    pub(crate) fn leases_end_by(&self) -> Timestamp {
        self.look().leases_end_by
    }

    fn look(&self) -> Look {
        let mut time = self.store_time.lock().unwrap_or_else(PoisonError::into_inner);
        let uptime = self.clock.uptime();
        if time.has_clock {
            let with = |offset| Timestamp::from_unix_micros(micros(uptime).saturating_add(offset));
            return Look { now: with(time.offset), uptime, leases_end_by: with(time.least) };
        }
        let now = self.clock.now();
        let offset = now.as_unix_micros().saturating_sub(micros(uptime));
        if offset.abs_diff(time.offset) > micros(STEP).unsigned_abs() {
            time.stepped_at = uptime;
            tracing::warn!(wall = ?now, "the wall clock has stepped: for a while nobody is taken over from");
        }
        time.offset = offset;
        let is_steady = uptime.saturating_sub(time.stepped_at) > limits::TRUST_FOR;
        Look { now, uptime, leases_end_by: if is_steady { now } else { Timestamp::EPOCH } }
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

    /// The store no longer knows this incarnation. Whether it is the present one, whose claims are then not to be
    /// trusted: an answer to one that is over says nothing of the one that followed it.
    pub(crate) fn distrust_of(&self, incarnation: &Incarnation) -> bool {
        let current = self.incarnation.lock().unwrap_or_else(PoisonError::into_inner);
        let is_present = *current == *incarnation;
        if is_present {
            self.distrust();
        }
        is_present
    }

    /// The store knows the present incarnation: what it claims from now on is to be trusted.
    pub(crate) fn trust(&self) {
        self.broken.store(false, Ordering::Release);
    }

    /// A beat that was sent at uptime `sent_at`, with the time `told`, was good; the store's time was `store_now`.
    /// Answers whether that was another time than was thought.
    ///
    /// A store's time between that of sending and that of hearing is no difference of clocks, however long the beat
    /// took: a store without a clock answers with what it was told, and must not be taken for one that is late. What a
    /// slow beat leaves open, a lease of another process must not suffer for: that is judged by the time told, and what
    /// has passed since it was heard.
    pub(crate) fn renew(&self, sent_at: Duration, told: Timestamp, store_now: Timestamp) -> bool {
        let within = store_now.clamp(told, self.now().max(told));
        let ahead = store_now.as_unix_micros().saturating_sub(within.as_unix_micros());
        let mut time = self.store_time.lock().unwrap_or_else(PoisonError::into_inner);
        time.has_clock |= store_now != told;
        time.offset = time.offset.saturating_add(ahead);
        time.least = store_now.as_unix_micros().saturating_sub(micros(self.clock.uptime()));
        drop(time);
        self.good_at.store(u64::try_from(sent_at.as_micros()).unwrap_or(u64::MAX), Ordering::Release);
        ahead != 0
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

fn micros(span: Duration) -> i64 {
    i64::try_from(span.as_micros()).unwrap_or(i64::MAX)
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
    fn a_step_of_the_wall_clock_is_followed_where_the_store_has_none_and_ends_no_lease_meanwhile() {
        let (clock, lease) = lease();
        clock.advance(limits::TRUST_FOR + STEP);
        assert_eq!(lease.leases_end_by(), clock.now());
        for hours in [1, -2] {
            clock.step_to(Timestamp::from_unix_micros(clock.now().as_unix_micros() + hours * 3_600_000_000));
            assert_eq!((lease.now(), lease.leases_end_by()), (clock.now(), Timestamp::EPOCH));
            clock.advance(limits::TRUST_FOR);
            assert_eq!(lease.leases_end_by(), Timestamp::EPOCH);
            clock.advance(STEP);
            assert_eq!(lease.leases_end_by(), clock.now());
        }
    }

    #[test]
    fn a_slow_beat_that_hides_a_difference_of_clocks_ends_no_lease_of_others() {
        let (clock, lease) = lease();
        let (sent_at, told) = (lease.uptime(), lease.now());
        clock.advance(Duration::from_secs(42));
        // The store's clock is 30 seconds behind, and it answered at the end of the 42.
        let store_now = clock.now().before(Duration::from_secs(30));
        lease.renew(sent_at, told, store_now);
        assert_eq!(lease.leases_end_by(), store_now);
        clock.advance(Duration::from_secs(2));
        assert_eq!(lease.leases_end_by(), store_now + Duration::from_secs(2));
    }

    #[test]
    fn a_step_of_the_wall_clock_is_nothing_to_a_store_that_has_its_own() {
        let (clock, lease) = lease();
        let store_now = clock.now() + Duration::from_millis(1);
        lease.renew(lease.uptime(), lease.now(), store_now);
        clock.step_to(Timestamp::EPOCH);
        clock.advance(Duration::from_secs(1));
        assert_eq!(lease.now(), store_now + Duration::from_secs(1));
        assert_eq!(lease.leases_end_by(), lease.now());
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
