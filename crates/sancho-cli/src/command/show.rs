//! `sancho show`: one job, with its whole payload.

use clap::Args;
use sancho::Client;
use sancho_core::redact::Hidden;
use sancho_core::{JobRow, State, Timestamp};

use super::row::{JsonRow, progress};
use crate::arguments::Target;
use crate::exit::Exit;
use crate::output::Output;
use crate::text::visible;
use crate::when;

#[derive(Debug, Args)]
pub(crate) struct Show {
    #[command(flatten)]
    target: Target,

    /// Show what the job says is to be hidden, too
    #[arg(long)]
    reveal: bool,
}

pub(super) async fn run(client: &Client, show: Show, output: &mut Output) -> Result<(), Exit> {
    let named = show.target.named();
    let row = named.find(client).await?.ok_or_else(|| Exit::coded(named.missing(), "not-found"))?;
    let row = if show.reveal { row } else { Hidden::said_by(&row.payload).cut_row(row) };
    output.either(&JsonRow(&row), || page(&row, client.clock().now()))
}

/// The job, one fact a line.
fn page(row: &JobRow, now: Timestamp) -> String {
    let mut facts: Vec<(&str, String)> = vec![
        ("jid", row.jid.to_string()),
        ("state", row.state.to_string()),
        (time_word(row.state), row.at.map_or_else(|| "-".to_owned(), |at| when::told(at, now))),
        ("queue", row.queue.to_string()),
    ];
    facts.extend(row.key.as_ref().map(|key| ("key", key.to_string())));
    facts.extend(row.held.as_ref().map(|reason| ("reason", reason.clone())));
    facts.extend(row.incarnation.as_ref().map(|incarnation| ("process", incarnation.to_string())));
    facts.extend(row.kept.progress().map(|_| ("progress", progress(row))));
    facts.extend(row.kept.step().map(|step| ("step", step)));
    match row.payload.envelope() {
        Ok(envelope) => {
            facts.insert(1, ("class", envelope.display_class().into_owned()));
            facts.insert(2, ("args", envelope.args().to_owned()));
            facts.extend(envelope.retry_count().map(|count| ("failures", (u64::from(count) + 1).to_string())));
            facts.extend(envelope.error_class().map(|class| ("error", class.into_owned())));
            facts.extend(envelope.error_message().map(|message| ("message", message.into_owned())));
            facts.extend(envelope.failed_at().map(|at| ("failed", when::told(at, now))));
            facts.extend(envelope.error_backtrace().into_iter().map(|line| ("at", line)));
        }
        Err(unreadable) => facts.push(("unreadable", unreadable.reason().to_owned())),
    }
    facts.push(("payload", row.payload.to_text_lossy().into_owned()));
    let width = facts.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    facts.iter().map(|(name, fact)| format!("{name:width$}  {}\n", visible(fact))).collect()
}

/// What a row's time means in its state.
fn time_word(state: State) -> &'static str {
    match state {
        State::Busy => "started",
        State::Scheduled => "due",
        State::Retries => "next try",
        State::Dead => "died",
        State::Held => "held since",
        _ => "enqueued",
    }
}
