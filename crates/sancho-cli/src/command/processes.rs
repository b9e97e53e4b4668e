//! `sancho processes`: every process that performs jobs, as of its last beat.

use sancho::Client;
use sancho_core::process::Quiet;
use sancho_core::{CapsuleInfo, ProcessInfo, ProcessRow, Timestamp};
use serde::Serialize;

use crate::exit::Exit;
use crate::output::Output;
use crate::table::Table;
use crate::{text, when};

/// Characters of a list of queues that a table shows.
const QUEUES_SHOWN: usize = 40;

#[derive(Debug, Serialize)]
struct Processes<'a> {
    processes: Vec<Process<'a>>,
}

#[derive(Debug, Serialize)]
struct Process<'a> {
    identity: &'a str,
    hostname: &'a str,
    pid: u32,
    queues: Vec<&'a str>,
    slots: usize,
    capsules: Vec<Capsule<'a>>,
    busy: usize,
    quiet: bool,
    /// Seconds since the epoch.
    started_at: f64,
    /// Seconds since the epoch.
    beat_at: f64,
    /// Seconds that the last beat took, there and back.
    round_trip: f64,
    rss_bytes: u64,
    version: &'a str,
    tag: &'a str,
    labels: &'a [String],
}

#[derive(Debug, Serialize)]
struct Capsule<'a> {
    name: &'a str,
    slots: usize,
    order: &'a str,
    queues: &'a [String],
}

impl<'a> From<&'a CapsuleInfo> for Capsule<'a> {
    fn from(info: &'a CapsuleInfo) -> Self {
        Capsule { name: &info.name, slots: info.slots, order: &info.order, queues: &info.queues }
    }
}

impl<'a> From<&'a ProcessRow> for Process<'a> {
    fn from(row: &'a ProcessRow) -> Self {
        let info = &row.info;
        Process {
            identity: info.incarnation.as_str(),
            hostname: &info.hostname,
            pid: info.pid,
            queues: info.queues.iter().map(|queue| queue.as_str()).collect(),
            slots: info.slots,
            capsules: info.capsules.iter().map(Capsule::from).collect(),
            busy: row.busy,
            quiet: row.quiet == Quiet::Yes,
            started_at: info.started_at.as_unix_secs_f64(),
            beat_at: row.beat_at.as_unix_secs_f64(),
            round_trip: row.round_trip.as_secs_f64(),
            rss_bytes: row.rss_bytes,
            version: &info.version,
            tag: &info.tag,
            labels: &info.labels,
        }
    }
}

pub(super) async fn run(client: &Client, output: &mut Output) -> Result<(), Exit> {
    let now = client.clock().now();
    let rows = client.inspect().processes(now).await?;
    let object = Processes { processes: rows.iter().map(Process::from).collect() };
    output.either(&object, || match rows.is_empty() {
        true => "no process performs jobs: start a server".to_owned(),
        false => table(&rows, now).to_string(),
    })
}

fn table(rows: &[ProcessRow], now: Timestamp) -> Table {
    const HEADINGS: [&str; 11] = [
        "identity",
        "host",
        "pid",
        "busy",
        "takes jobs",
        "queues",
        "started",
        "last beat",
        "round trip",
        "memory",
        "version",
    ];
    let mut table = Table::new(&HEADINGS, &[2, 3, 8, 9]);
    for row in rows {
        let info = &row.info;
        let queues = queues(info);
        let named = if info.tag.is_empty() { String::new() } else { format!(" {}", info.tag) };
        table.row([
            info.incarnation.as_str().into(),
            info.hostname.as_str().into(),
            info.pid.to_string().into(),
            format!("{} of {}", row.busy, info.slots).into(),
            if row.quiet == Quiet::Yes { "no" } else { "yes" }.into(),
            text::shortened(&queues, QUEUES_SHOWN).into_owned().into(),
            when::in_words(info.started_at, now).into(),
            when::in_words(row.beat_at, now).into(),
            format!("{:.1} ms", row.round_trip.as_secs_f64() * 1e3).into(),
            memory(row.rss_bytes).into(),
            format!("{}{named}", info.version).into(),
        ]);
    }
    table
}

/// The queues of a process: as its capsules have them, where it has several or they are more than names.
fn queues(info: &ProcessInfo) -> String {
    let told = |capsule: &CapsuleInfo| capsule.queues.join(" ");
    match &info.capsules[..] {
        [] => info.queues.iter().map(|queue| queue.as_str()).collect::<Vec<_>>().join(" "),
        [one] => told(one),
        several => {
            let each = several.iter().map(|it| format!("{} ({}): {}", it.name, it.slots, told(it)));
            each.collect::<Vec<_>>().join("; ")
        }
    }
}

/// Megabytes, or a dash where the process does not tell.
fn memory(bytes: u64) -> String {
    if bytes == 0 { "-".to_owned() } else { format!("{} MB", bytes.div_ceil(1_000_000)) }
}
