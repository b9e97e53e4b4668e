//! `sancho doctor`: whether the store is well, and whether its jobs are performed.

use std::collections::BTreeSet;
use std::time::Duration;

use sancho::Client;
use sancho_core::inspect::Paused;
use sancho_core::process::Quiet;
use sancho_core::{Finding, Level, ProcessRow, QueueRow, Stats, StoreResult, Timestamp, limits};
use serde::Serialize;

use crate::exit::Exit;
use crate::output::Output;
use crate::text::visible;
use crate::when;

/// How long the next job of a queue may wait before somebody should look.
const WAITING_LONG: Duration = Duration::from_secs(5 * 60);

/// Jobs that wait for their next try, from which on somebody should look.
const RETRIES_MANY: u64 = 1_000;

#[derive(Debug, Serialize)]
struct Report<'a> {
    findings: Vec<Told<'a>>,
    worst: &'static str,
}

#[derive(Debug, Serialize)]
struct Told<'a> {
    level: &'static str,
    what: &'a str,
    fix: Option<&'a str>,
}

impl<'a> From<&'a Finding> for Told<'a> {
    fn from(finding: &'a Finding) -> Self {
        Told { level: finding.level.as_str(), what: &finding.what, fix: finding.fix.as_deref() }
    }
}

/// Examines the store, which may not even have been opened: that is a finding too.
pub(super) async fn run(opened: Result<Client, Exit>, output: &mut Output) -> Result<(), Exit> {
    let mut findings = match opened {
        Ok(client) => examine(&client).await,
        Err(Exit::Failed(reason)) => vec![no_store(reason)],
        Err(other) => return Err(other),
    };
    // What is worst is read last, right above the next prompt.
    findings.sort_by_key(|finding| finding.level);
    let worst = findings.last().map_or(Level::Good, |finding| finding.level);
    let report = Report { findings: findings.iter().map(Told::from).collect(), worst: worst.as_str() };
    output.either(&report, || page(&findings))?;
    if worst > Level::Notice { Err(Exit::Told) } else { Ok(()) }
}

/// A level and a finding a line, with what to do about it below.
fn page(findings: &[Finding]) -> String {
    let width = findings.iter().map(|finding| finding.level.as_str().len()).max().unwrap_or(0);
    let mut page = String::new();
    for Finding { level, what, fix, .. } in findings {
        page.push_str(&format!("{:width$}  {}\n", level.as_str(), visible(what)));
        if let Some(fix) = fix {
            page.push_str(&format!("{:width$}    {}\n", "", visible(fix)));
        }
    }
    page
}

fn no_store(reason: String) -> Finding {
    Finding::problem(reason, "start the store, or name the right one with --store or SANCHO_URL")
}

async fn examine(client: &Client) -> Vec<Finding> {
    let (inspect, now) = (client.inspect(), client.clock().now());
    let mut findings = Vec::new();
    note(&mut findings, inspect.checkup(now).await, |found| found);
    let processes = inspect.processes(now).await;
    let served = processes.as_ref().map(|rows| served(rows)).unwrap_or_default();
    note(&mut findings, inspect.stats(now).await, |stats| sizes(&stats));
    note(&mut findings, inspect.queues(now).await, |rows| rows.iter().map(|row| queue(row, &served)).collect());
    note(&mut findings, processes, |rows| living(&rows, now));
    findings
}

/// Adds what an answer says; that there was none is a finding.
fn note<T>(findings: &mut Vec<Finding>, answer: StoreResult<T>, say: impl FnOnce(T) -> Vec<Finding>) {
    match answer {
        Ok(answer) => findings.extend(say(answer)),
        Err(error) => {
            let said = crate::exit::with_causes(&error);
            findings.push(Finding::problem(said, "mend what it names, then ask again"));
        }
    }
}

/// Queues that somebody takes jobs from.
fn served(rows: &[ProcessRow]) -> BTreeSet<String> {
    let taking = rows.iter().filter(|row| row.quiet == Quiet::No);
    taking.flat_map(|row| row.info.queues.iter().map(ToString::to_string)).collect()
}

fn sizes(stats: &Stats) -> Vec<Finding> {
    let Stats { busy, enqueued, scheduled, retries, dead, held, .. } = stats;
    let mut found = vec![Finding::good(format!(
        "{enqueued} enqueued, {busy} busy, {scheduled} scheduled, {retries} retries, {dead} dead, {held} held"
    ))];
    if *retries >= RETRIES_MANY {
        let what = format!("{retries} jobs failed and wait for their next try");
        found.push(Finding::warning(what, "look at their errors: sancho ls retries"));
    }
    found
}

fn queue(row: &QueueRow, served: &BTreeSet<String>) -> Finding {
    let QueueRow { name, size, latency, paused } = row;
    if *size == 0 {
        return Finding::good(format!("queue {name} is empty"));
    }
    let what = format!("queue {name}: {size} enqueued, the next has waited for {}", when::length(*latency));
    if *paused == Paused::Yes {
        Finding::notice(format!("{what}; it is paused"))
    } else if !served.contains(name.as_str()) {
        Finding::warning(format!("{what}; no process takes jobs from it"), "start a server for this queue")
    } else if *latency >= WAITING_LONG {
        Finding::warning(what, "add slots or servers, or see what the running jobs wait for: sancho ls busy")
    } else {
        Finding::good(what)
    }
}

fn living(rows: &[ProcessRow], now: Timestamp) -> Vec<Finding> {
    if rows.is_empty() {
        return vec![Finding::notice("no process performs jobs")];
    }
    let tell = |row: &ProcessRow| {
        let silent = now.since(row.beat_at);
        let quiet = if row.quiet == Quiet::Yes { ", and takes no more jobs" } else { "" };
        let what = format!("process {} last beat {} ago{quiet}", row.info.incarnation, when::length(silent));
        // Processes of Sidekiq beat every ten seconds.
        if silent > limits::LEASE {
            Finding::warning(what, "see whether it hangs, and whether its host keeps the time")
        } else {
            Finding::good(what)
        }
    };
    rows.iter().map(tell).collect()
}

#[cfg(test)]
mod tests {
    use sancho_core::QueueName;

    use super::*;

    #[test]
    fn a_queue_is_judged_by_who_serves_it_and_how_long_its_next_job_waits() {
        let row = |size, secs| QueueRow {
            name: QueueName::new("low").expect("a name"),
            size,
            latency: Duration::from_secs(secs),
            paused: Paused::No,
        };
        let served = BTreeSet::from(["low".to_owned()]);
        for (size, secs, served, level) in [
            (0, 0, &BTreeSet::new(), Level::Good),
            (1, 0, &BTreeSet::new(), Level::Warning),
            (1, 1, &served, Level::Good),
            (1, 600, &served, Level::Warning),
        ] {
            assert_eq!(queue(&row(size, secs), served).level, level, "{size} {secs}");
        }
        let paused = QueueRow { paused: Paused::Yes, ..row(1, 600) };
        assert_eq!(queue(&paused, &served).level, Level::Notice);
    }
}
