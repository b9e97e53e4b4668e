//! What a pusher and a server do, until their standard input ends.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use sancho::{Client, Draft, ErrorKind, PushError, Server};
use tokio::io::AsyncReadExt;
use tokio::time::{Instant, sleep};

use crate::RoleOptions;
use crate::job::{UpgradeJob, draft};
use crate::ledger::Ledger;

/// Slots of a server.
const SLOTS: usize = 10;

/// Jobs of a pusher's batch, which it pushes together or one by one by turns, and how long it waits after it.
const BATCH: u64 = 10;
const PAUSE: Duration = Duration::from_millis(25);

/// Between the numbers of two pushers.
pub const APART: u64 = 1_000_000_000;

/// How long a push whose outcome is an error is repeated, and how often.
const AGAIN_MAX: Duration = Duration::from_secs(30);
const AGAIN_AFTER: Duration = Duration::from_millis(50);

pub async fn serve(options: &RoleOptions) -> Result<()> {
    let ledger = Arc::new(Ledger::open(&options.ledger)?);
    let client = sancho::connect(&options.url).await.context("failed to open the store")?;
    let server = Server::new(client, ledger).register::<UpgradeJob>().slots(SLOTS);
    let running = server.start().await.context("failed to start a server")?;
    end_of_input().await;
    running.stop().await;
    Ok(())
}

pub async fn push(options: &RoleOptions) -> Result<()> {
    let ledger = Ledger::open(&options.ledger)?;
    let client = sancho::connect(&options.url).await.context("failed to open the store")?;
    let mut end = std::pin::pin!(end_of_input());
    for batch in 0.. {
        let first = options.pusher * APART + batch * BATCH;
        let numbers: Vec<u64> = (first..first + BATCH).collect();
        let turns: Vec<&[u64]> = if batch % 2 == 0 { vec![&numbers] } else { numbers.chunks(1).collect() };
        for numbers in turns {
            push_surely(&client, numbers).await?;
            ledger.write("pushed", numbers)?;
        }
        tokio::select! {
            () = &mut end => break,
            () = sleep(PAUSE) => {}
        }
    }
    Ok(())
}

/// Pushes jobs until that is acknowledged, under the same ids each time.
async fn push_surely(client: &Client, numbers: &[u64]) -> Result<()> {
    let drafts = numbers.iter().map(|&number| draft(client, number)).collect::<Result<Vec<Draft>>>()?;
    let began = Instant::now();
    loop {
        match client.push_drafts(drafts.clone()).await {
            Ok(_) => return Ok(()),
            Err(PushError::Store(error))
                if matches!(error.kind, ErrorKind::Unavailable | ErrorKind::OutcomeUnknown) => {}
            Err(error) => return Err(error).context("failed to push"),
        }
        if began.elapsed() > AGAIN_MAX {
            bail!("a push failed for {AGAIN_MAX:?}");
        }
        sleep(AGAIN_AFTER).await;
    }
}

/// Resolves when the judge closes this process's standard input, or is gone.
async fn end_of_input() {
    let mut input = tokio::io::stdin();
    let mut byte = [0];
    while matches!(input.read(&mut byte).await, Ok(1..)) {}
}
