//! `sancho demo`: sample data, to look at the command and the pages with.

mod sample;

use clap::Args;
use sancho::Client;
use sancho_core::{Action, Filter, NewJob, Selection, Set, Stats, limits};
use serde::Serialize;

use crate::consent::Consent;
use crate::exit::{self, Exit};
use crate::output::Output;
use crate::selection::Many;
use crate::text::counted;

/// Jobs that can be asked for: enough to see long lists.
const JOBS_MAX: i64 = 100_000;

/// By what sample jobs are known.
pub(super) const TAG: &str = "demo";

#[derive(Debug, Args)]
pub(crate) struct Demo {
    /// How many jobs
    #[arg(long, value_name = "N", default_value_t = 100,
          value_parser = clap::value_parser!(u64).range(1..=JOBS_MAX as u64))]
    jobs: u64,

    /// Remove the sample jobs again: all that have the tag demo
    #[arg(long, conflicts_with = "jobs")]
    remove: bool,

    #[command(flatten)]
    consent: Consent,
}

/// What was done, or would be, for JSON output.
#[derive(Debug, Serialize)]
struct Deed {
    #[serde(skip_serializing_if = "Option::is_none")]
    done: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    would: Option<&'static str>,
    jobs: u64,
}

pub(super) async fn run(client: &Client, demo: Demo, output: &mut Output) -> Result<(), Exit> {
    if demo.remove { remove(client, demo.consent, output).await } else { push(client, demo, output).await }
}

async fn push(client: &Client, demo: Demo, output: &mut Output) -> Result<(), Exit> {
    let stats = client.inspect().stats(client.clock().now()).await?;
    let what = format!("push {}", counted(demo.jobs, "sample job", "sample jobs"));
    if demo.consent.is_dry_run() {
        return output.either(&Deed { done: None, would: Some("push"), jobs: demo.jobs }, || format!("would {what}"));
    }
    let there = all(&stats);
    if there > 0 && !demo.consent.is_given() {
        let them = counted(there, "job", "jobs");
        return Err(Exit::NotConfirmed(format!(
            "the store has {them} already, which may not be for show: use another store, or add --yes to {what} among \
             them"
        )));
    }
    if stats.processes > 0 {
        exit::note("servers work on this store: they will meet the sample jobs, and do not know their classes");
    }
    let samples: Vec<u64> = (0..demo.jobs).collect();
    for step in samples.chunks(limits::JOBS_PER_MOVE_MAX) {
        let now = client.clock().now();
        let jobs = step.iter().map(|number| sample::job(client, *number, now));
        let jobs: Vec<NewJob> = jobs.collect::<Result<_, _>>().map_err(|error| Exit::coded(error, "internal"))?;
        client.store().push(&jobs, now).await?;
    }
    output.either(&Deed { done: Some("pushed"), would: None, jobs: demo.jobs }, || {
        format!(
            "pushed {}\nlook at them: sancho stats, sancho ls retries, sancho watch\nremove them: sancho demo --remove",
            counted(demo.jobs, "sample job", "sample jobs")
        )
    })
}

async fn remove(client: &Client, consent: Consent, output: &mut Output) -> Result<(), Exit> {
    let now = client.clock().now();
    let filter = Filter::parse(&format!("tag:{TAG}"), now).map_err(Exit::usage)?;
    let mut sets = vec![Set::Scheduled, Set::Retries, Set::Dead, Set::Held];
    sets.extend(client.inspect().queues(now).await?.into_iter().map(|row| Set::Queue(row.name)));
    let mut count = 0;
    for set in &sets {
        count += Many { set: set.clone(), filter: filter.clone() }.count(client).await?;
    }
    let what = format!("delete {} with the tag {TAG}", counted(count, "job", "jobs"));
    if consent.is_dry_run() {
        return output.either(&Deed { done: None, would: Some("delete"), jobs: count }, || format!("would {what}"));
    }
    if count > 0 {
        consent.ask(&what)?;
    }
    let mut deleted = 0;
    for set in sets {
        let mut after = None;
        loop {
            let selection = Selection::All { set: set.clone(), filter: filter.clone(), after };
            let (limit, now) = (limits::JOBS_PER_MOVE_MAX, client.clock().now());
            let applied = client.inspect().apply(&Action::Delete, &selection, limit, now).await?;
            deleted += applied.done as u64;
            match applied.next {
                Some(next) => after = Some(next),
                None => break,
            }
        }
    }
    output.either(&Deed { done: Some("deleted"), would: None, jobs: deleted }, || {
        format!("deleted {}", counted(deleted, "job", "jobs"))
    })
}

/// Every job of a store.
fn all(stats: &Stats) -> u64 {
    let Stats { busy, enqueued, scheduled, retries, dead, held, .. } = stats;
    busy + enqueued + scheduled + retries + dead + held
}
