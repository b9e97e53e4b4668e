//! Measures Sancho beside the limits of its stores, in one run. `bench/run` builds and starts it.

#![forbid(unsafe_code)]

mod alone;
mod chart;
mod child;
mod contention;
mod cpu;
mod drain;
mod far;
mod figure;
mod idle;
mod keys;
mod latency;
mod noop;
mod pace;
mod peers;
mod push;
mod ratios;
mod raw_redis;
mod raw_sqlite;
mod report;
mod scratch;
mod serving;
mod sidekiq;
mod soak;
mod store;
mod subject;
mod turn;
mod waiting;
mod web;
mod whole;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

use crate::scratch::Scratch;
use crate::whole::Plan;

/// Measures Sancho beside the limits of its stores and other job systems, in one run; everything when nothing is named.
#[derive(Debug, Parser)]
#[command(name = "bench/run")]
struct Options {
    /// A directory on a disk, in which the files of the run are made.
    #[arg(long, hide = true)]
    scratch: PathBuf,

    #[command(flatten)]
    whole: whole::Options,

    #[command(subcommand)]
    what: Option<What>,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Push, bulk push, drain and latency on SQLite, beside raw rusqlite.
    Sqlite(whole::Options),
    /// Push, bulk push, drain, latency and idle cost on Redis, beside redis-server's own limits and Debian's Sidekiq.
    Redis(whole::Options),
    /// Cancel and reschedule by key, and claim from another queue, beside a backlog and on an empty file.
    Keys(keys::Options),
    /// Two servers and a pusher on one file.
    Contention(contention::Options),
    /// Very many jobs through a store: nothing that they pass through may grow.
    Soak(soak::Options),
    /// The web pages beside a large backlog: each page, each step of a filter or an action, and what they hold up.
    Web(web::Options),
    /// One subject on one store and nothing else, for a profiler.
    Alone(alone::Options),
    /// One process of `contention`.
    #[command(hide = true)]
    Role(contention::RoleOptions),
    /// One server of a run that measures processes.
    #[command(hide = true)]
    ServingRole(serving::RoleOptions),
    /// One process of `soak`.
    #[command(hide = true)]
    SoakRole(soak::RoleOptions),
}

fn main() -> ExitCode {
    match run(Options::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("bench/run: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Whether what was asked for holds.
fn run(options: Options) -> Result<bool> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    match options.what {
        Some(What::Role(role)) => return runtime.block_on(contention::play(role)).map(|()| true),
        Some(What::SoakRole(role)) => return runtime.block_on(soak::play(role)).map(|()| true),
        Some(What::ServingRole(role)) => return runtime.block_on(serving::play(role)).map(|()| true),
        _ => {}
    }
    let scratch = Scratch::new(options.scratch)?;
    match options.what {
        None => runtime.block_on(whole::run(&scratch, &Plan::whole(), &options.whole)),
        Some(What::Sqlite(given)) => runtime.block_on(whole::run(&scratch, &Plan::sqlite(), &given)),
        Some(What::Redis(given)) => runtime.block_on(whole::run(&scratch, &Plan::redis(), &given)),
        Some(What::Keys(given)) => runtime.block_on(keys::run(&scratch, &given)).map(|()| true),
        Some(What::Contention(given)) => runtime.block_on(contention::run(&scratch, &given)),
        Some(What::Soak(given)) => runtime.block_on(soak::run(&scratch, &given)),
        Some(What::Alone(given)) => runtime.block_on(alone::run(&scratch, &given)).map(|()| true),
        Some(What::Web(given)) => runtime.block_on(web::run(&scratch, &given)),
        Some(What::Role(_) | What::SoakRole(_) | What::ServingRole(_)) => unreachable!("roles are played above"),
    }
}
