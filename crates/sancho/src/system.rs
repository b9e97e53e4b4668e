//! The machine's own clock and chance: the only place that reads the wall clock.

use std::cell::RefCell;
use std::time::{Duration, SystemTime};

use sancho_core::{Clock, Entropy, Timestamp};

/// The machine's clock.
///
/// On Linux its uptime goes on while the machine is suspended (`CLOCK_BOOTTIME`). Elsewhere it counts from the
/// making of the clock and follows [`std::time::Instant`], which may stand still during a suspension: there a
/// process that was asleep finds out about its lost lease from the store, at its next beat.
#[derive(Clone, Debug)]
pub struct SystemClock {
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    started: std::time::Instant,
}

impl SystemClock {
    /// The machine's clock.
    #[cfg_attr(
        not(any(target_os = "linux", target_os = "android")),
        expect(clippy::disallowed_methods, reason = "the clock that others take instead")
    )]
    pub fn new() -> Self {
        SystemClock {
            #[cfg(not(any(target_os = "linux", target_os = "android")))]
            started: std::time::Instant::now(),
        }
    }
}

impl Default for SystemClock {
    fn default() -> Self {
        SystemClock::new()
    }
}

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one place where the wall clock is read")]
    fn now(&self) -> Timestamp {
        SystemTime::now().into()
    }

    #[cfg(any(target_os = "linux", target_os = "android"))]
    fn uptime(&self) -> Duration {
        let time = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
        // The kernel never answers with a negative time since boot, nor with a whole second of nanoseconds.
        Duration::new(u64::try_from(time.tv_sec).unwrap_or(0), u32::try_from(time.tv_nsec).unwrap_or(0))
    }

    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    fn uptime(&self) -> Duration {
        self.started.elapsed()
    }
}

/// The machine's source of chance.
///
/// Each thread draws some hundred bytes ahead: a call of the system for each job's id would cost more than the rest of a
/// push in bulk. A process that is forked without another program being started in it repeats what its parent drew.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemEntropy;

/// Numbers that a thread draws at once.
const DRAWN_AT_ONCE: usize = 128;

thread_local! {
    static DRAWN: RefCell<Vec<u32>> = const { RefCell::new(Vec::new()) };
}

impl Entropy for SystemEntropy {
    fn next_u64(&self) -> u64 {
        u64::from(self.next_u32()) << 32 | u64::from(self.next_u32())
    }

    /// An id takes one: it costs half of what a number of twice the size does.
    fn next_u32(&self) -> u32 {
        DRAWN.with_borrow_mut(|drawn| {
            drawn.pop().unwrap_or_else(|| {
                let mut bytes = [0; 4 * DRAWN_AT_ONCE];
                getrandom::fill(&mut bytes).expect("the system gives chance");
                let (numbers, _) = bytes.as_chunks::<4>();
                drawn.extend(numbers.iter().map(|bytes| u32::from_ne_bytes(*bytes)));
                drawn.pop().expect("some were drawn")
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uptime_never_steps_back() {
        let clock = SystemClock::new();
        let first = clock.uptime();
        assert!(clock.uptime() >= first);
    }

    #[test]
    fn chance_differs_from_draw_to_draw() {
        let draws: std::collections::HashSet<u64> = (0..1_000).map(|_| SystemEntropy.next_u64()).collect();
        assert_eq!(draws.len(), 1_000);
    }
}
