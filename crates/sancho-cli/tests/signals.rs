//! What each signal does to the real command, while it performs hundreds of jobs; docs/guides/signals.md says the same.
#![cfg(target_os = "linux")]

mod harness;
mod marked;
mod under_load;
mod worker;
