//! `sancho queues`: every known queue, how long it is, how long its next job has waited, and how many of its jobs are
//! performed; and what is paused.

use sancho::Client;
use sancho_core::inspect::{Paused, with_paused};
use sancho_core::{MetricsRequest, Pausable, QueueRow, limits};
use serde::Serialize;

use crate::exit::Exit;
use crate::output::Output;
use crate::table::Table;
use crate::text::{rate, visible};
use crate::when;

#[derive(Debug, Serialize)]
struct Queues<'a> {
    queues: Vec<Queue<'a>>,
    paused_classes: &'a [&'a str],
}

#[derive(Debug, Serialize)]
struct Queue<'a> {
    name: &'a str,
    size: u64,
    /// Seconds.
    latency: f64,
    /// Jobs performed a minute, in the mean of the last minutes.
    per_minute: f64,
    paused: bool,
}

pub(super) async fn run(client: &Client, output: &mut Output) -> Result<(), Exit> {
    let now = client.clock().now();
    let rows = client.inspect().queues(now).await?;
    let metrics = client.inspect().metrics(&MetricsRequest::last(limits::THROUGHPUT_OVER), now).await?;
    let paused = client.inspect().paused().await?;
    let rows = with_paused(rows, &paused);
    let per_minute = |row: &QueueRow| metrics.per_minute(&row.name, now);
    let classes: Vec<&str> = paused.iter().filter_map(Pausable::as_class).collect();
    let queues: Vec<Queue<'_>> = rows.iter().map(|row| queue(row, per_minute(row))).collect();
    let object = Queues { queues, paused_classes: &classes };
    output.either(&object, || {
        let queues = if rows.is_empty() { "no queues\n".into() } else { table(&rows, per_minute).to_string() };
        let classes = classes.iter().map(|class| format!("the class {} is paused\n", visible(class)));
        format!("{queues}{}", classes.collect::<String>())
    })
}

fn queue(row: &QueueRow, per_minute: f64) -> Queue<'_> {
    Queue {
        name: row.name.as_str(),
        size: row.size,
        latency: row.latency.as_secs_f64(),
        per_minute,
        paused: row.paused == Paused::Yes,
    }
}

fn table(rows: &[QueueRow], per_minute: impl Fn(&QueueRow) -> f64) -> Table {
    let mut table = Table::new(&["queue", "jobs", "waiting for", "per minute", "paused"], &[1, 3]);
    for row in rows {
        let waiting = if row.size == 0 { "-".into() } else { when::length(row.latency) };
        let paused = if row.paused == Paused::Yes { "yes" } else { "no" };
        table.row([
            row.name.as_str().into(),
            row.size.to_string().into(),
            waiting.into(),
            rate(per_minute(row)).into(),
            paused.into(),
        ]);
    }
    table
}
