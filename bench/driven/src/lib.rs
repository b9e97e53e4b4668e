//! What the programs share that drive processes and count what is lost.
//!
//! Such a program is its own driver: the processes are the same program in another role. `process` is how the driver
//! holds one, `lines` is what they write down, and `program` is how the whole begins and ends.

#![forbid(unsafe_code)]

mod lines;
mod process;
mod program;

pub use lines::Lines;
pub use process::Process;
pub use program::{run, told_to_stop};
