//! The clock of a simulated process: true time, seen through the host's skew and steps.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use sancho_core::{Clock, Timestamp};
use tokio::time::Instant;

/// The wall clock's time when a run begins.
const START: Timestamp = Timestamp::from_unix_millis(1_800_000_000_000);

/// How long the hosts are up when a run begins: an uptime of nothing would be a special case.
const UP_BEFORE: Duration = Duration::from_secs(1_000);

/// The time that the store itself would tell: the true one.
pub(super) fn true_time(at_ms: u64) -> Timestamp {
    START + Duration::from_millis(at_ms)
}

/// A process's clock. Its time is that of the process's paused runtime, while that runs; and what it was stopped at,
/// while it does not.
#[derive(Debug)]
pub(super) struct SimClock {
    skew_ms: i64,
    /// When the wall clock steps, and by how much.
    steps: Vec<(u64, i64)>,
    /// The runtime's first instant, and the true time then.
    began: (Instant, u64),
    /// The true time at which the process stands; [`RUNS`] while it runs.
    stands_at_ms: AtomicU64,
    /// How often the uptime was read since the process last went on.
    reads: AtomicU64,
}

/// Reads of the clock in one turn that no loop needs which waits for something: time stands while code runs, so that
/// one that does not wait would go round for ever.
const READS_MAX: u64 = 1_000_000;

/// No time: the process runs.
const RUNS: u64 = u64::MAX;

impl SimClock {
    /// The clock of a process whose runtime begins now, at this true time. Made inside the runtime.
    pub(super) fn new(skew_ms: i64, steps: Vec<(u64, i64)>, now_ms: u64) -> Self {
        let began = (Instant::now(), now_ms);
        SimClock { skew_ms, steps, began, stands_at_ms: AtomicU64::new(now_ms), reads: AtomicU64::new(0) }
    }

    /// The true time, in milliseconds since the run's beginning.
    pub(super) fn true_ms(&self) -> u64 {
        let stands_at = self.stands_at_ms.load(Relaxed);
        if stands_at != RUNS {
            return stands_at;
        }
        let (began, at) = &self.began;
        at + u64::try_from(began.elapsed().as_millis()).expect("a run is short")
    }

    /// The process runs from now on.
    pub(super) fn go(&self) {
        self.stands_at_ms.store(RUNS, Relaxed);
        self.reads.store(0, Relaxed);
    }

    /// The process stands from now on. Called inside its runtime.
    pub(super) fn stand(&self) -> u64 {
        let now = self.true_ms();
        self.stands_at_ms.store(now, Relaxed);
        now
    }
}

impl Clock for SimClock {
    fn now(&self) -> Timestamp {
        let now = self.true_ms();
        let stepped: i64 = self.steps.iter().filter(|(at, _)| *at <= now).map(|(_, by)| by).sum();
        let micros = true_time(now).as_unix_micros() + (self.skew_ms + stepped) * 1_000;
        Timestamp::from_unix_micros(micros)
    }

    fn uptime(&self) -> Duration {
        let reads = self.reads.fetch_add(1, Relaxed);
        assert!(reads < READS_MAX, "a loop goes round without waiting for anything");
        UP_BEFORE + Duration::from_millis(self.true_ms())
    }
}
