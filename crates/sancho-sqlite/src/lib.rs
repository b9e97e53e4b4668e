//! The embedded store of Sancho: jobs in one SQLite file, shared by any number of processes.
//!
//! A call goes to the `writer`, one thread with one connection, which commits all calls that wait as a group
//! and answers then; a look goes to the `reader`. What a call does stands in `moves`, and where a job's rows
//! are in `row`. Commits of other processes are noticed by `watch`, and whoever waits is woken by `wake`.

#![forbid(unsafe_code)]

mod backup;
mod bell_file;
mod checkup;
mod failure;
mod inspect;
mod migrate;
mod moves;
mod open;
mod private;
mod process_row;
mod reader;
mod row;
mod rows;
mod sizes;
mod store;
mod task;
mod unit;
mod wake;
mod watch;
mod worker;
mod writer;

pub use backup::Backup;
pub use open::{Durability, OpenError, Options, check_version};
pub use rusqlite;
pub use store::SqliteStore;
