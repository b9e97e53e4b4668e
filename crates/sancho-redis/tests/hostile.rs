//! Any bytes in any key: nothing crashes, good jobs behind bad ones are performed, and nothing is lost.
//!
//! Whatever is drawn by chance is drawn from a seed; a failure tells it. `SANCHO_HOSTILE_SEED` adds one of your own.

mod common;

#[path = "hostile/bench.rs"]
mod bench;
#[path = "hostile/index.rs"]
mod index;
#[path = "hostile/jobs.rs"]
mod jobs;
#[path = "hostile/junk.rs"]
mod junk;
#[path = "hostile/ours.rs"]
mod ours;
#[path = "hostile/processes.rs"]
mod processes;
#[path = "hostile/types.rs"]
mod types;
