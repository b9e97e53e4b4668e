//! Kills and suspends servers, and the store under them, and counts what is lost. `bench/chaos` builds and starts it.
//!
//! This process is the driver. The servers and pushers are this program in another role, and each is a process of its
//! own. `torment` does everything at once for some time. For one kind of fault at a time, `stage` starts them, `kill`, `suspend` and `restart` are what is done to them, `record` reads what they wrote,
//! and `verdict` is what it comes to.

#![forbid(unsafe_code)]

mod dice;
mod job;
mod kill;
mod ledger;
mod options;
mod process;
mod pusher;
mod record;
mod restart;
mod server;
mod stage;
mod store;
mod suspend;
mod torment;
mod verdict;

use std::io::IsTerminal as _;
use std::process::ExitCode;

use anyhow::Result;
use clap::Parser as _;
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;

use crate::options::{Fault, Options, Role};
use crate::stage::Stage;

fn main() -> ExitCode {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("warn,sancho=info"));
    let colors = std::io::stderr().is_terminal();
    tracing_subscriber::fmt().with_env_filter(filter).with_ansi(colors).with_writer(std::io::stderr).init();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return fail(&error.into()),
    };
    let options = Options::parse();
    let outcome = runtime.block_on(async {
        match &options.role {
            Some(role) => play(role).await.map(|()| true),
            None => judge(&options).await,
        }
    });
    // What still reads a standard input must not hold the process up.
    runtime.shutdown_background();
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => fail(&error),
    }
}

fn fail(error: &anyhow::Error) -> ExitCode {
    eprintln!("chaos: {error:#}");
    ExitCode::FAILURE
}

async fn play(role: &Role) -> Result<()> {
    match role {
        Role::Server(role) => server::play(&role.url, &role.ledger, &role.name).await,
        Role::Pusher { role, share } => pusher::play(&role.url, &role.ledger, &role.name, share.share()).await,
        Role::Torment(role) => torment::play_role(role).await,
    }
}

/// Whether what was asked for holds. At Ctrl-C and at TERM everything that was started is killed.
async fn judge(options: &Options) -> Result<bool> {
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    if let Some(ask) = options.torment()? {
        let told_to_stop = async {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
        };
        return torment::run(ask, told_to_stop).await;
    }
    tokio::select! {
        outcome = run(options) => outcome,
        _ = interrupt.recv() => anyhow::bail!("interrupted: everything that was started is killed"),
        _ = terminate.recv() => anyhow::bail!("told to stop: everything that was started is killed"),
    }
}

async fn run(options: &Options) -> Result<bool> {
    let fault = options.fault()?;
    let mut stage = Stage::set(options, fault).await?;
    let played = match fault {
        Fault::Kill(times) => kill::run(&mut stage, times).await,
        Fault::Suspend(span) => suspend::run(&mut stage, span).await,
        Fault::Restart(times) => restart::run(&mut stage, times).await,
    };
    let good = matches!(played, Ok(ref verdict) if verdict.is_good());
    stage.strike(good);
    let verdict = played?;
    for line in verdict.complaints() {
        println!("{line}");
    }
    println!("{verdict}");
    Ok(good)
}
