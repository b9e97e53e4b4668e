//! The role of a pusher in a torment: it pushes at a steady rate until its standard input ends.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use sancho::Client;
use tokio::io::{AsyncBufReadExt, BufReader, stdin};
use tokio::sync::watch;
use tokio::time::{Instant, sleep, sleep_until};

use super::scribe::Scribe;
use crate::ledger::Verb;
use crate::server::connect;

/// Tasks of a pusher, each of which awaits a push before its next.
const TASKS: u32 = 4;

/// Jobs of one batch; every other turn, as many jobs are pushed one by one.
const BATCH: u32 = 10;

/// How long a store may be away while a process starts, and how often it is asked.
const CONNECT_MAX: Duration = Duration::from_secs(120);
const CONNECT_EVERY: Duration = Duration::from_millis(100);

/// Lines of the standard input, by which the driver holds pushers back when the servers fall behind.
pub(super) const HOLD: &str = "hold";
pub(super) const GO: &str = "go";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Told {
    Go,
    Hold,
    Stop,
}

/// Pushes so many jobs a second until its standard input ends.
pub(super) async fn play(url: &str, ledger: &Path, name: &str, actor: u32, seed: u64, rate: u32) -> Result<()> {
    let scribe = Arc::new(Scribe::open(ledger, name, actor, seed)?);
    let (tell, told) = watch::channel(Told::Go);
    let listening = tokio::spawn(listen(tell));
    let Some(client) = connect_surely(url, told.clone()).await? else { return Ok(()) };
    scribe.ledger().write(Verb::Up, 0, 0).context("failed to write the ledger")?;
    let turn = Duration::from_secs(1) * TASKS * BATCH / rate;
    let push = |_| tokio::spawn(push(Arc::clone(&scribe), client.clone(), turn, told.clone()));
    let tasks: Vec<_> = (0..TASKS).map(push).collect();
    for task in tasks {
        task.await.context("a task panicked")??;
    }
    listening.await.context("the task that listens panicked")?
}

/// Follows the driver's words until they end.
async fn listen(tell: watch::Sender<Told>) -> Result<()> {
    let mut lines = BufReader::new(stdin()).lines();
    while let Some(line) = lines.next_line().await? {
        tell.send_replace(if line == HOLD { Told::Hold } else { Told::Go });
    }
    tell.send_replace(Told::Stop);
    Ok(())
}

/// A client, as soon as there is a store; `None` when it is told to stop before.
async fn connect_surely(url: &str, told: watch::Receiver<Told>) -> Result<Option<Client>> {
    let started = Instant::now();
    while *told.borrow() != Told::Stop {
        match connect(url).await {
            Ok(client) => return Ok(Some(client)),
            Err(error) if started.elapsed() > CONNECT_MAX => return Err(error),
            Err(error) => eprintln!("{error:#}; trying again"),
        }
        sleep(CONNECT_EVERY).await;
    }
    Ok(None)
}

/// Pushes a batch a turn. Turns that a slow store took are not made up for.
async fn push(scribe: Arc<Scribe>, client: Client, turn: Duration, mut told: watch::Receiver<Told>) -> Result<()> {
    let mut next = Instant::now();
    for count in 0_u64.. {
        told.wait_for(|told| *told != Told::Hold).await.context("nobody listens")?;
        if *told.borrow() == Told::Stop {
            break;
        }
        if count.is_multiple_of(2) {
            scribe.push(&client, BATCH as usize).await?;
        } else {
            for _ in 0..BATCH {
                scribe.push(&client, 1).await?;
            }
        }
        next = (next + turn).max(Instant::now());
        tokio::select! {
            () = sleep_until(next) => {}
            stopped = told.wait_for(|told| *told == Told::Stop) => drop(stopped.context("nobody listens")?),
        }
    }
    Ok(())
}
