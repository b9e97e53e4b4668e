//! The disk that every run relies on: what a cut leaves of plain files, of SQLite's and of Redis' own.

mod files;
mod harness;
mod redis;
mod sqlite;
