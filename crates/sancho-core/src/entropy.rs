//! Where chance comes from, for those who are handed it rather than roll dice.

use std::fmt::Debug;

/// A source of chance.
///
/// Core never calls it; the client and the server's loops are handed one, so that a simulation can hand them
/// a seeded one.
pub trait Entropy: Send + Sync + Debug + 'static {
    /// Sixty-four bits drawn uniformly.
    fn next_u64(&self) -> u64;

    /// Thirty-two bits drawn uniformly.
    fn next_u32(&self) -> u32 {
        (self.next_u64() >> 32) as u32
    }

    /// A number drawn uniformly from the interval from zero (included) to one (excluded).
    fn next_unit(&self) -> f64 {
        (self.next_u64() >> 11) as f64 / (1u64 << 53) as f64
    }
}
