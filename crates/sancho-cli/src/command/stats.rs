//! `sancho stats`: the totals of the store.

use sancho::Client;
use sancho_core::Stats;
use serde::Serialize;

use crate::exit::Exit;
use crate::output::Output;
use crate::table::Table;

/// The totals, under the names that scripts rely on.
#[derive(Debug, Serialize)]
struct Totals {
    processed: u64,
    failed: u64,
    busy: u64,
    enqueued: u64,
    scheduled: u64,
    retries: u64,
    dead: u64,
    held: u64,
    processes: u64,
}

pub(super) async fn run(client: &Client, output: &mut Output) -> Result<(), Exit> {
    let totals = Totals::from(client.inspect().stats(client.clock().now()).await?);
    output.either(&totals, || totals.table().to_string())
}

impl From<Stats> for Totals {
    fn from(stats: Stats) -> Self {
        let Stats { processed, failed, busy, enqueued, scheduled, retries, dead, held, processes } = stats;
        Totals { processed, failed, busy, enqueued, scheduled, retries, dead, held, processes }
    }
}

impl Totals {
    fn table(&self) -> Table {
        let mut table = Table::new(&["total", "jobs"], &[1]);
        for (name, count) in [
            ("processed", self.processed),
            ("failed", self.failed),
            ("busy", self.busy),
            ("enqueued", self.enqueued),
            ("scheduled", self.scheduled),
            ("retries", self.retries),
            ("dead", self.dead),
            ("held", self.held),
        ] {
            table.row([name.into(), count.to_string().into()]);
        }
        table.row(["processes".into(), self.processes.to_string().into()]);
        table
    }
}
