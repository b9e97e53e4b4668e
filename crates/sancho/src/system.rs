//! The machine's own clock and chance: the only place that reads the wall clock.

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
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemEntropy;

impl Entropy for SystemEntropy {
    fn next_u64(&self) -> u64 {
        getrandom::u64().expect("the system gives chance")
    }

    fn next_u32(&self) -> u32 {
        getrandom::u32().expect("the system gives chance")
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
        let draws: std::collections::HashSet<u64> = (0..8).map(|_| SystemEntropy.next_u64()).collect();
        assert_eq!(draws.len(), 8);
    }
}
