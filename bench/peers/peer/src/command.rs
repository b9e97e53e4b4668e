//! The command line, the same for each system.

use std::process::ExitCode;

use clap::{Args, Parser};

/// Measures one job system.
#[derive(Debug, Parser)]
#[command(max_term_width = 120)]
pub enum Command {
    /// Pushes jobs one by one, each pusher awaiting its push before the next
    Push {
        #[command(flatten)]
        store: Store,
        /// How many push at the same time
        #[arg(long, value_parser = clap::value_parser!(u64).range(1..))]
        pushers: u64,
    },
    /// Pushes many jobs with each call, one call after the other
    Bulk {
        #[command(flatten)]
        store: Store,
        /// Jobs of one call
        #[arg(long, default_value_t = 1_000, value_parser = clap::value_parser!(u64).range(1..))]
        batch: u64,
    },
    /// Pushes jobs, which is not timed, and performs them
    Drain {
        #[command(flatten)]
        store: Store,
        /// How many jobs are performed at the same time, at most
        #[arg(long, value_parser = clap::value_parser!(u64).range(1..))]
        slots: u64,
    },
}

/// An empty store, and how many jobs go through it.
#[derive(Args, Clone, Debug)]
pub struct Store {
    /// redis://HOST:PORT/DB, or sqlite:///PATH
    #[arg(long)]
    pub url: String,
    /// Jobs that are measured
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..))]
    pub jobs: u64,
    /// Jobs that go before them and are not
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..))]
    pub warm_up: u64,
}

impl Store {
    /// All jobs, measured or not.
    pub fn all(&self) -> u64 {
        self.warm_up + self.jobs
    }
}

/// The command, or how to end without one: 0 after help, and 1, not clap's 2, after a mistake.
pub fn parse() -> Result<Command, ExitCode> {
    Command::try_parse().map_err(|error| {
        // Where neither stream can be written to, there is nobody to tell.
        _ = error.print();
        if error.use_stderr() { ExitCode::FAILURE } else { ExitCode::SUCCESS }
    })
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::Command;

    #[test]
    fn a_run_without_jobs_or_slots_is_refused() {
        let drain = |jobs: &str, slots: &str| {
            Command::try_parse_from(
                "peer drain --url x --warm-up 1".split(' ').chain(["--jobs", jobs, "--slots", slots]),
            )
        };
        assert!(drain("1", "1").is_ok());
        assert!(drain("0", "1").is_err() && drain("1", "0").is_err());
    }
}
