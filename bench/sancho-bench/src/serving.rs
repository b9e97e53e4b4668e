//! A server that is a process of its own, so that what it takes up is told apart from all else.

use std::collections::BTreeMap;
use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, Result, ensure};
use sancho::{Context, JobResult, Perform, Server};
use tokio::time::{Instant, sleep};

use crate::child::{Child, end_of_input};
use crate::cpu;
use crate::noop::NoOp;
use crate::pace::{self, Mark};
use crate::scratch::Scratch;

/// How often a server makes a mark, in jobs; how often it says how many it has performed; how often that is looked at.
const MARK_EVERY: u64 = 1_000;
const SAY_EVERY: Duration = Duration::from_millis(50);
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// What a run may take beside a millisecond for each job.
const START_MAX: Duration = Duration::from_secs(30);

/// One server.
#[derive(Clone, Debug, clap::Args)]
pub struct RoleOptions {
    /// The store's address.
    #[arg(long)]
    url: String,

    /// How many jobs it performs at a time.
    #[arg(long)]
    slots: usize,
}

/// What it has performed.
struct Served(AtomicU64);

impl Perform<Arc<Served>> for NoOp {
    async fn perform(self, cx: &Context<Arc<Served>>) -> JobResult {
        let performed = cx.state().0.fetch_add(1, Ordering::Relaxed) + 1;
        if performed.is_multiple_of(MARK_EVERY) {
            let now = SystemTime::now().duration_since(UNIX_EPOCH)?;
            println!("mark:{performed} {}", now.as_micros());
        }
        Ok(())
    }
}

/// Performs until the judge closes this process's standard input, and then says what it took up.
pub async fn play(options: RoleOptions) -> Result<()> {
    let client = sancho::connect(&options.url).await.context("failed to open the store")?;
    let served = Arc::new(Served(AtomicU64::new(0)));
    let server = Server::new(client, Arc::clone(&served)).register::<NoOp>().slots(options.slots);
    // Named, so that it is served although another process may serve it too.
    let running = server.queues(["default"]).start().await.context("failed to start a server")?;
    let mut end = std::pin::pin!(end_of_input());
    loop {
        tokio::select! {
            () = &mut end => break,
            () = sleep(SAY_EVERY) => println!("performed {}", served.0.load(Ordering::Relaxed)),
        }
    }
    running.stop().await;
    println!("performed {}", served.0.load(Ordering::Relaxed));
    if let Some(seconds) = cpu::seconds() {
        println!("cpu_ms {:.0}", seconds * 1e3);
    }
    for (line, kib) in memory_kib() {
        println!("{line} {kib}");
    }
    Ok(())
}

/// What the kernel tells of this process's memory; nothing where it does not.
fn memory_kib() -> BTreeMap<&'static str, u64> {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let of =
        |name: &str| status.lines().find_map(|line| line.strip_prefix(name)?.split_whitespace().next()?.parse().ok());
    ["VmHWM:", "RssAnon:"].into_iter().filter_map(|name| Some((name, of(name)?))).collect()
}

/// What servers came to together.
#[derive(Clone, Copy, Debug)]
pub struct Serving {
    pub jobs_per_second: f64,
    /// Seconds of processor time of all of them for 100,000 jobs, from the start of each; `None` where the system does
    /// not tell, as below.
    pub cpu_seconds: Option<f64>,
    /// The most memory that the largest of them had resident at any time, the store's own cache and the program's
    /// text included.
    pub peak_mib: Option<f64>,
    /// What the largest of them has at the end that belongs to no file.
    pub anonymous_mib: Option<f64>,
}

/// Has so many processes perform so many no-op jobs, which are in the queue `default` and alone there.
///
/// The store has to say at the end that it counts each of them as processed once, and holds none.
pub async fn serve(scratch: &Scratch, url: &str, processes: usize, slots: usize, jobs: u64) -> Result<Serving> {
    let client = sancho::connect(url).await.context("failed to open the store")?;
    let before = client.inspect().stats(client.clock().now()).await?;
    ensure!(before.enqueued == jobs, "{} jobs are in the queue, not {jobs}", before.enqueued);
    let slots = slots.to_string();
    let arguments = ["serving-role", "--url", url, "--slots", &slots];
    let start = |_| Child::start(scratch, &arguments);
    let mut servers = (0..processes).map(start).collect::<Result<Vec<_>>>()?;

    let deadline = Instant::now() + START_MAX + Duration::from_millis(jobs);
    while servers.iter().map(|server| server.said("performed")).sum::<u64>() < jobs {
        ensure!(Instant::now() < deadline, "{jobs} jobs were not performed in time");
        ensure!(servers.iter_mut().all(Child::is_running), "a server ended by itself");
        sleep(LOOK_EVERY).await;
    }
    for server in &mut servers {
        server.stop().await.context("a server")?;
    }
    // By a client that has not counted before: stores count large queues anew only now and then.
    let client = sancho::connect(url).await.context("failed to open the store")?;
    let after = client.inspect().stats(client.clock().now()).await?;
    let left = (after.processed - before.processed, after.enqueued, after.busy, after.retries, after.dead);
    ensure!(left == (jobs, 0, 0, 0, 0), "the store does not count {jobs} processed and none left: {after:?}");

    let courses: Vec<_> = servers.iter().map(course).collect();
    let said = |word: &str| servers.iter().map(|server| server.said(word)).filter(|&it| it > 0).collect::<Vec<_>>();
    let mib = |word: &str| said(word).into_iter().max().map(|kib| kib as f64 / 1024.0);
    let cpu_ms = said("cpu_ms");
    Ok(Serving {
        jobs_per_second: pace::together(&courses, jobs / 10 / processes as u64).context("the drain was too short")?,
        cpu_seconds: (cpu_ms.len() == processes)
            .then(|| cpu_ms.iter().sum::<u64>() as f64 / 1e3 * 100_000.0 / jobs as f64),
        peak_mib: mib("VmHWM:"),
        anonymous_mib: mib("RssAnon:"),
    })
}

fn course(server: &Child) -> Vec<Mark> {
    let marks = server.said_under("mark:").into_iter();
    let mut marks: Vec<_> =
        marks.filter_map(|(jobs, micros)| Some(Mark { jobs: jobs.parse().ok()?, micros })).collect();
    // Two jobs that end together may say so in either order: a mark is not before one of fewer jobs.
    marks.sort_by_key(|mark| mark.jobs);
    let mut latest = 0;
    for mark in &mut marks {
        latest = latest.max(mark.micros);
        mark.micros = latest;
    }
    marks
}
