//! `sancho quiet` and `sancho stop`: processes are asked through the store, and waited for.

mod local;

use std::time::Duration;

use clap::Args;
use sancho::Client;
use sancho_core::process::Quiet;
use sancho_core::{ErrorKind, Order, ProcessRow, limits};
use serde::Serialize;

use crate::exit::{Exit, with_causes};
use crate::output::Output;
use crate::text::{counted, visible};
use crate::when;

/// How often to look whether processes have done as they were asked.
pub(super) const LOOK_EVERY: Duration = Duration::from_millis(250);

#[derive(Debug, Args)]
pub(crate) struct Whom {
    /// The process: its id, for one of this host, or its identity, as sancho processes shows it
    #[arg(value_name = "PID|IDENTITY")]
    who: Vec<String>,

    /// Every process of the store, on every host
    #[arg(long, conflicts_with = "who")]
    all: bool,

    /// How long to wait until they have done so
    #[arg(long, value_name = "SPAN", default_value = "30s", value_parser = when::span)]
    timeout: Duration,
}

#[derive(Debug, Args)]
pub(crate) struct Stop {
    #[command(flatten)]
    whom: Whom,

    /// Kill those of this host that are still there when the time is up (SIGKILL). Others take their jobs over when
    /// their lease ends; Sidekiq's own processes have none, and lose what they run
    #[arg(long)]
    kill: bool,
}

/// What processes are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wish {
    Quiet,
    Stop,
}

/// What came of it, in words that scripts rely on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Outcome {
    /// It takes no more jobs.
    Quiet,
    /// It is gone.
    Stopped,
    /// It was killed.
    Killed,
    /// It does not obey such an order.
    Refused,
    /// The time was up.
    Waiting,
}

#[derive(Debug, Serialize)]
struct Report<'a> {
    processes: Vec<Told<'a>>,
}

#[derive(Debug, Serialize)]
struct Told<'a> {
    identity: &'a str,
    outcome: Outcome,
}

/// A process that was asked.
#[derive(Debug)]
struct Asked {
    row: ProcessRow,
    outcome: Outcome,
}

pub(super) async fn quiet(client: &Client, whom: Whom, output: &mut Output) -> Result<(), Exit> {
    run(client, whom, Wish::Quiet, false, output).await
}

pub(super) async fn stop(client: &Client, stop: Stop, output: &mut Output) -> Result<(), Exit> {
    run(client, stop.whom, Wish::Stop, stop.kill, output).await
}

async fn run(client: &Client, whom: Whom, wish: Wish, kill: bool, output: &mut Output) -> Result<(), Exit> {
    if whom.who.is_empty() && !whom.all {
        return Err(Exit::usage("which process? Give its id or its identity, as in sancho processes, or --all"));
    }
    let rows = client.inspect().processes(client.clock().now()).await?;
    let chosen = if whom.all { rows } else { choose(&rows, &whom.who)? };
    let mut asked = Vec::new();
    for row in chosen {
        let outcome = ask(client, &row, wish, output).await?;
        asked.push(Asked { row, outcome });
    }
    wait(client, &mut asked, wish, whom.timeout, output).await?;
    if kill {
        for one in asked.iter_mut().filter(|one| one.outcome == Outcome::Waiting) {
            match local::kill(&one.row.info, client.clock().now()).await {
                Ok(()) => one.end(Outcome::Killed, Duration::ZERO, output)?,
                Err(reason) => say(output, &format!("{} was not killed: {reason}", one.identity()))?,
            }
        }
    }
    report(&asked, wish, output)
}

/// The processes that were named.
fn choose(rows: &[ProcessRow], names: &[String]) -> Result<Vec<ProcessRow>, Exit> {
    let mut chosen: Vec<ProcessRow> = Vec::new();
    for name in names {
        let row = one(rows, name)?;
        if !chosen.iter().any(|other| other.info.incarnation == row.info.incarnation) {
            chosen.push(row.clone());
        }
    }
    Ok(chosen)
}

/// The one process with this identity, or this id on this host.
pub(super) fn one<'a>(rows: &'a [ProcessRow], name: &str) -> Result<&'a ProcessRow, Exit> {
    if let Some(row) = rows.iter().find(|row| row.info.incarnation.as_str() == name) {
        return Ok(row);
    }
    let host = local::hostname();
    let with_pid: Vec<&ProcessRow> = rows.iter().filter(|row| name.parse() == Ok(row.info.pid)).collect();
    let here: Vec<&ProcessRow> = with_pid.iter().copied().filter(|row| row.info.hostname == host).collect();
    let identities =
        |rows: &[&ProcessRow]| rows.iter().map(|row| row.info.incarnation.to_string()).collect::<Vec<_>>().join(", ");
    match (here.as_slice(), with_pid.as_slice()) {
        ([row], _) => Ok(row),
        ([], []) => Err(Exit::coded(
            format!("no process of this store is {name:?}: see sancho processes for those that there are"),
            "not-found",
        )),
        ([], there) => Err(Exit::usage(format!(
            "process {name} is not on this host, {host}: give the identity of the one that is meant: {}",
            identities(there)
        ))),
        (several, _) => Err(Exit::usage(format!(
            "several processes have the id {name}: give the identity of the one that is meant: {}",
            identities(several)
        ))),
    }
}

/// Leaves the order, unless there is nothing to ask for.
async fn ask(client: &Client, row: &ProcessRow, wish: Wish, output: &mut Output) -> Result<Outcome, Exit> {
    let identity = &row.info.incarnation;
    if wish == Wish::Quiet && row.quiet == Quiet::Yes {
        say(output, &format!("{identity} was quiet already"))?;
        return Ok(Outcome::Quiet);
    }
    let order = if wish == Wish::Quiet { Order::Quiet } else { Order::Stop };
    match client.inspect().order(identity, &order, client.clock().now()).await {
        Ok(()) => Ok(Outcome::Waiting),
        // It has gone since it was listed.
        Err(error) if error.kind == ErrorKind::NotFound => {
            say(output, &format!("{identity} was gone already"))?;
            Ok(Outcome::Stopped)
        }
        Err(error) if error.kind == ErrorKind::Unsupported => {
            say(output, &format!("{identity} was not asked: {}", with_causes(&error)))?;
            Ok(Outcome::Refused)
        }
        Err(error) => Err(error.into()),
    }
}

/// Looks at them until each has done so, or the time is up.
async fn wait(
    client: &Client,
    asked: &mut [Asked],
    wish: Wish,
    timeout: Duration,
    output: &mut Output,
) -> Result<(), Exit> {
    let began = client.clock().now();
    while asked.iter().any(|one| one.outcome == Outcome::Waiting) {
        let now = client.clock().now();
        let rows = client.inspect().processes(now).await?;
        for one in asked.iter_mut().filter(|one| one.outcome == Outcome::Waiting) {
            let row = rows.iter().find(|row| row.info.incarnation == one.row.info.incarnation);
            match row {
                None => one.end(Outcome::Stopped, now.since(began), output)?,
                Some(row) if wish == Wish::Quiet && row.quiet == Quiet::Yes => {
                    one.end(Outcome::Quiet, now.since(began), output)?;
                }
                Some(row) => one.row = row.clone(),
            }
        }
        if now.since(began) >= timeout {
            return Ok(());
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
    Ok(())
}

impl Asked {
    fn identity(&self) -> &str {
        self.row.info.incarnation.as_str()
    }

    /// Tells what came of it, as soon as it is known.
    fn end(&mut self, outcome: Outcome, after: Duration, output: &mut Output) -> Result<(), Exit> {
        self.outcome = outcome;
        let identity = self.identity();
        let (after, runs) = (when::length(after), counted(self.row.busy as u64, "job", "jobs"));
        let line = match outcome {
            Outcome::Quiet => format!("{identity} is quiet, after {after}, and runs {runs} still"),
            Outcome::Killed if self.row.busy == 0 => format!("{identity} was killed; it ran no job"),
            // Only a program that keeps its claims in the store has them taken over.
            Outcome::Killed if !self.row.info.version.starts_with("sancho") => {
                format!("{identity} was killed: what became of its {runs} is its own program's to say")
            }
            Outcome::Killed => {
                let lease = when::length(limits::LEASE);
                format!("{identity} was killed: others take its {runs} over within {lease}")
            }
            _ => format!("{identity} has stopped, after {after}"),
        };
        say(output, &line)
    }
}

/// Tells a person now what JSON output tells at the end.
fn say(output: &mut Output, line: &str) -> Result<(), Exit> {
    if output.is_json() {
        return Ok(());
    }
    output.text(visible(line))?;
    output.flush()
}

fn report(asked: &[Asked], wish: Wish, output: &mut Output) -> Result<(), Exit> {
    if output.is_json() {
        let told = asked.iter().map(|one| Told { identity: one.identity(), outcome: one.outcome });
        output.object(&Report { processes: told.collect() })?;
    } else if asked.is_empty() {
        output.text("no process performs jobs: there is nobody to ask")?;
    }
    let with = |outcome: Outcome| asked.iter().filter(move |one| one.outcome == outcome);
    let waiting: Vec<String> = with(Outcome::Waiting)
        .map(|one| format!("{} ({})", one.identity(), counted(one.row.busy as u64, "job", "jobs")))
        .collect();
    if !waiting.is_empty() {
        let (still, fix) = match wish {
            Wish::Quiet => ("have not become quiet", "wait longer with --timeout"),
            Wish::Stop => ("have not stopped", "wait longer with --timeout, or add --kill"),
        };
        return Err(Exit::TimeUp(format!("these {still} in time: {}; {fix}", waiting.join(", "))));
    }
    if with(Outcome::Refused).next().is_some() {
        return Err(Exit::Unsupported("not every process obeys such an order".to_owned()));
    }
    Ok(())
}
