//! Chance from a seed.

use std::sync::atomic::{AtomicU64, Ordering};

use sancho_core::Entropy;

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
    fn a_seed_draws_the_known_sequence() {
        let entropy = SeededEntropy::new(1_234_567);
        let draws = [entropy.next_u64(), entropy.next_u64()];
        assert_eq!(draws, [6_457_827_717_110_365_317, 3_203_168_211_198_807_973]);
    }
}
