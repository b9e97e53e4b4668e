//! The role of a server: it performs until its standard input ends, and notes what happens to its claims.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use sancho::{Client, Event, Server, Subscription};
use tokio::io::AsyncReadExt;
use tokio::time::{Instant, sleep};

use crate::job::{ChaosJob, OWN_QUEUE, SHARED_QUEUE};
use crate::ledger::{Ledger, Verb};

/// Slots of each server.
const SLOTS: usize = 25;

/// How long a store may be away while a process starts, and how often it is asked.
const CONNECT_MAX: Duration = Duration::from_secs(30);
const CONNECT_EVERY: Duration = Duration::from_millis(100);

/// Performs jobs until the driver closes this process's standard input, or is gone.
pub(crate) async fn play(url: &str, ledger: &Path, name: &str) -> Result<()> {
    let ledger = Arc::new(Ledger::open(ledger, name)?);
    let started = Instant::now();
    // A store that is away for a moment is part of some runs: whoever runs a server starts it again.
    let running = loop {
        match start(url, &ledger).await {
            Ok(running) => break running,
            Err(error) if started.elapsed() > CONNECT_MAX => return Err(error),
            Err(error) => eprintln!("{name}: {error:#}; trying again"),
        }
        sleep(CONNECT_EVERY).await;
    };
    end_of_input().await;
    running.stop().await;
    Ok(())
}

async fn start(url: &str, ledger: &Arc<Ledger>) -> Result<sancho::RunningServer> {
    let client = connect(url).await?;
    // Both are named: a queue that a Ruby worker serves is otherwise left alone.
    let server = Server::new(client, Arc::clone(ledger)).register::<ChaosJob>().queues([OWN_QUEUE, SHARED_QUEUE]);
    let server = server.slots(SLOTS);
    let events = server.subscribe();
    let running = server.start().await.context("failed to start a server")?;
    tokio::spawn(note(events, Arc::clone(ledger)));
    Ok(running)
}

/// A client of the store.
pub(crate) async fn connect(url: &str) -> Result<Client> {
    sancho::connect(url).await.context("failed to open the store")
}

/// Writes what happens to claims into the ledger, and everything but the jobs themselves to standard error.
async fn note(mut events: Subscription, ledger: Arc<Ledger>) {
    while let Some(event) = events.next().await {
        let written = match &event {
            Event::Performing { .. } | Event::Settled { .. } | Event::Promoted { .. } => continue,
            Event::ClaimLost { .. } => ledger.write(Verb::ClaimLost, 0, 0),
            Event::LeaseLost { .. } => ledger.write(Verb::LeaseLost, 0, 0),
            Event::TakenOver { jobs, .. } => ledger.write(Verb::TookOver, *jobs as u64, 0),
            _ => Ok(()),
        };
        eprintln!("{event:?}");
        if let Err(error) = written {
            eprintln!("failed to write the ledger: {error}");
        }
    }
}

/// Resolves when the driver closes this process's standard input, or is gone.
pub(crate) async fn end_of_input() {
    let mut input = tokio::io::stdin();
    let mut byte = [0];
    while matches!(input.read(&mut byte).await, Ok(1..)) {}
}
