//! Keys and claims in a file with a large backlog, as ratios to the same on a file without one.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use sancho::Client;

use crate::figure::Figures;
use crate::scratch::{Database, Durability, Scratch};
use crate::{drain, push, report, waiting};

/// Times that everything is measured, the two files in turn.
const ROUNDS: u64 = 3;

/// Acts by key, one after the other, that are measured in a round, and those that warm up before them.
const ACTS: u64 = 1_000;
const ACTS_WARM_UP: u64 = 100;

/// Jobs of one push before a drain.
const BULK: u64 = 1_000;

/// Jobs drained from another queue in a round: more than acts, for a drain is over sooner.
const CLAIMS: u64 = 20_000;
const CLAIMS_WARM_UP: u64 = 2_000;

#[derive(Clone, Debug, clap::Args)]
pub struct Options {
    /// Keyed scheduled jobs in the file, and as many ready ones in a queue that is not served.
    #[arg(long, default_value_t = 1_000_000, value_parser = clap::value_parser!(u64).range(10_000..))]
    backlog: u64,

    /// Writes every figure and the ratios to this file.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

/// Fills a file, measures both, and prints a line for each kind of act.
pub async fn run(scratch: &Scratch, options: &Options) -> Result<()> {
    let backlog = options.backlog;
    eprintln!("filling a file with {backlog} scheduled and {backlog} ready jobs");
    let full = Side::new(scratch, backlog, backlog).await?;
    let mut figures = Figures::default();
    for round in 0..ROUNDS {
        eprintln!("round {} of {ROUNDS}", round + 1);
        let bare = Side::new(scratch, 2 * (ACTS_WARM_UP + ACTS), 0).await?;
        bare.measure("empty", 0, &mut figures).await?;
        full.measure("backlog", round, &mut figures).await?;
    }

    let mut ratios = BTreeMap::new();
    for act in ["cancel", "reschedule", "claim"] {
        let (beside, empty) = (format!("{act}_backlog"), format!("{act}_empty"));
        let ratio = figures.ratio(&beside, &empty).context("a figure is missing")?;
        let median = |name: &str| figures.get(name).map_or(f64::NAN, |samples| samples.median());
        println!("{act} {ratio:.2} ({:.0}/s beside {backlog}, {:.0}/s without)", median(&beside), median(&empty));
        ratios.insert(format!("keys_{act}_vs_empty"), ratio);
    }
    if let Some(file) = &options.json {
        report::write_json(file, &figures, &ratios, &[])?;
    }
    Ok(())
}

/// One of the two files.
struct Side {
    client: Client,
    keyed: u64,
    /// Removed with the side; dropped after the client.
    _database: Database,
}

impl Side {
    /// A file with so many keyed scheduled jobs, and so many ready ones in a queue that is not served.
    async fn new(scratch: &Scratch, keyed: u64, ready: u64) -> Result<Self> {
        let database = scratch.database()?;
        let client = database.connect(Durability::Full).await?;
        waiting::schedule(&client, 0..keyed, keyed).await?;
        waiting::enqueue(&client, ready).await?;
        Ok(Side { client, keyed, _database: database })
    }

    /// Each kind of act once. Every round acts on jobs that no round before it touched.
    async fn measure(&self, side: &str, round: u64, figures: &mut Figures) -> Result<()> {
        let acts = ACTS_WARM_UP + ACTS;
        let first = round * 2 * acts;
        ensure!(first + 2 * acts <= self.keyed, "the backlog is too small for {ROUNDS} rounds");

        let (warm_up, measured) = self.scattered(first);
        self.cancel(&warm_up).await?;
        let start = Instant::now();
        self.cancel(&measured).await?;
        figures.add(format!("cancel_{side}"), ACTS as f64 / start.elapsed().as_secs_f64());

        let (warm_up, measured) = self.scattered(first + acts);
        self.reschedule(&warm_up).await?;
        let start = Instant::now();
        self.reschedule(&measured).await?;
        figures.add(format!("reschedule_{side}"), ACTS as f64 / start.elapsed().as_secs_f64());

        push::fill(&self.client, "default", BULK, CLAIMS_WARM_UP + CLAIMS).await?;
        let drained = drain::drain(&self.client, "default", 25, CLAIMS_WARM_UP, CLAIMS).await?;
        figures.add(format!("claim_{side}"), drained.jobs_per_second);
        Ok(())
    }

    /// Keys from all over the file: those to warm up with, and those to measure. Another `first` is another place
    /// in an order that names each key once.
    fn scattered(&self, first: u64) -> (Vec<String>, Vec<String>) {
        let keys = |from: u64, count: u64| {
            (from..from + count).map(|n| waiting::key(waiting::scatter(n, self.keyed))).collect()
        };
        (keys(first, ACTS_WARM_UP), keys(first + ACTS_WARM_UP, ACTS))
    }

    async fn cancel(&self, keys: &[String]) -> Result<()> {
        for key in keys {
            self.client.cancel_key(key).await.with_context(|| format!("failed to cancel {key}"))?;
        }
        Ok(())
    }

    async fn reschedule(&self, keys: &[String]) -> Result<()> {
        let at = self.client.clock().now() + Duration::from_secs(48 * 60 * 60);
        for (key, seconds) in keys.iter().zip((0..).step_by(61)) {
            let at = at + Duration::from_secs(seconds);
            self.client.reschedule_key(key, at).await.with_context(|| format!("failed to reschedule {key}"))?;
        }
        Ok(())
    }
}
