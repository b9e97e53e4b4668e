//! How far a server is on its way from starting to stopped.

use std::time::Duration;

/// How far a server is on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Phase {
    /// It takes jobs.
    Serving,
    /// It takes no more, and finishes what runs.
    Quiet,
    /// It is to be gone by this uptime: what runs then returns to its queue.
    Stopping {
        /// The uptime.
        deadline: Duration,
    },
    /// Nothing is in its hands: the heart may stop beating.
    Drained,
}
