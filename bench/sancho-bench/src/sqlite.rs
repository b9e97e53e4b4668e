//! Sancho on SQLite, beside raw rusqlite with the same promise, in one run.

use std::collections::BTreeMap;

use anyhow::Result;

use crate::figure::Figures;
use crate::raw_sqlite::{self, Commits};
use crate::report::Row;
use crate::scratch::{Durability, Scratch};
use crate::table::Options;
use crate::{drain, latency, push};

/// Slots of the drains; the first follows its limit directly.
const SLOTS: [usize; 4] = [100, 25, 10, 1];

/// Jobs of one bulk push, and rows of one raw transaction beside it.
const BULK: u64 = 1_000;

/// Measures everything, in turn, and prints the table.
pub async fn run(scratch: &Scratch, options: &Options) -> Result<()> {
    let (rounds, divisor) = options.rounds();
    let mut figures = Figures::default();
    for round in 1..=rounds {
        for durability in [Durability::Full, Durability::Normal] {
            eprintln!("round {round} of {rounds}, synchronous={}", durability.synchronous());
            Round { scratch, durability, divisor, figures: &mut figures }.measure().await?;
        }
    }
    options.tell(&figures, &rows(), &ratios(&figures))
}

/// Each figure once, with one promise.
struct Round<'a> {
    scratch: &'a Scratch,
    durability: Durability,
    divisor: u64,
    figures: &'a mut Figures,
}

impl Round<'_> {
    /// Each limit goes right before what is compared with it: a machine is not the same a minute later.
    async fn measure(&mut self) -> Result<()> {
        self.raw_inserts("raw_insert1", 1, 10_000)?;
        self.push(1, 10_000).await?;
        self.push(50, 100_000).await?;
        self.raw_inserts("raw_insert1000", BULK, 300_000)?;
        self.bulk().await?;
        self.raw_cycle("raw_cycle_merged", Commits::SettleWithClaim)?;
        self.raw_cycle("raw_cycle", Commits::Each)?;
        for slots in SLOTS {
            self.drain(slots).await?;
        }
        self.latency().await
    }

    fn add(&mut self, figure: &str, sample: f64) {
        self.figures.add(name(self.durability, figure), sample);
    }

    /// Jobs to warm up with, and jobs to measure: a tenth of them, and all.
    fn jobs(&self, all: u64) -> (u64, u64) {
        let jobs = all / self.divisor;
        (jobs / 10, jobs)
    }

    fn raw_inserts(&mut self, figure: &str, batch: u64, rows: u64) -> Result<()> {
        let database = self.scratch.database()?;
        let (warm_up, rows) = self.jobs(rows);
        let sample = raw_sqlite::inserts(database.file(), self.durability, batch, warm_up, rows)?;
        self.add(figure, sample);
        Ok(())
    }

    fn raw_cycle(&mut self, figure: &str, commits: Commits) -> Result<()> {
        let database = self.scratch.database()?;
        let (warm_up, jobs) = self.jobs(200_000);
        let sample = raw_sqlite::cycle(database.file(), self.durability, commits, warm_up, jobs)?;
        self.add(figure, sample);
        Ok(())
    }

    async fn push(&mut self, pushers: u64, jobs: u64) -> Result<()> {
        let database = self.scratch.database()?;
        let client = database.connect(self.durability).await?;
        let (warm_up, jobs) = self.jobs(jobs);
        let sample = push::one_by_one(&client, pushers, warm_up, jobs).await?;
        self.add(&format!("push{pushers}"), sample);
        Ok(())
    }

    async fn bulk(&mut self) -> Result<()> {
        let database = self.scratch.database()?;
        let client = database.connect(self.durability).await?;
        let (warm_up, jobs) = self.jobs(300_000);
        let sample = push::bulk(&client, BULK, warm_up, jobs).await?;
        self.add("bulk", sample);
        Ok(())
    }

    async fn drain(&mut self, slots: usize) -> Result<()> {
        let all = match slots {
            1 => 10_000,
            10 => 50_000,
            25 => 100_000,
            _ => 200_000,
        };
        let (warm_up, jobs) = self.jobs(all);
        let database = self.scratch.database()?;
        let client = database.connect(self.durability).await?;
        push::fill(&client, "default", BULK, warm_up + jobs).await?;
        let drained = drain::drain(&client, "default", slots, warm_up, jobs).await?;
        self.add(&format!("drain{slots}"), drained.jobs_per_second);
        if let Some(seconds) = drained.cpu_seconds {
            self.add(&format!("drain{slots}_cpu_seconds"), seconds);
        }
        Ok(())
    }

    async fn latency(&mut self) -> Result<()> {
        let database = self.scratch.database()?;
        let client = database.connect(self.durability).await?;
        let (warm_up, pushes) = self.jobs(300);
        let measured = latency::push_to_start(&client, &["default".to_owned()], warm_up, pushes).await?;
        for (from, samples) in [("call", &measured.from_call), ("return", &measured.from_return)] {
            self.add(&format!("latency_from_{from}_p50_us"), samples.quantile(0.5));
            self.add(&format!("latency_from_{from}_p99_us"), samples.quantile(0.99));
        }
        Ok(())
    }
}

fn name(durability: Durability, figure: &str) -> String {
    format!("sqlite_{durability}_{figure}")
}

fn rows() -> Vec<Row> {
    const ROWS: [(&str, &str, Option<&str>); 19] = [
        ("raw_insert1", "raw: insert, 1 a transaction, rows/s", None),
        ("raw_insert1000", "raw: insert, 1,000 a transaction, rows/s", None),
        ("raw_cycle", "raw: insert, claim, delete by 100, jobs/s", None),
        ("raw_cycle_merged", "raw: the same, delete and claim in one, jobs/s", None),
        ("push1", "push, 1 pusher, jobs/s", Some("raw_insert1")),
        ("push50", "push, 50 pushers, jobs/s", Some("raw_insert1")),
        ("bulk", "bulk push by 1,000, jobs/s", Some("raw_insert1000")),
        ("drain1", "drain, 1 slot, jobs/s", Some("raw_cycle")),
        ("drain10", "drain, 10 slots, jobs/s", Some("raw_cycle")),
        ("drain25", "drain, 25 slots, jobs/s", Some("raw_cycle")),
        ("drain100", "drain, 100 slots, jobs/s", Some("raw_cycle")),
        ("drain1_cpu_seconds", "CPU s per 100k drained, 1 slot", None),
        ("drain10_cpu_seconds", "CPU s per 100k drained, 10 slots", None),
        ("drain25_cpu_seconds", "CPU s per 100k drained, 25 slots", None),
        ("drain100_cpu_seconds", "CPU s per 100k drained, 100 slots", None),
        ("latency_from_call_p50_us", "push called to start, p50, µs", None),
        ("latency_from_call_p99_us", "push called to start, p99, µs", None),
        ("latency_from_return_p50_us", "push returned to start, p50, µs", None),
        ("latency_from_return_p99_us", "push returned to start, p99, µs", None),
    ];
    let both = [Durability::Full, Durability::Normal];
    let row = |durability: Durability, (figure, label, limit): (&str, &str, Option<&str>)| Row {
        figure: name(durability, figure),
        label: format!("{:<6} {label}", durability.synchronous()),
        peer: None,
        limit: limit.map(|limit| name(durability, limit)),
    };
    both.into_iter().flat_map(|durability| ROWS.map(|given| row(durability, given))).collect()
}

/// What is compared, each within one promise.
fn ratios(figures: &Figures) -> BTreeMap<String, f64> {
    const PAIRS: [(&str, &str, &str); 9] = [
        ("push1_vs_limit", "push1", "raw_insert1"),
        ("push50_vs_push1", "push50", "push1"),
        ("bulk_vs_limit", "bulk", "raw_insert1000"),
        ("drain1_vs_limit", "drain1", "raw_cycle"),
        ("drain10_vs_limit", "drain10", "raw_cycle"),
        ("drain25_vs_limit", "drain25", "raw_cycle"),
        ("drain100_vs_limit", "drain100", "raw_cycle"),
        ("drain100_vs_merged_limit", "drain100", "raw_cycle_merged"),
        ("drain100_vs_drain25", "drain100", "drain25"),
    ];
    let mut ratios = BTreeMap::new();
    for durability in [Durability::Full, Durability::Normal] {
        for (ratio, figure, limit) in PAIRS {
            if let Some(value) = figures.ratio(&name(durability, figure), &name(durability, limit)) {
                ratios.insert(name(durability, ratio), value);
            }
        }
    }
    ratios
}
