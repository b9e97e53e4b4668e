//! The moves of the data plane, each in a module of its own.

mod checkpoint;
mod claims;
mod exchange;
pub(crate) mod promote;
mod proof;
pub(crate) mod prune;
mod push;
mod take_over;
mod unknown;
