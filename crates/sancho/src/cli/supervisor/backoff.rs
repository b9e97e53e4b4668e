//! How long a seat stays empty after its process died.

use std::time::Duration;

/// After the first death in a row, and at most.
const FIRST: Duration = Duration::from_millis(500);
const LONGEST: Duration = Duration::from_secs(30);

/// A process that lived this long did not die of its start: what came before is forgotten.
const GOOD_WHILE: Duration = Duration::from_secs(60);

/// The deaths of a seat's processes in a row.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Backoff {
    deaths: u32,
}

impl Backoff {
    /// How long to wait after a process that lived so long.
    pub(super) fn after(&mut self, lived: Duration) -> Duration {
        if lived >= GOOD_WHILE {
            self.deaths = 0;
        }
        let wait = FIRST.saturating_mul(2_u32.saturating_pow(self.deaths)).min(LONGEST);
        self.deaths = self.deaths.saturating_add(1);
        wait
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_doubles_up_to_a_bound_and_a_good_while_forgives() {
        let mut backoff = Backoff::default();
        let waits: Vec<u128> = (0..9).map(|_| backoff.after(Duration::ZERO).as_millis()).collect();
        assert_eq!(waits, [500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000]);
        assert_eq!(backoff.after(GOOD_WHILE), FIRST);
        assert_eq!(backoff.after(Duration::ZERO), FIRST * 2);
        for _ in 0..100 {
            assert!(backoff.after(Duration::ZERO) <= LONGEST);
        }
    }
}
