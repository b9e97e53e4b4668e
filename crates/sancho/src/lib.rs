//! Background jobs for Rust: push, perform, retry, schedule.

#![forbid(unsafe_code)]

// The derive writes paths that begin with `::sancho`; this lets them hold in this crate's own tests too.
#[cfg(test)]
extern crate self as sancho;

mod args;
mod class_settings;
#[cfg(feature = "cli")]
pub mod cli;
mod client;
mod connect;
mod context;
mod error;
mod event;
mod fallback;
mod handlers;
mod job;
mod key_part;
mod middleware;
#[cfg(feature = "opentelemetry")]
pub mod opentelemetry;
mod raw;
mod registry;
mod server;
#[cfg(feature = "sqlite")]
pub mod sqlite;
pub mod system;
pub mod testing;
pub mod trace;
mod wire;

pub use class_settings::ClassSettings;
pub use client::{
    ActError, Client, Enqueue, IntoDraft, Push, PushAll, PushAllError, PushBulk, PushError, PushedAll, PushedJob,
    RetryOption,
};
pub use connect::{ConnectError, connect};
pub use context::Context;
pub use error::{JobError, JobResult};
pub use event::{Event, Events, Subscription};
pub use fallback::Fallback;
pub use handlers::{DeadJob, Death, FailedJob};
pub use job::{ArgsError, Job, JobOptions, LogLevel, Perform, Runs};
pub use middleware::{ClientMiddleware, ClientVerdict, Next, ServerMiddleware};
pub use raw::Raw;
pub use sancho_core as core;
pub use sancho_core::checkpointed::Progress;
pub use sancho_core::retry::Backoff;
pub use sancho_core::{
    Backtrace, BoxFuture, Bury, Clock, Draft, Entropy, ErrorKind, Inspect, Invalid, Jid, JobRow, Key, OnConflict,
    Pushed, QueueName, Redact, Retry, State, Store, StoreError, Timestamp, Wire,
};
pub use sancho_macros::Job;
pub use server::{
    Capsule, CapsuleStatus, Doing, Health, Heart, QueueOrder, RunningJobReport, RunningServer, Server, ServerError,
    ThreadReport,
};

/// What `derive(Job)` and [`assert_wire!`] need; no part of the interface.
#[doc(hidden)]
pub mod __private {
    pub use crate::args::{ArgsReader, ArgsWriter, Argument};
    pub use crate::key_part::KeyPart;
    pub use crate::wire::assert_wire;
    pub use serde_json::json;
}
