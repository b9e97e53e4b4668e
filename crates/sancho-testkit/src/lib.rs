//! What holds every store to one meaning: the conformance suite, random sequences, faults and mutants.
//!
//! A store's own crate runs the suite with one line, in a file of its `tests` folder, given a [`Factory`] that makes
//! a fresh, empty store each time:
//!
//! ```
//! sancho_testkit::conformance_suite!(sancho_testkit::ModelFactory);
//! # fn main() {}
//! ```

#![forbid(unsafe_code)]

pub mod chance;
pub mod conformance;
pub mod contention;
pub mod factory;
pub mod fail_nth;
pub mod faulty;
pub mod interposed;
pub mod mutants;
pub mod proxy;
pub mod random;
pub mod redis_server;
pub mod script_proxy;
pub mod simulation;
pub mod stage;
pub mod story;
pub mod test_child;

pub use conformance::{Fact, Factory, ModelFactory};
pub use factory::{JobDraft, jid_of, job, unreadable};
pub use faulty::{Call, Fault, FaultyStore};
pub use interposed::{Interpose, Interposed};
pub use proxy::Proxy;
pub use redis_server::{RedisSentinel, RedisServer};
pub use script_proxy::{Edit, ScriptProxy};
pub use stage::{Stage, at};
pub use test_child::TestChild;
