//! The moves of the data plane, each in a module of its own.

pub(crate) mod prune;
