//! `sancho cancel`, `reschedule`, `retry`, `delete` and `kill`: one action on one job.

use clap::Args;
use sancho::Client;
use sancho_core::{Action, Timestamp};
use serde::Serialize;

use crate::arguments::{Named, Target};
use crate::exit::Exit;
use crate::output::Output;
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

#[derive(Debug, Args)]
pub(crate) struct Reschedule {
    #[command(flatten)]
    target: Target,

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
    run(client, wanted.target, Action::Reschedule { at }, output).await
}

pub(super) async fn run(client: &Client, target: Target, action: Action, output: &mut Output) -> Result<(), Exit> {
    let named = target.named();
    let now = client.clock().now();
    let applied = client.inspect().apply(&action, &named.selection(), 1, now).await?;
    if let Some((jid, refusal)) = applied.refused.first() {
        return Err(Exit::failed(format!("failed to {} job {jid}: {refusal}", verb(&action))));
    }
    if applied.done == 0 {
        return Err(Exit::failed(named.missing()));
    }
    let at = if let Action::Reschedule { at } = &action { Some(*at) } else { None };
    let deed = Deed {
        jid: if let Named::Jid(jid) = &named { Some(jid.as_str()) } else { None },
        key: if let Named::Key(key) = &named { Some(key.as_str()) } else { None },
        done: participle(&action),
        at: at.map(Timestamp::as_unix_secs_f64),
    };
    output.either(&deed, || {
        let said = visible(&format!("{} {named}", participle(&action))).into_owned();
        at.map_or(said.clone(), |at| format!("{said} to run {}", when::told(at, now)))
    })
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
