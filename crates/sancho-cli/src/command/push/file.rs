//! A push of the jobs of a file, in batches that are each pushed whole or not at all.

use std::fs::File;
use std::io::{self, BufRead, BufReader, IsTerminal};
use std::path::Path;

use indicatif::{ProgressBar, ProgressStyle};
use sancho::{Client, PushError};
use sancho_core::{Draft, ErrorKind, Pushed};
use serde::Serialize;

use super::check_draft;
use crate::exit::{Exit, with_causes};
use crate::ndjson::{Job, Line, Lines};
use crate::output::Output;

/// Jobs of one batch.
const BATCH_JOBS: usize = 1_000;

/// Bytes of arguments after which a batch is pushed though it has fewer jobs, so that large payloads do not fill
/// memory.
const BATCH_BYTES: usize = 64 * 1024 * 1024;

/// A file that has been opened.
pub(in crate::command) struct Source {
    lines: Lines<Box<dyn BufRead>>,
    /// Bytes, where that is known.
    size: Option<u64>,
}

/// What was pushed, for JSON output.
#[derive(Debug, Default, Serialize)]
struct Sum {
    pushed: u64,
    /// Jobs that were not added, since their keys are taken.
    kept: u64,
}

/// Jobs that are pushed together.
#[derive(Debug, Default)]
struct Batch {
    drafts: Vec<Draft>,
    bytes: usize,
    /// The numbers of the first and the last line.
    lines: Option<(u64, u64)>,
}

impl Source {
    /// Opens a file, or standard input for `-`.
    pub(super) fn open(path: &Path) -> Result<Self, Exit> {
        if path.as_os_str() == "-" {
            return Ok(Source { lines: Lines::new(Box::new(BufReader::new(io::stdin()))), size: None });
        }
        let failed = |error: io::Error| Exit::failed(format!("failed to open {}: {error}", path.display()));
        let file = File::open(path).map_err(failed)?;
        let about = file.metadata().map_err(failed)?;
        if about.is_dir() {
            return Err(Exit::failed(format!("{} is a directory: name a file of jobs, one a line", path.display())));
        }
        let size = about.is_file().then_some(about.len());
        Ok(Source { lines: Lines::new(Box::new(BufReader::new(file))), size })
    }
}

impl std::fmt::Debug for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Source").field("size", &self.size).finish_non_exhaustive()
    }
}

pub(super) async fn run(client: &Client, mut source: Source, output: &mut Output) -> Result<(), Exit> {
    let bar = progress(source.size);
    let mut sum = Sum::default();
    let result = push_all(client, &mut source, &bar, &mut sum).await;
    bar.finish_and_clear();
    if let Err(reason) = result {
        return Err(Exit::failed(format!("{reason}; {}", before(&sum))));
    }
    output.either(&sum, || told(&sum))
}

/// Pushes batch by batch; on an error, `sum` holds what was pushed before.
async fn push_all(client: &Client, source: &mut Source, bar: &ProgressBar, sum: &mut Sum) -> Result<(), String> {
    let mut batch = Batch::default();
    while let Some(line) = source.lines.next() {
        let Line { number, job } = line.map_err(|bad| format!("line {}: {}", bad.number, bad.reason))?;
        let draft = draft(client, job);
        check_draft(draft.clone(), client.clock().now()).map_err(|reason| format!("line {number}: {reason}"))?;
        batch.add(number, draft);
        if batch.is_full() {
            std::mem::take(&mut batch).push(client, sum).await?;
            bar.set_position(source.lines.bytes_read());
            bar.set_message(format!("{} jobs", sum.pushed));
        }
    }
    batch.push(client, sum).await
}

impl Batch {
    fn add(&mut self, line: u64, draft: Draft) {
        self.bytes += draft.args.len();
        self.lines = Some((self.lines.map_or(line, |(first, _)| first), line));
        self.drafts.push(draft);
    }

    fn is_full(&self) -> bool {
        self.drafts.len() >= BATCH_JOBS || self.bytes >= BATCH_BYTES
    }

    async fn push(self, client: &Client, sum: &mut Sum) -> Result<(), String> {
        let Some((first, last)) = self.lines else {
            return Ok(());
        };
        let pushed = client.push_drafts(self.drafts).await.map_err(|error| failed(first, last, &error))?;
        for job in &pushed {
            match job.answer {
                Pushed::Kept { .. } | Pushed::Refused { .. } => sum.kept += 1,
                _ => sum.pushed += 1,
            }
        }
        Ok(())
    }
}

fn draft(client: &Client, job: Job) -> Draft {
    let mut draft = client.draft(job.class, job.args);
    if let Some(queue) = job.queue {
        draft.queue = queue;
    }
    if let Some(retry) = job.retry {
        draft.retry = retry;
    }
    draft.at = job.at;
    draft.key = job.key;
    draft.tags = job.tags;
    draft
}

/// Why the batch of these lines was not pushed, or may not have been.
fn failed(first: u64, last: u64, error: &PushError) -> String {
    let cause = with_causes(error);
    match error {
        PushError::Store(store) if store.kind == ErrorKind::OutcomeUnknown => {
            format!("whether lines {first} to {last} were pushed is not known: {cause}")
        }
        _ => format!("lines {first} to {last}: {cause}"),
    }
}

fn told(sum: &Sum) -> String {
    let mut told = format!("pushed {}", jobs(sum.pushed));
    if sum.kept > 0 {
        told.push_str(&format!(", left out {} (key taken)", jobs(sum.kept)));
    }
    told
}

fn before(sum: &Sum) -> String {
    match (sum.pushed, sum.kept) {
        (0, 0) => "nothing was pushed".into(),
        (pushed, 0) => format!("{} pushed before it", jobs(pushed)),
        (pushed, kept) => format!("{} pushed before it, {kept} left out (key taken)", jobs(pushed)),
    }
}

fn jobs(count: u64) -> String {
    format!("{count} job{}", if count == 1 { "" } else { "s" })
}

/// A bar on a terminal, and nothing elsewhere.
fn progress(size: Option<u64>) -> ProgressBar {
    if !io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    match size {
        Some(size) => {
            let style = ProgressStyle::with_template("{bar:40} {percent:>3} % {msg} ({eta} left)");
            ProgressBar::new(size).with_style(style.expect("the template is well-formed"))
        }
        None => ProgressBar::new_spinner(),
    }
}
