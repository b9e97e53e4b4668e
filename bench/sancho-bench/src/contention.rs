//! Two servers and a pusher, each a process of its own, on one file: every job is performed once, and none of the
//! three is told that the database is locked.
//!
//! This process is the judge. It starts the others, which are this program in another role; `server` and `pusher` are
//! what they do, `lock_watch` is how each counts errors about locks.

mod lock_watch;
mod pusher;
mod server;
mod verdict;

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result};
use tokio::time::{Instant, sleep, timeout_at};

use self::verdict::Verdict;
use crate::child::Child;
use crate::scratch::{Database, Durability, Scratch};

/// How often the judge looks.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// Server processes.
const SERVERS: usize = 2;

#[derive(Clone, Debug, clap::Args)]
pub struct Options {
    /// Jobs to push and perform.
    #[arg(long, default_value_t = 100_000, value_parser = clap::value_parser!(u64).range(1..))]
    jobs: u64,
}

/// One process of the check.
#[derive(Clone, Debug, clap::Args)]
pub struct RoleOptions {
    /// What it does.
    role: Role,

    /// The store's address.
    #[arg(long)]
    url: String,

    /// The pusher's number of jobs.
    #[arg(long, default_value_t = 0)]
    jobs: u64,

    /// Where a server records what it performed.
    #[arg(long)]
    record: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Role {
    Server,
    Pusher,
}

/// Plays one role, until it is done or the judge closes its standard input.
pub async fn play(options: RoleOptions) -> Result<()> {
    match options.role {
        Role::Server => server::play(&options.url, &options.record.context("a server needs --record")?).await,
        Role::Pusher => pusher::play(&options.url, options.jobs).await,
    }
}

/// Starts the processes, waits until every job is performed or time is up, and prints the verdict.
pub async fn run(scratch: &Scratch, options: &Options) -> Result<bool> {
    let jobs = options.jobs;
    // A hundredth of what the slowest machine in mind does, and some time to start.
    let time_is_up = Instant::now() + Duration::from_secs(60 + jobs / 1_000);
    let database = scratch.database()?;
    let url = database.url(Durability::Full);
    let records: Vec<PathBuf> = (0..SERVERS).map(|n| database.file().with_extension(format!("{n}.record"))).collect();

    let mut servers = Vec::new();
    for record in &records {
        servers.push(Child::start(scratch, &["role", "server", "--url", &url, "--record", &record.to_string_lossy()])?);
    }
    let mut pusher = Child::start(scratch, &["role", "pusher", "--url", &url, "--jobs", &jobs.to_string()])?;

    let began = Instant::now();
    let pushed = timeout_at(time_is_up, pusher.ended()).await.unwrap_or_else(|_| Err(anyhow::anyhow!("time is up")));
    eprintln!("pushed within {:.1} s", began.elapsed().as_secs_f64());
    if pushed.is_ok() && timeout_at(time_is_up, performed(&mut servers, &database, jobs)).await.is_err() {
        eprintln!("time is up");
    }
    eprintln!("performed within {:.1} s", began.elapsed().as_secs_f64());

    let mut locked = pusher.said("locked");
    let mut failed = pushed.is_err();
    for server in &mut servers {
        failed |= server.stop().await.inspect_err(|error| eprintln!("a server: {error:#}")).is_err();
        locked += server.said("locked");
    }
    if let Err(error) = pushed {
        eprintln!("the pusher: {error:#}");
    }
    let left = left_in_store(&database, jobs).await?;
    if let Some(left) = &left {
        eprintln!("{left}");
    }
    let verdict = Verdict::count(&records, locked)?;
    println!("{verdict}");
    Ok(!failed && left.is_none() && verdict.is_good(jobs))
}

/// Resolves when the servers have performed so many jobs, and the store has no more for them.
async fn performed(servers: &mut [Child], database: &Database, jobs: u64) {
    while servers.iter().map(|server| server.said("performed")).sum::<u64>() < jobs
        && servers.iter_mut().all(Child::is_running)
    {
        sleep(LOOK_EVERY).await;
    }
    // A job that would run twice is in the store still: give it the time to do so.
    let Ok(client) = database.connect(Durability::Full).await else { return };
    while servers.iter_mut().all(Child::is_running) {
        match client.inspect().stats(client.clock().now()).await {
            Ok(stats) if stats.enqueued + stats.busy + stats.scheduled + stats.retries == 0 => return,
            _ => sleep(LOOK_EVERY).await,
        }
    }
}

/// What the store says that it should not; `None` when it counts every job once and holds none.
async fn left_in_store(database: &Database, jobs: u64) -> Result<Option<String>> {
    let client = database.connect(Durability::Full).await?;
    let stats = client.inspect().stats(client.clock().now()).await.context("failed to look at the store")?;
    let held = stats.enqueued + stats.busy + stats.scheduled + stats.retries + stats.dead + stats.held;
    let good = (stats.processed, stats.failed, held) == (jobs, 0, 0);
    Ok((!good).then(|| format!("the store does not count {jobs} processed and none left: {stats:?}")))
}
