//! For tests: a client of a store in memory, a clock that moves when told to, and chance from a seed.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use sancho_core::inspect::{Filter, Set};
use sancho_core::model::ModelStore;
use sancho_core::{Clock, Entropy, JobRow, Timestamp, limits};

use crate::{ActError, Client};

/// A client of an empty store in memory, with the system's clock and chance. Its jobs go when its last clone goes.
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// use sancho::{Job, testing};
///
/// #[derive(Job)]
/// struct WelcomeEmail {
///     user_id: u64,
/// }
///
/// let client = testing::memory();
/// client.push(WelcomeEmail { user_id: 7 }).await.unwrap();
/// let pushed = testing::waiting(&client).await.unwrap();
/// assert_eq!(pushed[0].payload.envelope().unwrap().args(), "[7]");
/// # });
/// ```
pub fn memory() -> Client {
    let store = ModelStore::new();
    Client::new(Arc::new(store.clone()), Arc::new(store))
}

/// A client of an empty store in memory, with this clock, and with chance from this seed: each run is the same.
pub fn memory_at(clock: &ManualClock, seed: u64) -> Client {
    let store = ModelStore::new();
    let entropy = Arc::new(SeededEntropy::new(seed));
    Client::with_parts(Arc::new(store.clone()), Arc::new(store), Arc::new(clock.clone()), entropy)
}

/// Every job that waits: queue by queue in the order that they run, then the scheduled ones by time. At most
/// [`limits::JOBS_PER_SCAN_MAX`] of each set.
///
/// # Errors
/// [`ActError::Store`].
pub async fn waiting(client: &Client) -> Result<Vec<JobRow>, ActError> {
    let queues = client.store().queue_names().await?;
    let mut rows = Vec::new();
    for set in queues.into_iter().map(Set::Queue).chain([Set::Scheduled]) {
        let page = client.inspect().page(&set, &Filter::all(), None, limits::JOBS_PER_SCAN_MAX).await?;
        rows.extend(page.rows);
    }
    Ok(rows)
}

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

/// Chance from a seed: the same seed draws the same numbers (the SplitMix64 sequence).
#[derive(Debug)]
pub struct SeededEntropy {
    state: AtomicU64,
}

impl SeededEntropy {
    /// What the sequence's state grows by with each draw: odd, so that every state is met.
    const STEP: u64 = 0x9e37_79b9_7f4a_7c15;

    /// The sequence of this seed.
    pub fn new(seed: u64) -> Self {
        SeededEntropy { state: AtomicU64::new(seed) }
    }
}

impl Entropy for SeededEntropy {
    fn next_u64(&self) -> u64 {
        let state = self.state.fetch_add(Self::STEP, Ordering::SeqCst).wrapping_add(Self::STEP);
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
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

    #[test]
    fn a_seed_draws_the_known_sequence() {
        let entropy = SeededEntropy::new(1_234_567);
        let draws = [entropy.next_u64(), entropy.next_u64()];
        assert_eq!(draws, [6_457_827_717_110_365_317, 3_203_168_211_198_807_973]);
    }
}
