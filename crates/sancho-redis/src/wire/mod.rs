//! How things are spelled on the wire.

pub(crate) mod capsule;
pub(crate) mod counts;
pub(crate) mod day;
pub(crate) mod keys;
pub(crate) mod met;
pub(crate) mod metrics;
pub(crate) mod process;
pub(crate) mod score;
pub(crate) mod signal;
pub(crate) mod work;
