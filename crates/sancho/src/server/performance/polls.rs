//! Whether a job's code yields: counted by the code as it runs, looked at from outside.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::time::Duration;

/// How often the code was entered and left: an odd count means that it is inside.
///
/// The code pays two stores a poll and reads no clock. Whoever looks remembers when they first saw the count that they
/// see; so they know how long the code has been inside at the least.
#[derive(Debug, Default)]
pub(crate) struct Polls {
    count: AtomicU64,
    seen: AtomicU64,
    /// When the count was first seen, in microseconds of uptime.
    seen_at: AtomicU64,
    named: AtomicBool,
}

impl Polls {
    /// The code is entered. Only one thread at a time polls a job.
    pub(crate) fn enter(&self) {
        self.count.store(self.count.load(Relaxed).wrapping_add(1), Relaxed);
    }

    /// The code is left.
    pub(crate) fn leave(&self) {
        self.enter();
    }

    /// Looks at this uptime; answers how long the code has been inside at the least, if it is.
    pub(crate) fn look(&self, uptime: Duration) -> Option<Duration> {
        let (count, uptime) = (self.count.load(Relaxed), micros(uptime));
        if count % 2 == 0 {
            return None;
        }
        if self.seen.swap(count, Relaxed) != count {
            self.seen_at.store(uptime, Relaxed);
        }
        Some(Duration::from_micros(uptime.saturating_sub(self.seen_at.load(Relaxed))))
    }

    /// Whether this is the first time that this is asked.
    pub(crate) fn is_first_to_name(&self) -> bool {
        !self.named.swap(true, Relaxed)
    }
}

fn micros(span: Duration) -> u64 {
    u64::try_from(span.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_that_stays_inside_is_seen_to_and_code_that_comes_again_is_not() {
        let (polls, secs) = (Polls::default(), Duration::from_secs);
        assert_eq!(polls.look(secs(1)), None, "it was never entered");
        polls.enter();
        assert_eq!(polls.look(secs(2)), Some(secs(0)), "nobody knows since when");
        assert_eq!(polls.look(secs(5)), Some(secs(3)));
        polls.leave();
        assert_eq!(polls.look(secs(6)), None);
        polls.enter();
        assert_eq!(polls.look(secs(7)), Some(secs(0)), "it was outside meanwhile");
    }
}
