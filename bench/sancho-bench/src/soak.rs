//! Very many jobs through a store, pushed and performed at the same time: nothing that they pass through may grow.
//!
//! This process is the judge. It starts a pusher and a server, which are this program in another role, looks at them
//! and at the store several times a second, and compares the second fifth of the run with the last. `usage` is what a
//! process takes up, `store` what the store does, `sample` one look at all of it, `verdict` what the looks come to.

mod job;
mod pusher;
mod sample;
mod server;
mod store;
mod usage;
mod verdict;

use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use sancho::Client;
use sancho::core::{Stats, limits};
use tokio::time::{Instant, sleep};

use self::job::Expected;
use self::sample::Sample;
use self::server::Leak;
use self::store::Store;
use self::usage::Usage;
use self::verdict::{Course, courses};
use crate::child::Child;
use crate::scratch::Scratch;

/// How often the judge looks.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// Lines of the table.
const LINES: u64 = 20;

/// What the slowest machine in mind performs, and the time that a run has beside that.
const JOBS_PER_SECOND: u64 = 500;
const SECONDS: u64 = 120;

#[derive(Clone, Debug, clap::Args)]
pub struct Options {
    /// Which store, or one after the other.
    #[arg(value_enum, default_value = "both")]
    store: Which,

    /// Jobs to push and perform.
    #[arg(long, default_value_t = 10_000_000, value_parser = clap::value_parser!(u64).range(1..))]
    jobs: u64,

    /// Has the server keep something of each job, so that the check must fail.
    #[arg(long)]
    leak: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Which {
    Sqlite,
    Redis,
    Both,
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
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Role {
    Server,
    LeakingServer,
    Pusher,
}

/// Plays one role, until it is done or the judge closes its standard input.
pub async fn play(options: RoleOptions) -> Result<()> {
    match options.role {
        Role::Server => server::play(&options.url, Leak::No).await,
        Role::LeakingServer => server::play(&options.url, Leak::OnPurpose).await,
        Role::Pusher => pusher::play(&options.url, options.jobs).await,
    }
}

/// Soaks the stores in turn; whether each stayed flat.
pub async fn run(scratch: &Scratch, options: &Options) -> Result<bool> {
    let mut good = true;
    if options.store != Which::Redis {
        good &= soak(scratch, Store::sqlite(scratch)?, options).await?;
    }
    if options.store != Which::Sqlite {
        good &= soak(scratch, Store::redis()?, options).await?;
    }
    Ok(good)
}

/// One run on one store: the table, the courses, what is left, and the verdict, which is the last line.
async fn soak(scratch: &Scratch, store: Store, options: &Options) -> Result<bool> {
    let (name, url, jobs) = (store.name(), store.url(), options.jobs);
    let client = sancho::connect(&url).await.context("failed to open the store")?;
    let server = if options.leak { "leaking-server" } else { "server" };
    let server = Child::start(scratch, &["soak-role", server, "--url", &url])?;
    let pusher = Child::start(scratch, &["soak-role", "pusher", "--url", &url, "--jobs", &jobs.to_string()])?;
    let began = Instant::now();
    let deadline = began + Duration::from_secs(SECONDS + jobs / JOBS_PER_SECOND);
    let mut run = Run { client, server, pusher, store, began, deadline, samples: Vec::new() };

    println!("{}", sample::head());
    run.watch(jobs).await?;
    let counts = run.drain(Expected::of(jobs)).await?;
    let seconds = began.elapsed().as_secs_f64();
    let Run { server: mut ending, client, mut store, samples, .. } = run;
    ending.stop().await.context("the server")?;
    drop(client);
    let end = store.space()?;

    let courses = courses(&samples).context("the run was too short to tell: give it more jobs")?;
    let left = store.leftovers(counts.dead)?;
    for it in &left {
        println!("left: {} {}{}", it.name, it.holds, if it.bounded { "" } else { ": should not be" });
    }
    for Course { name, early, late, max, flat } in &courses {
        println!("{name}: {early:.1} → {late:.1}, max {max:.1}{}", if *flat { "" } else { ": grows" });
    }
    let flat = courses.iter().all(|it| it.flat) && left.iter().all(|it| it.bounded);
    let course = |name: &str| {
        let found = courses.iter().find(|it| it.name == name);
        found.map_or_else(String::new, |it| format!("{:.0}→{:.0}", it.early, it.late))
    };
    let space_max = samples.iter().map(|it| it.space.bytes + it.space.log_bytes).max().unwrap_or_default();
    println!(
        "soak: {name} jobs {jobs} in {seconds:.0} s, rss server {} pusher {} MiB, {} max {} MiB end {} MiB, \
         descriptors {} and {}, threads {} and {}: {}",
        course("server rss, MiB"),
        course("pusher rss, MiB"),
        if name == "redis" { "memory" } else { "file" },
        space_max >> 20,
        (end.bytes + end.log_bytes) >> 20,
        course("server descriptors"),
        course("pusher descriptors"),
        course("server threads"),
        course("pusher threads"),
        if flat { "flat" } else { "GROWS" }
    );
    Ok(flat)
}

/// A run that has begun.
struct Run {
    client: Client,
    // Processes go before the store under them.
    server: Child,
    pusher: Child,
    store: Store,
    began: Instant,
    deadline: Instant,
    samples: Vec<Sample>,
}

impl Run {
    /// Looks until everything is pushed, and prints some of what it sees.
    async fn watch(&mut self, jobs: u64) -> Result<()> {
        let mut lines = 0;
        while self.pusher.is_running() {
            ensure!(self.server.is_running(), "the server ended by itself");
            ensure!(Instant::now() < self.deadline, "time is up");
            if let Some(sample) = self.look().await? {
                if sample.pushed * LINES / jobs > lines {
                    lines = sample.pushed * LINES / jobs;
                    println!("{}", sample::line(&sample));
                }
                self.samples.push(sample);
            }
            sleep(LOOK_EVERY).await;
        }
        self.pusher.ended().await.context("the pusher")?;
        ensure!(self.pusher.said("pushed") == jobs, "the pusher pushed {} of {jobs}", self.pusher.said("pushed"));
        Ok(())
    }

    /// One look; `None` when the pusher ended meanwhile.
    async fn look(&mut self) -> Result<Option<Sample>> {
        let stats = self.client.inspect().stats(self.client.clock().now()).await?;
        let pusher = self.pusher.pid().and_then(|pid| Usage::of(pid).ok());
        let server = Usage::of(self.server.pid().context("the server has ended")?)?;
        let Some(pusher) = pusher else { return Ok(None) };
        Ok(Some(Sample {
            at: self.began.elapsed().as_secs_f64(),
            pushed: self.pusher.said("pushed"),
            processed: stats.processed,
            backlog: stats.enqueued + stats.busy + stats.scheduled + stats.retries + stats.held,
            dead: stats.dead,
            server,
            pusher,
            space: self.store.space()?,
        }))
    }

    /// Waits until the store holds nothing but its dead set, within its limit, and counts what it has to.
    async fn drain(&mut self, expected: Expected) -> Result<Stats> {
        loop {
            let stats = self.client.inspect().stats(self.client.clock().now()).await?;
            let held = stats.enqueued + stats.busy + stats.scheduled + stats.retries + stats.held;
            let dead = expected.died.min(limits::DEAD_JOBS_MAX);
            if held == 0 && stats.dead <= dead {
                let counted = (stats.processed, stats.failed, stats.dead);
                let wanted = (expected.processed, expected.failed, dead);
                ensure!(counted == wanted, "processed, failed and dead are {counted:?} and should be {wanted:?}");
                return Ok(stats);
            }
            if Instant::now() > self.deadline {
                bail!("time is up, and the store holds {stats:?}");
            }
            sleep(LOOK_EVERY).await;
        }
    }
}
