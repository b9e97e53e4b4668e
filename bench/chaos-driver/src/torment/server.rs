//! The role of a server in a torment: it performs until a signal stops it, as a server of an application does.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result};
use sancho::core::lifecycle::Verdict;
use sancho::{Event, Server, ServerError, Subscription};
use tokio::time::{Instant, sleep, timeout};

use super::job::TormentJob;
use super::number::Number;
use super::scribe::Scribe;
use crate::job::{OWN_QUEUE, SHARED_QUEUE};
use crate::ledger::{Ledger, Verb};
use crate::server::{connect, end_of_input};

/// Slots of each server.
const SLOTS: usize = 25;

/// How long a store may be away while a process starts, and how often it is asked.
const CONNECT_MAX: Duration = Duration::from_secs(120);
const CONNECT_EVERY: Duration = Duration::from_millis(100);

/// How long the last events have to be written after the server has stopped.
const LAST_EVENTS_MAX: Duration = Duration::from_secs(2);

/// Performs jobs until TERM, or until the driver is gone.
pub(super) async fn play(url: &str, ledger: &Path, name: &str, actor: u32, seed: u64) -> Result<()> {
    tokio::select! {
        performed = perform(url, ledger, name, actor, seed) => performed,
        () = end_of_input() => Ok(()),
    }
}

async fn perform(url: &str, ledger: &Path, name: &str, actor: u32, seed: u64) -> Result<()> {
    let started = Instant::now();
    // Whoever runs a server starts it again when the store was away.
    loop {
        let scribe = Scribe::open(ledger, name, actor, seed)?;
        match run(url, scribe, Ledger::open(ledger, name)?).await {
            Ok(()) => return Ok(()),
            Err(error) if started.elapsed() > CONNECT_MAX => return Err(error),
            Err(error) => eprintln!("{name}: {error:#}; trying again"),
        }
        sleep(CONNECT_EVERY).await;
    }
}

/// # Errors
/// When the store cannot be opened; nothing has been performed then.
async fn run(url: &str, scribe: Scribe, ledger: Ledger) -> Result<()> {
    let client = connect(url).await?;
    let server = Server::new(client, scribe).register::<TormentJob>().queues([OWN_QUEUE, SHARED_QUEUE]).slots(SLOTS);
    let noting = tokio::spawn(note(server.subscribe(), ledger));
    match server.run().await {
        Ok(()) => {
            timeout(LAST_EVENTS_MAX, noting).await.context("the last events were not written")??;
            Ok(())
        }
        Err(error @ (ServerError::Store(_) | ServerError::Thread(_))) => Err(error.into()),
        Err(error) => {
            eprintln!("{error}");
            std::process::exit(1);
        }
    }
}

/// Writes what happens to results and claims into the ledger, and everything but the jobs to standard error.
async fn note(mut events: Subscription, ledger: Ledger) {
    while let Some(event) = events.next().await {
        let number = |jid: &Option<_>| jid.as_ref().and_then(Number::of).map_or(0, Number::get);
        let written = match &event {
            Event::Settled { jid, verdict: Verdict::Done, .. } => ledger.write(Verb::Settled, number(jid), 0),
            Event::ClaimLost { jid, .. } => ledger.write(Verb::ClaimLost, number(jid), 0),
            Event::LeaseLost { .. } => ledger.write(Verb::LeaseLost, 0, 0),
            Event::TakenOver { jobs, .. } => ledger.write(Verb::TookOver, *jobs as u64, 0),
            Event::Started { .. } => ledger.write(Verb::Up, 0, 0),
            _ => Ok(()),
        };
        if let Err(error) = written {
            eprintln!("failed to write the ledger: {error}");
        }
        if !matches!(event, Event::Performing { .. } | Event::Settled { .. } | Event::Promoted { .. }) {
            eprintln!("{event:?}");
        }
        if matches!(event, Event::Stopped) {
            return;
        }
    }
}
