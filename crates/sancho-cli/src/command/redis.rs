//! `sancho redis`: what concerns a store on Redis alone.

use clap::{Args, Subcommand};
use sancho_redis::{Purged, ToPurge};
use serde::Serialize;

use crate::exit::Exit;
use crate::output::Output;
use crate::store;
use crate::text::visible;

/// Unknown keys that a plan names; of the rest it says how many.
const STRANGE_MAX: usize = 10;

/// What is to be done.
#[derive(Debug, Subcommand)]
pub(crate) enum Redis {
    /// Give all jobs back to Sidekiq's own keys, and remove every key under sancho:
    #[command(after_help = "Stop all servers and pushing programs first. Jobs that servers left unfinished go \
                            to the front of their queues, held jobs to the back of theirs. Sidekiq's keys stay. \
                            Without --yes it only says what it would do.")]
    Purge(Purge),
}

#[derive(Debug, Args)]
pub(crate) struct Purge {
    /// Do it, instead of saying what would be done
    #[arg(long)]
    yes: bool,
}

pub(super) async fn run(named: Option<String>, wanted: Redis, output: &mut Output) -> Result<(), Exit> {
    let Redis::Purge(purge) = wanted;
    let store = store::open_redis(named).await?;
    if purge.yes {
        let purged = store.purge().await?;
        output.either(&Done::from(purged), || done(&purged))
    } else {
        let plan = store.to_purge().await?;
        output.either(&Plan::from(&plan), || page(&plan))
    }
}

/// What was done, for JSON output.
#[derive(Debug, Serialize)]
struct Done {
    purged: bool,
    in_flight: u64,
    held: u64,
    buried: u64,
    keys: u64,
}

impl From<Purged> for Done {
    fn from(purged: Purged) -> Self {
        let Purged { in_flight, held, buried, keys, .. } = purged;
        Done { purged: true, in_flight, held, buried, keys }
    }
}

fn done(purged: &Purged) -> String {
    let Purged { in_flight, held, buried, keys, .. } = *purged;
    let mut said = format!(
        "{} back at the front of their queues, {} at the back of theirs, {} removed",
        count(in_flight, "job", "in flight"),
        count(held, "job", "held"),
        count(keys, "key", "under sancho:")
    );
    if buried > 0 {
        said.push_str(&format!("; {} could not be read, now in the dead set", count(buried, "job", "held")));
    }
    said
}

/// What would be done, for JSON output.
#[derive(Debug, Serialize)]
struct Plan<'a> {
    purged: bool,
    in_flight: u64,
    held: u64,
    job_keys: u64,
    checkpoints: u64,
    paused_classes: u64,
    keys: u64,
    strange: &'a [String],
}

impl<'a> From<&'a ToPurge> for Plan<'a> {
    fn from(plan: &'a ToPurge) -> Self {
        let ToPurge { in_flight, held, job_keys, checkpoints, paused_classes, keys, .. } = *plan;
        Plan { purged: false, in_flight, held, job_keys, checkpoints, paused_classes, keys, strange: &plan.strange }
    }
}

/// What would be done, a line each.
fn page(plan: &ToPurge) -> String {
    let ToPurge { in_flight, held, job_keys, checkpoints, paused_classes, keys, .. } = plan;
    let mut page = format!(
        "This would\n\
         \x20 bring {} back to the front of their queues\n\
         \x20 move {} to the back of their queues\n\
         \x20 remove {}, and with them {}, {} and {}\n",
        count(*in_flight, "job", "in flight"),
        count(*held, "job", "held"),
        count(*keys, "key", "under sancho:"),
        count(*job_keys, "job key", "that jobs hold"),
        count(*checkpoints, "checkpoint", "of jobs"),
        count(*paused_classes, "pause", "of classes"),
    );
    if !plan.strange.is_empty() {
        page.push_str("Among the keys are some that this version does not know:\n");
        for key in plan.strange.iter().take(STRANGE_MAX) {
            page.push_str(&format!("  {}\n", visible(key)));
        }
        if let more @ 1.. = plan.strange.len().saturating_sub(STRANGE_MAX) {
            page.push_str(&format!("  and {more} more\n"));
        }
    }
    page.push_str("Nothing was done: add --yes to do it.");
    page
}

fn count(count: u64, one: &str, which: &str) -> String {
    format!("{count} {one}{} {which}", if count == 1 { "" } else { "s" })
}
