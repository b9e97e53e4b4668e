//! The moves of the data plane, each in a module of its own.

mod checkpoint;
mod claims;
mod exchange;
pub(crate) mod promote;
mod proof;
pub(crate) mod prune;
mod push;
mod push_straight;
pub(crate) mod push_together;
mod take_over;
mod unknown;
mod ways;
