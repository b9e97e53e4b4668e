//! One subject on one store and nothing else, for whoever profiles it: `bench/flamegraph` does.

use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::ValueEnum;

use crate::scratch::Scratch;
use crate::store::{Kind, Store};
use crate::subject::bulk;
use crate::{cpu, drain, push};

#[derive(Debug, clap::Args)]
pub struct Options {
    /// The store.
    #[arg(long, value_enum, default_value_t = Which::Sqlite)]
    store: Which,

    /// What is done.
    #[arg(long, value_enum, default_value_t = What::Drain)]
    subject: What,

    /// How many jobs are pushed or performed, beside a tenth as many before.
    #[arg(long, default_value_t = 200_000, value_parser = clap::value_parser!(u64).range(10..))]
    jobs: u64,

    /// Pushers of `push`, slots of `drain`.
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u64).range(1..=1_000))]
    parallel: u64,

    /// A named pipe to which `enable` is written once the jobs of a drain are in their queue, as perf understands it.
    #[arg(long)]
    control: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Which {
    /// SQLite with `synchronous=FULL`.
    Sqlite,
    /// Redis that keeps nothing on disk.
    Redis,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum What {
    /// Single pushes by some tasks.
    Push,
    /// All in one call.
    Bulk,
    /// A server that performs what is in a queue.
    Drain,
}

/// Does it once, and prints jobs a second, and processor time of this process and of the store's own.
pub async fn run(scratch: &Scratch, options: &Options) -> Result<()> {
    let kind = match options.store {
        Which::Sqlite => Kind::SqliteFull,
        Which::Redis => Kind::Redis,
    };
    let store = Store::fresh(kind, scratch)?;
    let client = store.connect().await?;
    let (warm_up, jobs) = (options.jobs / 10, options.jobs);
    if let What::Drain = options.subject {
        push::fill(&client, "default", bulk::BATCH, warm_up + jobs).await?;
    }
    if let Some(control) = &options.control {
        std::fs::write(control, "enable\n").with_context(|| format!("failed to write to {}", control.display()))?;
    }
    let used = || Some((cpu::seconds()?, store.cpu_seconds().unwrap_or_default()));
    let before = used();
    let rate = match options.subject {
        What::Push => push::one_by_one(&client, options.parallel, warm_up, jobs).await?,
        What::Bulk => push::all(&client, warm_up, jobs).await?,
        What::Drain => {
            let slots = usize::try_from(options.parallel)?;
            drain::drain(&client, "default", slots, warm_up, jobs).await?.jobs_per_second
        }
    };
    println!("{rate:.0} jobs/s");
    if let Some((before, after)) = before.zip(used()) {
        let each = |seconds: f64| seconds * 1e6 / (warm_up + jobs) as f64;
        println!("{:.2} µs of processor time a job in this process", each(after.0 - before.0));
        println!("{:.2} µs in the store's own", each(after.1 - before.1));
    }
    Ok(())
}
