//! The command line.

use std::fmt;
use std::path::PathBuf;

use clap::{Parser, Subcommand, ValueEnum};

/// Cuts the power under pushers and servers, again and again, and counts what is lost.
#[derive(Debug, Parser)]
#[command(name = "bench/power-cut", args_conflicts_with_subcommands = true)]
pub(crate) struct Options {
    /// A directory in which the files of the run are made.
    #[arg(long, hide = true, default_value = ".")]
    pub(crate) scratch: PathBuf,

    /// Where jobs are kept.
    #[arg(long, value_enum, default_value_t = Kind::Sqlite)]
    pub(crate) store: Kind,

    /// `full` must lose nothing; `normal` may lose what docs/reliability.md declares. On Redis they are
    /// `appendfsync always` and `everysec`.
    #[arg(long, value_enum, default_value_t = Durability::Full)]
    pub(crate) durability: Durability,

    /// How often the power is cut.
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) cuts: u64,

    /// Decides when each cut comes, and what the disk keeps of what was not synced.
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,

    #[command(subcommand)]
    pub(crate) role: Option<Role>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Kind {
    Sqlite,
    Redis,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Kind::Sqlite => "sqlite",
            Kind::Redis => "redis",
        })
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Durability {
    Full,
    Normal,
}

impl fmt::Display for Durability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Durability::Full => "full",
            Durability::Normal => "normal",
        })
    }
}

/// One process of a run, or of a test.
#[derive(Debug, Subcommand)]
pub(crate) enum Role {
    /// Performs jobs until its standard input ends.
    #[command(hide = true)]
    Server { url: String, ledger: PathBuf },
    /// Pushes so many jobs.
    #[command(hide = true)]
    Pusher { url: String, ledger: PathBuf, jobs: u64 },
    /// Does plain steps on files, says so, and waits for its end.
    #[command(hide = true)]
    Steps { steps: Vec<crate::steps::Step> },
    /// Commits rows to a file with SQLite alone, and says each number once it is committed.
    #[command(hide = true)]
    Rows { file: PathBuf, synchronous: String, rows: u32 },
}
