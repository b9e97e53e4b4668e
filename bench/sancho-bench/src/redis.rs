//! Sancho on Redis, beside the limits of redis-server itself and Debian's Sidekiq, in one run.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context, Result};
use sancho::Client;
use sancho_testkit::RedisServer;

use crate::figure::Figures;
use crate::raw_redis::{self, Limits};
use crate::report::Row;
use crate::scratch::Scratch;
use crate::sidekiq::Sidekiq;
use crate::table::Options;
use crate::{drain, idle, latency, push};

/// Slots of Sancho's drains.
const SLOTS: [usize; 2] = [25, 100];

/// Threads of Sidekiq's drains; the better of them is what Sancho is compared with.
const THREADS: [usize; 2] = [10, 25];

/// Jobs of one bulk push, on both sides.
const BULK: u64 = 1_000;

/// Jobs of every drain, on both sides.
const DRAIN: u64 = 100_000;

/// Queues that an idle server serves while latency is measured, and while its processor time is.
const LATENCY_QUEUES: [usize; 3] = [1, 10, 100];
const IDLE_QUEUES: usize = 10;

/// How long an idle server is watched.
const IDLE_FOR: Duration = Duration::from_secs(10);

/// Measures everything, in turn, and prints the table.
pub async fn run(scratch: &Scratch, options: &Options) -> Result<()> {
    let (rounds, divisor) = options.rounds();
    let sidekiq = Sidekiq::find(scratch)?;
    let mut figures = Figures::default();
    for round in 1..=rounds {
        eprintln!("round {round} of {rounds}");
        Round { sidekiq: &sidekiq, divisor, figures: &mut figures }.measure().await?;
    }
    figures.choose_best("redis_sidekiq_drain", &THREADS.map(|threads| format!("redis_sidekiq_drain{threads}")));
    options.tell(&figures, &rows(), &ratios(&figures))
}

/// Each figure once, on a redis-server of its own that keeps nothing on disk.
struct Round<'a> {
    sidekiq: &'a Sidekiq,
    divisor: u64,
    figures: &'a mut Figures,
}

impl Round<'_> {
    async fn measure(&mut self) -> Result<()> {
        self.limits().await?;
        for slots in SLOTS {
            self.drain(slots).await?;
        }
        for threads in THREADS {
            self.sidekiq(threads)?;
        }
        self.bulk().await?;
        self.push(1, 20_000).await?;
        self.push(50, 100_000).await?;
        for queues in LATENCY_QUEUES {
            self.latency(queues).await?;
        }
        self.idle().await
    }

    fn add(&mut self, figure: &str, sample: f64) {
        self.figures.add(format!("redis_{figure}"), sample);
    }

    /// Jobs to warm up with, and jobs to measure: a tenth of them, and all.
    fn jobs(&self, all: u64) -> (u64, u64) {
        let jobs = all / self.divisor;
        (jobs / 10, jobs)
    }

    async fn limits(&mut self) -> Result<()> {
        let server = RedisServer::start();
        push::fill(&connect(&server).await?, "default", 1, 1).await?;
        let payload_bytes = raw_redis::payload_bytes(server.port(), "queue:default")?;
        let limits = Limits::measure(server.port(), payload_bytes, 500_000 / self.divisor)?;
        for (figure, sample) in [
            ("raw_lpush", limits.lpush),
            ("raw_lmove", limits.lmove),
            ("raw_lrem", limits.lrem),
            ("raw_limit", limits.all()),
        ] {
            self.add(figure, sample);
        }
        Ok(())
    }

    async fn drain(&mut self, slots: usize) -> Result<()> {
        let (warm_up, jobs) = self.jobs(DRAIN);
        let server = RedisServer::start();
        let client = connect(&server).await?;
        push::fill(&client, "default", BULK, warm_up + jobs).await?;
        let drained = drain::drain(&client, "default", slots, warm_up, jobs).await?;
        self.add(&format!("drain{slots}"), drained.jobs_per_second);
        if let Some(seconds) = drained.cpu_seconds {
            self.add(&format!("drain{slots}_cpu_seconds"), seconds);
        }
        Ok(())
    }

    /// Sidekiq's bulk push, and its drain of what it pushed.
    fn sidekiq(&mut self, threads: usize) -> Result<()> {
        let (warm_up, jobs) = self.jobs(DRAIN);
        let server = RedisServer::start();
        let pushed = self.sidekiq.push_bulk(&server.url(), BULK, warm_up, jobs)?;
        self.add("sidekiq_bulk", pushed);
        let drained = self.sidekiq.drain(&server.url(), threads, warm_up, jobs)?;
        self.add(&format!("sidekiq_drain{threads}"), drained);
        Ok(())
    }

    async fn bulk(&mut self) -> Result<()> {
        let (warm_up, jobs) = self.jobs(300_000);
        let server = RedisServer::start();
        let sample = push::bulk(&connect(&server).await?, BULK, warm_up, jobs).await?;
        self.add("bulk", sample);
        Ok(())
    }

    async fn push(&mut self, pushers: u64, jobs: u64) -> Result<()> {
        let (warm_up, jobs) = self.jobs(jobs);
        let server = RedisServer::start();
        let sample = push::one_by_one(&connect(&server).await?, pushers, warm_up, jobs).await?;
        self.add(&format!("push{pushers}"), sample);
        Ok(())
    }

    async fn latency(&mut self, queues: usize) -> Result<()> {
        let (warm_up, pushes) = self.jobs(300);
        let server = RedisServer::start();
        let client = connect(&server).await?;
        let measured = latency::push_to_start(&client, &names(queues), warm_up, pushes).await?;
        for (from, samples) in [("call", &measured.from_call), ("return", &measured.from_return)] {
            self.add(&format!("latency{queues}_from_{from}_p50_us"), samples.quantile(0.5));
            self.add(&format!("latency{queues}_from_{from}_p99_us"), samples.quantile(0.99));
        }
        Ok(())
    }

    async fn idle(&mut self) -> Result<()> {
        let server = RedisServer::start();
        let client = connect(&server).await?;
        let store = server.pid().context("redis-server has ended")?;
        let used = idle::watch(&client, &names(IDLE_QUEUES), store, IDLE_FOR / self.divisor as u32).await?;
        if let Some(used) = used {
            self.add("idle_ms_per_s", used.server_ms_per_s);
            self.add("idle_store_ms_per_s", used.store_ms_per_s);
        }
        Ok(())
    }
}

async fn connect(server: &RedisServer) -> Result<Client> {
    sancho::connect(&server.url()).await.context("failed to open the store")
}

fn names(queues: usize) -> Vec<String> {
    (0..queues).map(|number| format!("queue-{number}")).collect()
}

fn rows() -> Vec<Row> {
    const ROWS: [(&str, &str, Option<&str>, Option<&str>); 29] = [
        ("raw_lpush", "raw: LPUSH, pipelined, a second", None, None),
        ("raw_lmove", "raw: LMOVE, pipelined, a second", None, None),
        ("raw_lrem", "raw: LREM, pipelined, a second", None, None),
        ("raw_limit", "limit: 1/(1/LPUSH + 1/LMOVE + 1/LREM), jobs/s", None, None),
        ("sidekiq_drain10", "Sidekiq: drain, 10 threads, jobs/s", None, None),
        ("sidekiq_drain25", "Sidekiq: drain, 25 threads, jobs/s", None, None),
        ("sidekiq_drain", "Sidekiq: drain, the better, jobs/s", None, Some("raw_limit")),
        ("sidekiq_bulk", "Sidekiq: bulk push by 1,000, jobs/s", None, Some("raw_lpush")),
        ("drain25", "drain, 25 slots, jobs/s", Some("sidekiq_drain"), Some("raw_limit")),
        ("drain100", "drain, 100 slots, jobs/s", Some("sidekiq_drain"), Some("raw_limit")),
        ("drain25_cpu_seconds", "CPU s per 100k drained, 25 slots", None, None),
        ("drain100_cpu_seconds", "CPU s per 100k drained, 100 slots", None, None),
        ("bulk", "bulk push by 1,000, jobs/s", Some("sidekiq_bulk"), Some("raw_lpush")),
        ("push1", "push, 1 pusher, jobs/s", None, None),
        ("push50", "push, 50 pushers, jobs/s", None, None),
        ("latency1_from_call_p50_us", "push called to start, 1 queue, p50, µs", None, None),
        ("latency1_from_call_p99_us", "push called to start, 1 queue, p99, µs", None, None),
        ("latency1_from_return_p50_us", "push returned to start, 1 queue, p50, µs", None, None),
        ("latency1_from_return_p99_us", "push returned to start, 1 queue, p99, µs", None, None),
        ("latency10_from_call_p50_us", "push called to start, 10 queues, p50, µs", None, None),
        ("latency10_from_call_p99_us", "push called to start, 10 queues, p99, µs", None, None),
        ("latency10_from_return_p50_us", "push returned to start, 10 queues, p50, µs", None, None),
        ("latency10_from_return_p99_us", "push returned to start, 10 queues, p99, µs", None, None),
        ("latency100_from_call_p50_us", "push called to start, 100 queues, p50, µs", None, None),
        ("latency100_from_call_p99_us", "push called to start, 100 queues, p99, µs", None, None),
        ("latency100_from_return_p50_us", "push returned to start, 100 queues, p50, µs", None, None),
        ("latency100_from_return_p99_us", "push returned to start, 100 queues, p99, µs", None, None),
        ("idle_ms_per_s", "idle server, 10 queues, CPU ms a second", None, None),
        ("idle_store_ms_per_s", "redis-server below it, CPU ms a second", None, None),
    ];
    let full = |name: &str| format!("redis_{name}");
    let row = |(figure, label, peer, limit): (&str, &str, Option<&str>, Option<&str>)| Row {
        figure: full(figure),
        label: label.to_owned(),
        peer: peer.map(full),
        limit: limit.map(full),
    };
    ROWS.map(row).into()
}

fn ratios(figures: &Figures) -> BTreeMap<String, f64> {
    const PAIRS: [(&str, &str, &str); 8] = [
        ("drain25_vs_sidekiq", "drain25", "sidekiq_drain"),
        ("drain100_vs_sidekiq", "drain100", "sidekiq_drain"),
        ("bulk_vs_sidekiq", "bulk", "sidekiq_bulk"),
        ("drain25_vs_limit", "drain25", "raw_limit"),
        ("drain100_vs_limit", "drain100", "raw_limit"),
        ("sidekiq_drain_vs_limit", "sidekiq_drain", "raw_limit"),
        ("bulk_vs_limit", "bulk", "raw_lpush"),
        ("push50_vs_push1", "push50", "push1"),
    ];
    let full = |name: &str| format!("redis_{name}");
    let ratio = |(name, figure, to): (&str, &str, &str)| Some((full(name), figures.ratio(&full(figure), &full(to))?));
    PAIRS.into_iter().filter_map(ratio).collect()
}
