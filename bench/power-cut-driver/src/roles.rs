//! The processes of a cycle: pushers and servers, which run until the power is cut or the driver tells them to stop.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use sancho::core::lifecycle::Verdict;
use sancho::{Client, ErrorKind, Event, PushError, Server, Subscription};
use tokio::io::AsyncReadExt;
use tokio::time::sleep;

use crate::job::PowerCutJob;
use crate::ledger::{Ledger, Verb};

/// Slots of each server.
const SLOTS: usize = 10;

/// Tasks of a pusher, each of which awaits a push before its next.
const TASKS: u64 = 4;

/// Jobs that one task pushes at once in its larger pushes.
const BATCH: u64 = 8;

/// How long a task waits after each push, so that servers keep up.
const BREATH: Duration = Duration::from_millis(3);

/// How long after an error a push is repeated.
const AGAIN_AFTER: Duration = Duration::from_millis(20);

/// Pushes so many jobs, and ends.
pub(crate) async fn push(url: &str, ledger: &Path, jobs: u64) -> Result<()> {
    let client = connect(url).await?;
    let ledger = Arc::new(Ledger::open(ledger)?);
    let tasks: Vec<_> = (0..TASKS)
        .map(|task| tokio::spawn(push_every_fourth(client.clone(), Arc::clone(&ledger), task, jobs)))
        .collect();
    for task in tasks {
        task.await.context("a task panicked")??;
    }
    Ok(())
}

async fn push_every_fourth(client: Client, ledger: Arc<Ledger>, task: u64, jobs: u64) -> Result<()> {
    let mut number = task;
    let mut batch = 1;
    while number < jobs {
        let numbers = (0..batch).map(|index| number + index * TASKS).filter(|&number| number < jobs);
        let drafts = numbers.map(|number| draft(&client, number)).collect::<Result<Vec<_>>>()?;
        let jids: Vec<_> = drafts.iter().map(|draft| draft.jid.to_string()).collect();
        // The same ids each time: a push whose outcome nobody knows adds nothing twice.
        loop {
            match client.push_drafts(drafts.clone()).await {
                Ok(_) => break,
                Err(PushError::Store(error))
                    if matches!(error.kind, ErrorKind::Unavailable | ErrorKind::OutcomeUnknown) =>
                {
                    eprintln!("failed to push: {error}; trying again");
                    sleep(AGAIN_AFTER).await;
                }
                Err(error) => return Err(error).context("failed to push"),
            }
        }
        jids.iter().try_for_each(|jid| ledger.write(Verb::Pushed, jid)).context("failed to write the ledger")?;
        number += batch * TASKS;
        batch = if batch == 1 { BATCH } else { 1 };
        sleep(BREATH).await;
    }
    Ok(())
}

fn draft(client: &Client, number: u64) -> Result<sancho::Draft> {
    use sancho::Job as _;
    let mut draft = client.draft(PowerCutJob::CLASS, PowerCutJob::new(number).to_args()?);
    draft.queue = sancho::QueueName::new("power")?;
    draft.retry = PowerCutJob::options().retry;
    Ok(draft)
}

/// Performs until the driver closes this process's standard input, or is gone.
pub(crate) async fn serve(url: &str, ledger: &Path) -> Result<()> {
    let ledger = Arc::new(Ledger::open(ledger)?);
    let server = Server::new(connect(url).await?, Arc::clone(&ledger)).register::<PowerCutJob>();
    let server = server.queues(["power"]).slots(SLOTS);
    let events = server.subscribe();
    let running = server.start().await.context("failed to start a server")?;
    tokio::spawn(note(events, ledger));
    let mut input = tokio::io::stdin();
    while matches!(input.read(&mut [0]).await, Ok(1..)) {}
    running.stop().await;
    Ok(())
}

/// Writes into the ledger what the store has acknowledged as done.
async fn note(mut events: Subscription, ledger: Arc<Ledger>) {
    while let Some(event) = events.next().await {
        if let Event::Settled { jid: Some(jid), verdict: Verdict::Done, .. } = event
            && let Err(error) = ledger.write(Verb::Settled, jid.as_str())
        {
            eprintln!("failed to write the ledger: {error}");
        }
    }
}

/// A client of the store.
pub(crate) async fn connect(url: &str) -> Result<Client> {
    sancho::connect(url).await.context("failed to open the store")
}
