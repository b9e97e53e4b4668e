//! Where `now` comes from, for those who are told it rather than read it.

use std::fmt::Debug;
use std::sync::Arc;

use crate::Timestamp;

/// A source of the current time.
///
/// Core never calls it; the client and the server's loops are handed one, so that a test or a simulation can
/// hand them its own.
pub trait Clock: Send + Sync + Debug + 'static {
    /// The time now, in UTC. It may step back, as wall clocks do.
    fn now(&self) -> Timestamp;

    /// Time since some fixed point, which never steps back and goes on while the machine is suspended.
    ///
    /// A process measures by it how long ago its last good beat was.
    fn uptime(&self) -> std::time::Duration;
}

impl<C: Clock + ?Sized> Clock for Arc<C> {
    fn now(&self) -> Timestamp {
        (**self).now()
    }

    fn uptime(&self) -> std::time::Duration {
        (**self).uptime()
    }
}
