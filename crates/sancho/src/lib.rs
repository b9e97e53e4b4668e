//! Background jobs for Rust: push, perform, retry, schedule.

mod context;
mod error;
mod job;

pub use context::Context;
pub use error::{JobError, JobResult};
pub use job::{ArgsError, Job, JobOptions, Perform, Runs};
pub use sancho_core as core;
pub use sancho_core::retry::Backoff;
pub use sancho_macros::Job;
