//! `sancho ls`: one page of a set's or a queue's jobs.

use clap::Args;
use sancho::Client;
use sancho_core::redact::Hidden;
use sancho_core::{Cursor, Direction, Filter, JobRow, Set, Timestamp, limits};
use serde::Serialize;

use super::row::{JsonRow, progress};
use crate::exit::{self, Exit};
use crate::output::Output;
use crate::selection::{Terms, set_or_queue};
use crate::table::Table;
use crate::{text, when};

/// Characters of arguments that a table shows.
const ARGS_SHOWN: usize = 40;

/// Characters of a step that a table shows.
const STEP_SHOWN: usize = 30;

/// Characters of an error that a table shows.
const ERROR_SHOWN: usize = 60;

#[derive(Debug, Args)]
pub(crate) struct Ls {
    /// scheduled, retries, dead, held, busy, or a queue's name (queue:NAME for a queue named like a set)
    #[arg(value_name = "SET|QUEUE", value_parser = set_or_queue)]
    set: Set,

    #[command(flatten)]
    terms: Terms,

    /// How many jobs to list at most
    #[arg(long, value_name = "N", default_value_t = 25,
          value_parser = clap::value_parser!(u64).range(1..=limits::JOBS_PER_MOVE_MAX as u64))]
    limit: u64,

    /// Go on where an earlier page ended, as it said
    #[arg(long)]
    cursor: Option<String>,

    /// List from the other end: what was enqueued last, is due last, died first, started last
    #[arg(long)]
    reverse: bool,
}

#[derive(Serialize)]
struct Page<'a> {
    jobs: Vec<JsonRow<'a>>,
    next: Option<&'a str>,
}

/// The running jobs, as `ls busy` lists them.
#[derive(Debug, Args)]
pub(crate) struct Busy {
    #[command(flatten)]
    terms: Terms,

    /// How many jobs to list at most
    #[arg(long, value_name = "N", default_value_t = 25,
          value_parser = clap::value_parser!(u64).range(1..=limits::JOBS_PER_MOVE_MAX as u64))]
    limit: u64,

    /// List from the other end: what started last comes first
    #[arg(long)]
    reverse: bool,
}

impl From<Busy> for Ls {
    fn from(busy: Busy) -> Self {
        Ls { set: Set::Busy, terms: busy.terms, limit: busy.limit, cursor: None, reverse: busy.reverse }
    }
}

pub(super) async fn run(client: &Client, ls: Ls, output: &mut Output) -> Result<(), Exit> {
    let cursor = ls.cursor.map(Cursor);
    let limit = usize::try_from(ls.limit).unwrap_or(limits::JOBS_PER_MOVE_MAX);
    let filter = ls.terms.filter(client.clock().now())?;
    let direction = if ls.reverse { Direction::Backward } else { Direction::Forward };
    let page = filled(client, &ls.set, &filter, direction, cursor, limit).await?;
    let next = page.next.as_ref().map(|cursor| cursor.0.as_str());
    if output.is_json() {
        return output.object(&Page { jobs: page.rows.iter().map(JsonRow).collect(), next });
    }
    if page.rows.is_empty() {
        output.text("no jobs")?;
        note_unknown(client, &ls.set).await?;
    } else {
        output.text(table(&ls.set, &page.rows, client.clock().now()))?;
    }
    if let Some(next) = next {
        let reverse = if ls.reverse { "--reverse " } else { "" };
        exit::note(&format!("there may be more: go on with {reverse}--cursor '{next}'"));
    }
    Ok(())
}

/// A queue that is not there is an empty one, or a slip.
async fn note_unknown(client: &Client, set: &Set) -> Result<(), Exit> {
    let Set::Queue(queue) = set else { return Ok(()) };
    if !client.inspect().queues(client.clock().now()).await?.iter().any(|row| row.name == *queue) {
        exit::note(&format!("there is no queue {queue}: see sancho queues for those that there are"));
    }
    Ok(())
}

/// Pages of a filter may be short, or empty, and yet not the last: read on until there is something to show.
async fn filled(
    client: &Client,
    set: &Set,
    filter: &Filter,
    direction: Direction,
    mut cursor: Option<Cursor>,
    limit: usize,
) -> Result<sancho_core::Page, Exit> {
    let mut rows: Vec<JobRow> = Vec::new();
    loop {
        let page = client.inspect().page(set, filter, direction, cursor.as_ref(), limit - rows.len()).await?;
        rows.extend(page.rows.into_iter().map(|row| Hidden::said_by(&row.payload).cut_row(row)));
        if rows.len() >= limit || page.next.is_none() {
            return Ok(sancho_core::Page { rows, next: page.next });
        }
        cursor = page.next;
    }
}

fn table(set: &Set, rows: &[JobRow], now: Timestamp) -> Table {
    let (time, last): (_, &[&str]) = match set {
        Set::Busy => ("running for", &["progress", "step", "process"]),
        Set::Scheduled => ("due", &["key"]),
        Set::Retries => ("next try", &["error"]),
        Set::Dead => ("died", &["error"]),
        Set::Held => ("held", &["reason"]),
        _ => ("enqueued", &[]),
    };
    let mut table = Table::new(&[&["jid", "class", "args", "queue", time], last].concat(), &[]);
    for row in rows {
        let (class, args) = match row.payload.envelope() {
            Ok(envelope) => (envelope.display_class().into_owned(), envelope.args().to_owned()),
            Err(_) => ("(unreadable)".into(), row.payload.to_text_lossy().into_owned()),
        };
        let told = |at| if *set == Set::Busy { when::length(now.since(at)) } else { when::told(at, now) };
        let mut cells = vec![
            row.jid.as_str().into(),
            class.into(),
            text::shortened(&args, ARGS_SHOWN).into_owned().into(),
            row.queue.as_str().into(),
            row.at.map_or_else(|| "-".to_owned(), told).into(),
        ];
        if *set == Set::Busy {
            let step = row.kept.step().unwrap_or_default();
            cells.extend([progress(row).into(), text::shortened(&step, STEP_SHOWN).into_owned().into()]);
        }
        if !last.is_empty() {
            cells.push(text::shortened(&remark(set, row), ERROR_SHOWN).into_owned().into());
        }
        table.row(cells);
    }
    table
}

/// What is worth knowing of a job in this set.
fn remark(set: &Set, row: &JobRow) -> String {
    match set {
        Set::Busy => row.incarnation.as_ref().map(ToString::to_string).unwrap_or_default(),
        Set::Scheduled => row.key.as_ref().map(ToString::to_string).unwrap_or_default(),
        Set::Held => row.held.clone().unwrap_or_default(),
        _ => row.payload.envelope().map_or_else(
            |error| error.to_string(),
            |envelope| match (envelope.error_class(), envelope.error_message()) {
                (Some(class), Some(message)) => format!("{class}: {message}"),
                (Some(one), None) | (None, Some(one)) => one.into_owned(),
                (None, None) => String::new(),
            },
        ),
    }
}
