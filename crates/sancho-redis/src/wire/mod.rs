//! How things are spelled on the wire.

pub(crate) mod day;
pub(crate) mod keys;
pub(crate) mod score;
