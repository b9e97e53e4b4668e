//! Files of any content: a file is a store, or it is refused and left as it was; and whatever stands in a store's own
//! tables, every call answers, works or says what is wrong, and none ends the store's threads.
//!
//! Whatever is drawn by chance is drawn from a seed; a failure tells it. `SANCHO_HOSTILE_SEED` adds one of your own.

#[path = "hostile/bench.rs"]
mod bench;
#[path = "hostile/files.rs"]
mod files;
#[path = "hostile/rows.rs"]
mod rows;
