//! `sancho watch`: the numbers of a store, again and again.

mod screen;

use std::time::Duration;

use clap::Args;
use sancho::Client;
use sancho_core::inspect::Paused;
use sancho_core::{ProcessRow, QueueRow, Stats, Timestamp};
use serde::Serialize;

use crate::exit::Exit;
use crate::output::Output;
use crate::table::Table;
use crate::text::number;
use crate::when;
use screen::{Event, Screen};

/// The shortest time between two looks: more often tells nothing, and costs the store.
const EVERY_MIN: Duration = Duration::from_millis(100);

#[derive(Debug, Args)]
pub(crate) struct Watch {
    /// How often to look
    #[arg(long, value_name = "SPAN", default_value = "2s", value_parser = when::span)]
    every: Duration,

    /// Look once, print, and end
    #[arg(long)]
    once: bool,
}

impl Watch {
    /// Checks what can be checked without a store.
    pub(super) fn checked(self) -> Result<Self, Exit> {
        if self.every < EVERY_MIN {
            return Err(Exit::usage("--every is too often: look at most ten times a second, such as --every 100ms"));
        }
        Ok(self)
    }
}

/// What was seen at one look.
#[derive(Debug)]
struct Look {
    at: Timestamp,
    stats: Stats,
    queues: Vec<QueueRow>,
    processes: Vec<ProcessRow>,
}

/// What is told of a look, for JSON output and for lines.
#[derive(Debug, Serialize)]
struct Told {
    /// Seconds since the epoch.
    at: f64,
    processed: u64,
    failed: u64,
    /// Since the look before; nothing at the first.
    processed_per_second: Option<f64>,
    failed_per_second: Option<f64>,
    busy: u64,
    slots: usize,
    enqueued: u64,
    scheduled: u64,
    retries: u64,
    dead: u64,
    held: u64,
    processes: usize,
    /// Seconds that the job that has waited longest has waited for.
    latency: f64,
}

pub(super) async fn run(client: &Client, watch: Watch, output: &mut Output) -> Result<(), Exit> {
    let mut screen = if watch.once || output.is_json() { None } else { Screen::take() };
    let mut signals = screen::Signals::listen()?;
    let mut before: Option<Look> = None;
    loop {
        let look = look(client).await?;
        let told = Told::new(&look, before.as_ref());
        match &mut screen {
            Some(screen) => screen.draw(&format!("{}\n{}", head(watch.every), page(&look, &told)))?,
            None if watch.once => output.either(&told, || page(&look, &told))?,
            None => output.either(&told, || told.line())?,
        }
        output.flush()?;
        if watch.once {
            return Ok(());
        }
        before = Some(look);
        let keys = screen.as_mut().map(Screen::keys);
        match screen::next(watch.every, keys, &mut signals).await {
            Event::Tick => {}
            Event::End => return Ok(()),
        }
    }
}

async fn look(client: &Client) -> Result<Look, Exit> {
    let (inspect, at) = (client.inspect(), client.clock().now());
    let (stats, queues) = (inspect.stats(at).await?, inspect.queues(at).await?);
    Ok(Look { at, stats, queues, processes: inspect.processes(at).await? })
}

impl Told {
    fn new(look: &Look, before: Option<&Look>) -> Self {
        let rate = |now: u64, then: fn(&Stats) -> u64| {
            let before = before?;
            let seconds = look.at.since(before.at).as_secs_f64();
            (seconds > 0.0).then(|| now.saturating_sub(then(&before.stats)) as f64 / seconds)
        };
        let Stats { processed, failed, busy, enqueued, scheduled, retries, dead, held, .. } = look.stats;
        Told {
            at: look.at.as_unix_secs_f64(),
            processed,
            failed,
            processed_per_second: rate(processed, |stats| stats.processed),
            failed_per_second: rate(failed, |stats| stats.failed),
            busy,
            slots: look.processes.iter().map(|row| row.info.slots).sum(),
            enqueued,
            scheduled,
            retries,
            dead,
            held,
            processes: look.processes.len(),
            latency: look.queues.iter().map(|row| row.latency.as_secs_f64()).fold(0.0, f64::max),
        }
    }

    /// All of it on one line, for logs and pipes.
    fn line(&self) -> String {
        let Told { busy, slots, enqueued, scheduled, retries, dead, held, processes, latency, .. } = self;
        let at = Timestamp::from_unix_secs_f64(self.at).map(when::exact).unwrap_or_default();
        format!(
            "{at} busy={busy}/{slots} enqueued={enqueued} scheduled={scheduled} retries={retries} dead={dead} \
             held={held} processes={processes} latency={latency:.1}s processed={}{} failed={}{}",
            self.processed,
            per_second(self.processed_per_second),
            self.failed,
            per_second(self.failed_per_second),
        )
    }
}

/// A rate, behind the total that it belongs to; nothing at the first look.
fn per_second(rate: Option<f64>) -> String {
    rate.map(|rate| format!(" ({rate:.1}/s)")).unwrap_or_default()
}

/// What stands above the page on a screen.
fn head(every: Duration) -> String {
    match every.subsec_millis() {
        0 => format!("every {} s, q ends", every.as_secs()),
        _ => format!("every {} ms, q ends", every.as_millis()),
    }
}

/// All that was seen.
fn page(look: &Look, told: &Told) -> String {
    let Told { busy, slots, enqueued, scheduled, retries, dead, held, processes, .. } = told;
    let mut page = format!(
        "{}\n\n\
         processed {}{}   failed {}{}\n\
         busy {busy} of {slots} slots in {processes} {}\n\
         enqueued {}   scheduled {}   retries {}   dead {}   held {}\n",
        when::exact(look.at),
        number(told.processed),
        per_second(told.processed_per_second),
        number(told.failed),
        per_second(told.failed_per_second),
        if *processes == 1 { "process" } else { "processes" },
        number(*enqueued),
        number(*scheduled),
        number(*retries),
        number(*dead),
        number(*held),
    );
    if !look.queues.is_empty() {
        let mut table = Table::new(&["queue", "jobs", "waiting for", "paused"], &[1]);
        for row in &look.queues {
            let waiting = if row.size == 0 { "-".into() } else { when::length(row.latency) };
            let paused = if row.paused == Paused::Yes { "yes" } else { "no" };
            table.row([row.name.as_str().into(), number(row.size).into(), waiting.into(), paused.into()]);
        }
        page.push_str(&format!("\n{table}"));
    }
    page
}
