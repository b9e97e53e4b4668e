//! Runs an older and a newer build on one store, rolls servers over and back, and counts what is lost.
//!
//! The newer build of this program is the judge. It starts pushers and servers of both builds, each a process of its
//! own, which is this program in another role. `roll` is what happens, `process` how a build's program is held, `ledger`
//! what the processes write of what they did, `job` what they push and perform, `roles` what they do.

#![forbid(unsafe_code)]

mod job;
mod ledger;
mod process;
mod roles;
mod roll;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand, ValueEnum};

#[derive(Debug, Parser)]
#[command(name = "bench/upgrade")]
struct Options {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Starts the others, and judges.
    Judge(JudgeOptions),
    /// Performs until its standard input ends.
    Server(RoleOptions),
    /// Pushes until its standard input ends.
    Pusher(RoleOptions),
}

/// A run.
#[derive(Clone, Debug, clap::Args)]
struct JudgeOptions {
    /// The older build of this program, and its name.
    #[arg(long)]
    older: PathBuf,
    #[arg(long)]
    from: String,

    /// The newer build's name; it is this program.
    #[arg(long)]
    to: String,

    /// Where the jobs are.
    #[arg(long, value_enum)]
    store: StoreKind,

    /// A directory in which the files of the run are made.
    #[arg(long)]
    scratch: PathBuf,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum StoreKind {
    Sqlite,
    Redis,
}

/// One process of a run.
#[derive(Clone, Debug, clap::Args)]
struct RoleOptions {
    /// The store's address.
    #[arg(long)]
    url: String,

    /// The file in which it writes what it did.
    #[arg(long)]
    ledger: PathBuf,

    /// What its jobs are numbered with: no two pushers have the same.
    #[arg(long, default_value_t = 0)]
    pusher: u64,
}

#[tokio::main]
async fn main() -> ExitCode {
    let played = play(Options::parse().what).await;
    match played {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("bench/upgrade: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Whether what was asked for holds.
async fn play(what: What) -> Result<bool> {
    match what {
        What::Judge(options) => roll::run(&options).await,
        What::Server(options) => roles::serve(&options).await.map(|()| true),
        What::Pusher(options) => roles::push(&options).await.map(|()| true),
    }
}
