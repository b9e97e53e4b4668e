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
mod roles;
mod run;
mod steps;
mod store;
mod verdict;

use std::process::ExitCode;

use anyhow::Result;
use clap::Parser as _;

use crate::options::{Options, Role};
use crate::run::Run;

fn main() -> ExitCode {
    let options = Options::parse();
    driven::run("power-cut", "warn", async {
        match &options.role {
            Some(role) => play(role).await.map(|()| true),
            None => judge(&options).await,
        }
    })
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
    let told_to_stop = driven::told_to_stop()?;
    tokio::select! {
        outcome = run(options) => outcome,
        () = told_to_stop => anyhow::bail!("told to stop: everything that was started is killed"),
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
