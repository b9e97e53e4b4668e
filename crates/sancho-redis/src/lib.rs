//! The store on Redis, in Sidekiq's own keys and JSON.
//!
//! Every move is one script, so that it is one step; payloads are read and rewritten in Rust only. What Sidekiq has
//! a key for stands under that key; the rest stands under `sancho:`.

#![forbid(unsafe_code)]

mod address;
mod beat;
mod checkup;
mod connection;
mod index;
mod inspect;
mod listed;
mod marks;
mod moves;
mod note;
mod purge;
#[doc(hidden)]
pub mod readers;
mod record;
mod reply;
mod row;
mod script;
mod store;
mod wake;
mod wire;

pub use purge::{Purged, ToPurge};
pub use store::RedisStore;
