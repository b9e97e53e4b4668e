//! What all measured job systems share: one command line, one job, one clock and one answer.
//!
//! A program of this workspace implements [`Peer`] for its system and hands itself to [`main`]. What is timed, and how,
//! is decided here alone, so that the systems differ by nothing but themselves.

#![forbid(unsafe_code)]

mod answer;
mod bound;
mod command;
mod counter;
mod drain;
mod job;
mod push;
mod system;
mod usage;

use std::process::ExitCode;

pub use counter::Counter;
pub use job::{Friends, NoOp};
pub use system::{Peer, Pusher};

/// Does what the command line says with the system `P`, and writes one line of JSON to standard output.
///
/// Fails, with the reason on standard error, when a job was lost, performed twice, or not performed in time.
pub fn main<P: Peer>() -> ExitCode {
    let command = match command::parse() {
        Ok(command) => command,
        Err(exit) => return exit,
    };
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => return failed(&error.into()),
    };
    let answer = runtime.block_on(async {
        match &command {
            command::Command::Push { store, pushers } => push::one_by_one::<P>(store, *pushers).await,
            command::Command::Bulk { store, batch } => push::in_bulk::<P>(store, *batch).await,
            command::Command::Drain { store, slots } => drain::drain::<P>(store, *slots).await,
        }
    });
    // Of a run that failed, something may still be under way that never ends.
    runtime.shutdown_background();
    match answer.and_then(|answer| answer.print()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => failed(&error),
    }
}

fn failed(error: &anyhow::Error) -> ExitCode {
    eprintln!("{error:#}");
    ExitCode::FAILURE
}
