//! Who performs jobs, and which run now.

mod orders;
mod process;

use std::collections::HashMap;
use std::time::Duration;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use sancho_core::{Cursor, Direction, Filter, Page, Set};

use crate::failure::Failure;
use crate::fields::Fields;
use crate::figure::Figure;
use crate::find::Find;
use crate::foreign::is_foreign;
use crate::frame::{Frame, Tab, page};
use crate::site::Site;

pub(crate) use orders::act;
use process::Process;

/// Running jobs of one page.
const ROWS: usize = 100;

/// Processes that are shown.
const PROCESSES_MAX: usize = 500;

#[derive(Template)]
#[template(path = "busy.html")]
struct BusyPage {
    f: Frame,
    processes: Vec<Process>,
    /// Processes that are not shown.
    left_out: usize,
    find: Find,
    jobs: Vec<Running>,
    next: Option<String>,
    busy: u64,
    slots: u64,
    /// What was ordered just now.
    did: Vec<String>,
    /// Where the forms go: this page, as it is looked at.
    here: String,
}

/// A job that runs, for how long, and whether it can be cancelled from here.
struct Running {
    job: Figure,
    elapsed: Duration,
    /// Whether its process is another program's, which knows no order to cancel a job.
    is_foreign: bool,
}

pub(crate) async fn show(State(site): State<Site>, f: Frame) -> Result<Response, Failure> {
    let f = f.on(Tab::Busy);
    let fields = Fields::from(f.query.clone());
    let rows = site.inspect.processes(f.now).await?;
    let busy = rows.iter().map(|row| row.busy as u64).sum();
    let slots = rows.iter().map(|row| row.info.slots as u64).sum();
    let asked = fields.get("q");
    let cursor = Some(fields.get("after")).filter(|after| !after.is_empty()).map(|after| Cursor(after.to_owned()));
    let (found, slip) = match Filter::parse(asked, f.now) {
        Ok(filter) => (site.inspect.page(&Set::Busy, &filter, Direction::Forward, cursor.as_ref(), ROWS).await?, None),
        Err(slip) => (Page::default(), Some(slip)),
    };
    let foreign: HashMap<&str, bool> =
        rows.iter().map(|row| (row.info.incarnation.as_str(), is_foreign(&row.info))).collect();
    let running = |row| {
        let job = Figure::of(&f, row);
        let is_foreign = job.process.as_deref().and_then(|process| foreign.get(process)).copied().unwrap_or(false);
        Running { job, elapsed: row.at.map_or(Duration::ZERO, |at| f.now.since(at)), is_foreign }
    };
    let jobs = found.rows.iter().map(running).collect();
    let left_out = rows.len().saturating_sub(PROCESSES_MAX);
    let shown = rows.into_iter().take(PROCESSES_MAX);
    Ok(page(&BusyPage {
        processes: shown.map(|row| Process::of(&f, row)).collect(),
        left_out,
        find: Find::new(&f, asked, slip),
        jobs,
        next: found.next.map(|Cursor(after)| f.here([("after", after.as_str()), ("did", ""), ("not", "")])),
        busy,
        slots,
        did: orders::told(&f, &fields),
        here: f.here([("did", ""), ("not", "")]),
        f,
    }))
}
