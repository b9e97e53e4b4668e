//! For tests: the real engine in memory, a clock that moves when told to, and chance from a seed.
//!
//! | to test | use |
//! |---|---|
//! | what an application pushes | [`memory`], where jobs collect, and [`assert_enqueued!`](crate::assert_enqueued) |
//! | one job's code | [`perform_now`] |
//! | jobs, and those that they push | [`drain`] |
//! | code that expects its jobs to be done when a push returns | [`inline`] |
//! | jobs under crashes, duplicates and timeouts | [`chaos`] |
//! | time | [`ManualClock`], with [`memory_at`] |

mod assert;
mod chaos;
mod clock;
mod drain;
mod entropy;
mod inline;
mod memory;
mod perform;

pub use assert::{Enqueued, enqueued};
pub use chaos::{Chaos, ChaosFailure, ChaosReport, chaos};
pub use clock::ManualClock;
pub use drain::{Drained, drain};
pub use entropy::SeededEntropy;
pub use inline::inline;
pub use memory::{failed, memory, memory_at, waiting};
pub use perform::perform_now;

#[doc(hidden)]
pub use assert::{__nothing_enqueued, __one_enqueued};
