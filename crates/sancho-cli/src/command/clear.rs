//! `sancho clear`: a queue without its jobs.

use clap::Args;
use sancho::Client;
use sancho_core::{QueueName, limits};
use serde::Serialize;

use crate::consent::Consent;
use crate::exit::Exit;
use crate::output::Output;
use crate::text::counted;

#[derive(Debug, Args)]
pub(crate) struct Clear {
    /// The queue
    #[arg(value_name = "QUEUE", value_parser = |text: &str| QueueName::new(text))]
    queue: QueueName,

    #[command(flatten)]
    consent: Consent,
}

/// What was done, or would be, for JSON output.
#[derive(Debug, Serialize)]
struct Deed<'a> {
    queue: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    done: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    would: Option<&'static str>,
    jobs: u64,
}

pub(super) async fn run(client: &Client, clear: Clear, output: &mut Output) -> Result<(), Exit> {
    let Clear { queue, consent } = clear;
    let rows = client.inspect().queues(client.clock().now()).await?;
    let Some(row) = rows.iter().find(|row| row.name == queue) else {
        return Err(Exit::coded(
            format!("there is no queue {queue}: see sancho queues for those that there are"),
            "not-found",
        ));
    };
    let what = format!("delete {} of the queue {queue}", counted(row.size, "job", "jobs"));
    let mut deed = Deed { queue: queue.as_str(), done: None, would: None, jobs: row.size };
    if consent.is_dry_run() {
        deed.would = Some("delete");
        return output.either(&deed, || format!("would {what}"));
    }
    if row.size > 0 {
        consent.ask(&what)?;
    }
    deed.jobs = 0;
    // Jobs that were pushed since the count were not asked about: they stay, if servers leave enough of the others.
    loop {
        let limit = limits::JOBS_PER_MOVE_MAX.min(usize::try_from(row.size - deed.jobs).unwrap_or(usize::MAX)).max(1);
        let cleared = client.inspect().clear(&queue, limit, client.clock().now()).await? as u64;
        deed.jobs += cleared;
        if cleared == 0 || deed.jobs >= row.size {
            break;
        }
    }
    deed.done = Some("deleted");
    output.either(&deed, || format!("deleted {} of the queue {queue}", counted(deed.jobs, "job", "jobs")))
}
