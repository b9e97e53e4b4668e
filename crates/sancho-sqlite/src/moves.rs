//! The moves, each inside a transaction that the writer begins and ends.

mod act;
pub(crate) mod counts;
mod exchange;
mod look;
mod metrics;
mod process;
mod promote;
mod prune;
mod push;
mod push_straight;
mod settle_gone;
