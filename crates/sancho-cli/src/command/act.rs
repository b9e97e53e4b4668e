//! `sancho cancel`, `reschedule`, `retry`, `delete` and `kill`: one action, on one job or on those of a set.

mod many;
mod running;

use clap::Args;
use sancho::Client;
use sancho_core::{Action, Timestamp};
use serde::Serialize;

use crate::arguments::Named;
use crate::consent::Consent;
use crate::exit::{self, Exit};
use crate::output::Output;
use crate::selection::{Selected, Which};
use crate::text::visible;
use crate::when;

/// When a job is wanted.
#[derive(Debug, Args)]
#[group(multiple = false)]
pub(crate) struct Time {
    /// So long from now, such as 10s, 5m, 2h or 3d
    #[arg(long = "in", value_name = "SPAN", value_parser = when::span)]
    after: Option<std::time::Duration>,

    /// At this time, such as 2026-11-21T09:00:00Z
    #[arg(long, value_name = "RFC3339", value_parser = when::moment)]
    at: Option<Timestamp>,
}

impl Time {
    /// The time that was typed, if one was.
    pub(super) fn from(&self, now: Timestamp) -> Option<Timestamp> {
        self.at.or_else(|| self.after.map(|after| now + after))
    }
}

/// What is acted upon, and whether many may be.
#[derive(Debug, Args)]
pub(crate) struct Act {
    #[command(flatten)]
    which: Which,

    #[command(flatten)]
    consent: Consent,
}

#[derive(Debug, Args)]
pub(crate) struct Cancel {
    #[command(flatten)]
    act: Act,

    /// Ask the process that runs the job to cancel it, if it has started; with the set busy: all that run
    #[arg(long)]
    running: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Reschedule {
    #[command(flatten)]
    act: Act,

    #[command(flatten)]
    time: Time,
}

impl Reschedule {
    /// Checks what can be checked without a store.
    pub(super) fn checked(self) -> Result<Self, Exit> {
        match self.time {
            Time { after: None, at: None } => {
                Err(Exit::usage("reschedule to when? Give --in SPAN, such as --in 2h, or --at TIME"))
            }
            _ => Ok(self),
        }
    }
}

/// What was done, for JSON output.
#[derive(Debug, Serialize)]
struct Deed<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    jid: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<&'a str>,
    done: &'static str,
    /// Seconds since the epoch.
    #[serde(skip_serializing_if = "Option::is_none")]
    at: Option<f64>,
}

pub(super) async fn reschedule(client: &Client, wanted: Reschedule, output: &mut Output) -> Result<(), Exit> {
    let now = client.clock().now();
    let at = wanted.time.from(now).unwrap_or(now);
    run(client, wanted.act, Action::Reschedule { at }, output).await
}

pub(super) async fn cancel(client: &Client, wanted: Cancel, output: &mut Output) -> Result<(), Exit> {
    let Cancel { act, running } = wanted;
    if !running {
        return run(client, act, Action::Cancel, output).await;
    }
    match act.which.selected(client.clock().now())? {
        Selected::One(named) => running::one(client, &named, act.consent, output).await,
        Selected::Many(many) => running::many(client, &many, act.consent, output).await,
    }
}

pub(super) async fn run(client: &Client, act: Act, action: Action, output: &mut Output) -> Result<(), Exit> {
    match act.which.selected(client.clock().now())? {
        Selected::One(named) if act.consent.is_dry_run() => would(client, &named, &action, output).await,
        Selected::One(named) => one(client, &named, action, output).await,
        Selected::Many(many) => many::run(client, &many, &action, act.consent, output).await,
    }
}

async fn one(client: &Client, named: &Named, action: Action, output: &mut Output) -> Result<(), Exit> {
    let now = client.clock().now();
    let applied = client.inspect().apply(&action, &named.selection(), 1, now).await?;
    if let Some((jid, refusal)) = applied.refused.first() {
        return Err(exit::refused(format!("failed to {} job {jid}: {refusal}", verb(&action)), refusal));
    }
    if applied.done == 0 {
        return Err(Exit::coded(named.missing(), "not-found"));
    }
    let at = if let Action::Reschedule { at } = &action { Some(*at) } else { None };
    let (jid, key) = names(named);
    let deed = Deed { jid, key, done: participle(&action), at: at.map(Timestamp::as_unix_secs_f64) };
    output.either(&deed, || {
        let said = visible(&format!("{} {named}", participle(&action))).into_owned();
        at.map_or(said.clone(), |at| format!("{said} to run {}", when::told(at, now)))
    })
}

/// Says whether one job would be acted upon.
async fn would(client: &Client, named: &Named, action: &Action, output: &mut Output) -> Result<(), Exit> {
    let row = named.find(client).await?.ok_or_else(|| Exit::coded(named.missing(), "not-found"))?;
    if let Err(refusal) = sancho_core::lifecycle::permits(row.state, action) {
        return Err(exit::refused(format!("failed to {} job {}: {refusal}", verb(action), row.jid), &refusal));
    }
    output.either(&many::Would { would: verb(action), jobs: 1 }, || {
        visible(&format!("would {} {named}, which is {}", verb(action), row.state)).into_owned()
    })
}

fn names(named: &Named) -> (Option<&str>, Option<&str>) {
    match named {
        Named::Jid(jid) => (Some(jid.as_str()), None),
        Named::Key(key) => (None, Some(key.as_str())),
    }
}

fn verb(action: &Action) -> &'static str {
    match action {
        Action::RunNow => "retry",
        Action::Reschedule { .. } => "reschedule",
        Action::Kill => "kill",
        Action::Cancel => "cancel",
        _ => "delete",
    }
}

fn participle(action: &Action) -> &'static str {
    match action {
        Action::RunNow => "enqueued",
        Action::Reschedule { .. } => "rescheduled",
        Action::Kill => "killed",
        Action::Cancel => "canceled",
        _ => "deleted",
    }
}
