//! The vocabulary and the rules of Sancho: what a job is, what may become of it, and what a store does.
//!
//! Nothing here does I/O, spawns, reads a clock or rolls dice. [`lifecycle`] decides what state follows;
//! [`Store`] moves jobs and [`Inspect`] looks at them; the rest is what they speak of.

#![forbid(unsafe_code)]

pub mod backtrace;
pub mod canonical;
pub mod checkpointed;
pub mod checkup;
pub mod claim;
pub mod clock;
pub mod cursor;
pub mod entropy;
pub mod error;
pub mod execution;
pub mod filter;
pub mod inspect;
pub mod jid;
pub mod job;
pub mod key;
pub mod lifecycle;
pub mod limits;
pub mod metrics;
#[cfg(feature = "model")]
pub mod model;
pub mod order;
pub mod process;
pub mod pusher;
pub mod queue;
pub mod redact;
pub mod retry;
pub mod store;
pub mod time;

pub use checkpointed::{Checkpointed, Progress};
pub use checkup::{Finding, Level};
pub use claim::{
    Checkpoint, Claim, ClaimRequest, Incarnation, Kept, Receipt, SettleAnswer, Settlement, Source, Standing,
};
pub use clock::Clock;
pub use cursor::{Cursor, Direction};
pub use entropy::Entropy;
pub use error::{ErrorKind, Invalid, StoreError, Unreadable};
pub use execution::{Execution, QueueCount};
pub use filter::Filter;
pub use inspect::{
    Action, Applied, Inspect, JobRow, Page, Pausable, ProcessRow, QueueRow, Selection, Set, Sought, Stats, UnknownClass,
};
pub use jid::{Jid, JidSequence};
pub use job::{Backtrace, Bury, Draft, Envelope, Members, Payload, Retry, Wire, WireTime};
pub use key::{Key, OnConflict};
pub use lifecycle::{End, Outcome, Place, State, Tally, Transition};
pub use metrics::{DeployMark, Metrics, MetricsRequest};
pub use order::Order;
pub use process::{Beat, BeatAnswer, CapsuleInfo, Greeting, ProcessInfo, Running};
pub use pusher::{PushFailure, Pusher};
pub use queue::QueueName;
pub use redact::Redact;
pub use store::{Exchanged, Interest, Mark, NewJob, Promoted, Pruned, Pushed, Retention, Store, TakenOver};
pub use time::Timestamp;

/// What a call of a store resolves to, boxed so that the traits are object-safe: one box a call, not a job.
pub type BoxFuture<'a, T> = std::pin::Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// The answer of a store's move.
pub type StoreResult<T> = Result<T, StoreError>;
