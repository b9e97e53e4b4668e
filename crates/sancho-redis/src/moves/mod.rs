//! The moves of the data plane, each with its script.

mod checkpoint;
mod claims;
mod exchange;
mod promote;
mod proof;
mod push;
mod take_over;
mod unknown;
