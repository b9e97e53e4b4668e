//! A deploy, and its way back: two servers and two pushers, one of each build at first, on one store.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use sancho::Client;
use sancho_testkit::RedisServer;
use tempfile::TempDir;
use tokio::time::{Instant, sleep};

use crate::ledger::Sum;
use crate::process::Process;
use crate::roles::APART;
use crate::{JudgeOptions, StoreKind, ledger};

/// How often the judge looks.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// Jobs that each server has to perform before the next thing happens, and how long it has.
const JOBS_EACH: usize = 150;
const PHASE_MAX: Duration = Duration::from_secs(120);

/// How long the store may hold jobs once nobody pushes: two leases, and the time to perform what is left.
const DRAIN_MAX: Duration = Duration::from_secs(180);

/// Which build a process is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Build {
    Older,
    Newer,
}

/// What happens to one of the two servers.
#[derive(Clone, Copy, Debug)]
struct Change {
    slot: usize,
    /// How the process in its place ends.
    end: End,
    /// The build of the one that comes.
    to: Build,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Stopped,
    Killed,
}

/// From older to newer, back again, and at last to newer. In between both builds serve at the same time; one that is
/// killed leaves jobs in flight, which the other build takes over.
const CHANGES: [Change; 6] = [
    Change { slot: 0, end: End::Stopped, to: Build::Newer },
    Change { slot: 1, end: End::Killed, to: Build::Newer },
    Change { slot: 0, end: End::Killed, to: Build::Older },
    Change { slot: 1, end: End::Stopped, to: Build::Older },
    Change { slot: 0, end: End::Killed, to: Build::Newer },
    Change { slot: 1, end: End::Stopped, to: Build::Newer },
];

/// Plays it, and prints the verdict.
pub async fn run(options: &JudgeOptions) -> Result<bool> {
    let files = tempfile::Builder::new().prefix("upgrade.").tempdir_in(&options.scratch)?;
    let (redis, url, store) = match options.store {
        StoreKind::Redis => {
            let server = RedisServer::start();
            let url = server.url();
            (Some(server), url, "redis")
        }
        StoreKind::Sqlite => (None, format!("sqlite://{}", files.path().join("upgrade.db").display()), "sqlite"),
    };
    let newer = std::env::current_exe().context("failed to find this program")?;
    let older = options.older.clone();
    let mut deploy = Deploy { older, newer, url, files, started: Vec::new() };
    let Outcome { sum, crossed, left } = deploy.play().await?;
    drop(redis);

    let lost = sum.lost();
    if !lost.is_empty() {
        println!("lost, by number (the first 20): {:?}", &lost[..lost.len().min(20)]);
    }
    if let Some(left) = &left {
        println!("{left}");
    }
    println!("of the other build's jobs, the older performed {} and the newer {}", crossed.0, crossed.1);
    println!("performed twice {}", sum.twice());
    let JudgeOptions { from, to, .. } = options;
    let (pushed, performed) = (sum.pushed.len(), sum.done.len());
    println!("upgrade: from {from} to {to} store {store} pushed {pushed} performed {performed} lost {}", lost.len());
    Ok(lost.is_empty() && left.is_none() && crossed.0 > 0 && crossed.1 > 0)
}

/// What a run comes to.
struct Outcome {
    sum: Sum,
    /// How many of the other build's jobs the older and the newer build performed.
    crossed: (usize, usize),
    /// What the store holds at the end and should not.
    left: Option<String>,
}

struct Deploy {
    older: PathBuf,
    newer: PathBuf,
    url: String,
    files: TempDir,
    /// The build and the ledger of each process; a pusher's jobs are numbered by its place here.
    started: Vec<(Build, PathBuf)>,
}

impl Deploy {
    async fn play(&mut self) -> Result<Outcome> {
        // The older build makes the store, so that the newer one has something to bring up to date.
        let mut servers = vec![self.start(Build::Older, "server")?];
        let mut pushers = vec![self.start(Build::Older, "pusher")?];
        self.serve(&mut servers, &mut pushers).await?;
        servers.push(self.start(Build::Older, "server")?);
        pushers.push(self.start(Build::Newer, "pusher")?);
        self.serve(&mut servers, &mut pushers).await?;
        for change in CHANGES {
            let next = self.start(change.to, "server")?;
            let ending = std::mem::replace(&mut servers[change.slot], next);
            eprintln!("{} is {:?}, {} comes", ending.name, change.end, servers[change.slot].name);
            match change.end {
                End::Stopped => ending.stop().await?,
                End::Killed => ending.kill().await?,
            }
            self.serve(&mut servers, &mut pushers).await?;
        }
        for pusher in pushers {
            pusher.stop().await?;
        }
        let client = sancho::connect(&self.url).await.context("failed to open the store")?;
        let left = drain(&client, &mut servers).await;
        for server in servers {
            server.stop().await?;
        }
        Ok(Outcome { sum: self.sum()?, crossed: self.crossed()?, left: left? })
    }

    fn sum(&self) -> Result<Sum> {
        let mut sum = Sum::default();
        self.started.iter().try_for_each(|(_, ledger)| sum.add(ledger))?;
        Ok(sum)
    }

    /// How many jobs of the newer build's pusher the older build performed, and the other way round.
    fn crossed(&self) -> Result<(usize, usize)> {
        let (mut older, mut newer) = (0, 0);
        for (build, file) in &self.started {
            let pushed_by = |number: u64| self.started.get((number / APART) as usize).map(|(build, _)| *build);
            let done = ledger::read(file, "done")?;
            let crossed = done.into_keys().filter(|&number| pushed_by(number) != Some(*build)).count();
            if *build == Build::Older { older += crossed } else { newer += crossed }
        }
        Ok((older, newer))
    }

    fn start(&mut self, build: Build, role: &str) -> Result<Process> {
        let program = if build == Build::Older { &self.older } else { &self.newer };
        let place = self.started.len();
        let (pusher, name) = (place.to_string(), format!("{role}-{place}-{build:?}"));
        let arguments = [role, "--url", &self.url, "--pusher", &pusher];
        let process = Process::start(program, name, &arguments, self.files.path())?;
        self.started.push((build, process.ledger.clone()));
        Ok(process)
    }

    /// Waits until each server has performed its share since now.
    async fn serve(&self, servers: &mut [Process], pushers: &mut [Process]) -> Result<()> {
        let deadline = Instant::now() + PHASE_MAX;
        let wanted = servers.iter().map(|it| Ok(it.performed()? + JOBS_EACH)).collect::<Result<Vec<usize>>>()?;
        loop {
            servers.iter_mut().chain(&mut *pushers).try_for_each(Process::check_running)?;
            let performed = servers.iter().map(Process::performed).collect::<Result<Vec<usize>>>()?;
            if performed.iter().zip(&wanted).all(|(performed, wanted)| performed >= wanted) {
                return Ok(());
            }
            ensure!(
                Instant::now() < deadline,
                "the servers performed {performed:?} of {wanted:?} within {PHASE_MAX:?}"
            );
            sleep(LOOK_EVERY).await;
        }
    }
}

/// Waits until the store holds nothing; what it should not hold then, if anything.
async fn drain(client: &Client, servers: &mut [Process]) -> Result<Option<String>> {
    let deadline = Instant::now() + DRAIN_MAX;
    loop {
        servers.iter_mut().try_for_each(Process::check_running)?;
        let stats = client.inspect().stats(client.clock().now()).await.context("failed to look at the store")?;
        if stats.enqueued + stats.busy + stats.scheduled + stats.retries + stats.held == 0 {
            return Ok((stats.dead > 0).then(|| format!("{} jobs are in the dead set", stats.dead)));
        }
        if Instant::now() > deadline {
            bail!("after {DRAIN_MAX:?} the store still holds jobs: {stats:?}");
        }
        sleep(LOOK_EVERY).await;
    }
}
