//! Kills and suspends servers, and the store under them, and counts what is lost. `bench/chaos` builds and starts it.
//!
//! This process is the driver. The servers and pushers are this program in another role, and each is a process of its
//! own. `torment` does everything at once for some time. For one kind of fault at a time, `stage` starts them, `kill`,
//! `suspend` and `restart` are what is done to them, `record` reads what they wrote, and `verdict` is what it comes to.

#![forbid(unsafe_code)]

mod dice;
mod job;
mod kill;
mod ledger;
mod options;
mod pusher;
mod record;
mod restart;
mod server;
mod stage;
mod store;
mod suspend;
mod torment;
mod verdict;

use std::process::ExitCode;

use anyhow::Result;
use clap::Parser as _;

use crate::options::{Fault, Options, Role};
use crate::stage::Stage;

fn main() -> ExitCode {
    let options = Options::parse();
    driven::run("chaos", "warn,sancho=info", async {
        match &options.role {
            Some(role) => play(role).await.map(|()| true),
            None => judge(&options).await,
        }
    })
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
    let told_to_stop = driven::told_to_stop()?;
    if let Some(ask) = options.torment()? {
        return torment::run(ask, told_to_stop).await;
    }
    tokio::select! {
        outcome = run(options) => outcome,
        () = told_to_stop => anyhow::bail!("told to stop: everything that was started is killed"),
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
