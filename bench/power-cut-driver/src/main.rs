//! Cuts the power under pushers and servers, again and again, and counts what is lost. `bench/power-cut` builds and
//! starts it.
//!
//! This process is the driver. Pushers and servers (`roles`) are this program in another role, each a process of its
//! own; `store` is where they keep jobs, in a directory whose power the crate `power` cuts. `run` plays the cycles,
//! `ledger` reads what the processes wrote, and `verdict` is what it comes to. `steps` is for the tests of the disk.

#![forbid(unsafe_code)]

mod job;
mod ledger;
mod options;
mod process;
mod roles;
mod run;
mod steps;
mod store;
mod verdict;

use std::io::IsTerminal as _;
use std::process::ExitCode;

use anyhow::Result;
use clap::Parser as _;
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;

use crate::options::{Options, Role};
use crate::run::Run;

fn main() -> ExitCode {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("warn"));
    let colors = std::io::stderr().is_terminal();
    tracing_subscriber::fmt().with_env_filter(filter).with_ansi(colors).with_writer(std::io::stderr).init();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return fail(&error.into()),
    };
    let options = Options::parse();
    let outcome = match &options.role {
        Some(role) => runtime.block_on(play(role)).map(|()| true),
        None => runtime.block_on(judge(&options)),
    };
    // What still reads a standard input must not hold the process up.
    runtime.shutdown_background();
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => fail(&error),
    }
}

fn fail(error: &anyhow::Error) -> ExitCode {
    eprintln!("power-cut: {error:#}");
    ExitCode::FAILURE
}

async fn play(role: &Role) -> Result<()> {
    match role {
        Role::Server { url, ledger } => roles::serve(url, ledger).await,
        Role::Pusher { url, ledger, jobs } => roles::push(url, ledger, *jobs).await,
        Role::Steps { steps } => steps::take(steps),
        Role::Rows { file, synchronous, rows } => steps::commit_rows(file, synchronous, *rows),
    }
}

/// Whether nothing is lost that is not declared. At Ctrl-C and at TERM everything that was started is killed.
async fn judge(options: &Options) -> Result<bool> {
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    tokio::select! {
        outcome = run(options) => outcome,
        _ = interrupt.recv() => anyhow::bail!("interrupted: everything that was started is killed"),
        _ = terminate.recv() => anyhow::bail!("told to stop: everything that was started is killed"),
    }
}

async fn run(options: &Options) -> Result<bool> {
    let mut run = Run::begin(options).await?;
    let played = run.play(options.cuts).await;
    let good = played.is_ok() && run.verdict().is_good();
    run.verdict().complaints().iter().for_each(|line| println!("{line}"));
    let line = run.verdict().to_string();
    run.end(good);
    played?;
    println!("{line}");
    Ok(good)
}
