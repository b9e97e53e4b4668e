//! Chance that can be had again: a small generator with a seed.

use std::sync::atomic::{AtomicU64, Ordering};

use sancho_core::Entropy;

/// A source of chance that gives the same numbers for the same seed.
///
/// Written by hand, as a counter through a mixing function: a test needs a stream that never changes with the
/// version of a library, and nothing better than that.
#[derive(Debug)]
pub struct Seeded(AtomicU64);

impl Seeded {
    /// The stream of a seed.
    pub fn new(seed: u64) -> Self {
        Seeded(AtomicU64::new(seed.wrapping_mul(0xd134_2543_de82_ef95)))
    }

    /// A number from zero (included) to `end` (excluded).
    ///
    /// # Panics
    /// When `end` is zero.
    pub fn below(&self, end: usize) -> usize {
        (self.next_u64() % end as u64) as usize
    }

    /// A clone of one of several.
    ///
    /// # Panics
    /// When there is none.
    pub fn pick<T: Clone>(&self, from: &[T]) -> T {
        from[self.below(from.len())].clone()
    }

    /// Whether something that happens once in `times` happens now.
    pub fn once_in(&self, times: usize) -> bool {
        self.below(times) == 0
    }
}

impl Entropy for Seeded {
    fn next_u64(&self) -> u64 {
        const STEP: u64 = 0x9e37_79b9_7f4a_7c15;
        let mut mixed = self.0.fetch_add(STEP, Ordering::Relaxed).wrapping_add(STEP);
        mixed = (mixed ^ (mixed >> 32)).wrapping_mul(0xd6e8_feb8_6659_fd93);
        mixed = (mixed ^ (mixed >> 32)).wrapping_mul(0xd6e8_feb8_6659_fd93);
        mixed ^ (mixed >> 32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_gives_the_same_stream_again_and_another_seed_another() {
        let stream = |seed| {
            let chance = Seeded::new(seed);
            (0..8).map(|_| chance.next_u64()).collect::<Vec<_>>()
        };
        assert_eq!(stream(7), stream(7));
        assert_ne!(stream(7), stream(8));
    }

    #[test]
    fn every_number_below_the_end_is_drawn() {
        let chance = Seeded::new(1);
        let mut seen = [0; 5];
        (0..500).for_each(|_| seen[chance.below(5)] += 1);
        assert!(seen.iter().all(|times| *times > 50), "{seen:?}");
    }
}
