//! `sancho queues`: every known queue, how long it is and how long its next job has waited.

use sancho::Client;
use sancho_core::QueueRow;
use sancho_core::inspect::Paused;
use serde::Serialize;

use crate::exit::Exit;
use crate::output::Output;
use crate::table::Table;
use crate::when;

#[derive(Debug, Serialize)]
struct Queues<'a> {
    queues: Vec<Queue<'a>>,
}

#[derive(Debug, Serialize)]
struct Queue<'a> {
    name: &'a str,
    size: u64,
    /// Seconds.
    latency: f64,
    paused: bool,
}

pub(super) async fn run(client: &Client, output: &mut Output) -> Result<(), Exit> {
    let rows = client.inspect().queues(client.clock().now()).await?;
    let object = Queues { queues: rows.iter().map(queue).collect() };
    output.either(&object, || if rows.is_empty() { "no queues".into() } else { table(&rows).to_string() })
}

fn queue(row: &QueueRow) -> Queue<'_> {
    Queue {
        name: row.name.as_str(),
        size: row.size,
        latency: row.latency.as_secs_f64(),
        paused: row.paused == Paused::Yes,
    }
}

fn table(rows: &[QueueRow]) -> Table {
    let mut table = Table::new(&["queue", "jobs", "waiting for", "paused"], &[1]);
    for row in rows {
        let waiting = if row.size == 0 { "-".into() } else { when::length(row.latency) };
        let paused = if row.paused == Paused::Yes { "yes" } else { "no" };
        table.row([row.name.as_str().into(), row.size.to_string().into(), waiting.into(), paused.into()]);
    }
    table
}
