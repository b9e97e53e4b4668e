//! Who performs jobs, and which run now.

use std::time::Duration;

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use sancho_core::process::Quiet;
use sancho_core::{Cursor, Direction, Filter, Incarnation, Jid, Order, ProcessRow, Set, Timestamp, limits};

use crate::failure::Failure;
use crate::fields::Fields;
use crate::figure::Figure;
use crate::frame::{Frame, Tab, page};
use crate::safety::audit;
use crate::site::Site;
use crate::text::visible;
use crate::when::run_time;

/// Running jobs of one page.
const ROWS: usize = 100;

#[derive(Template)]
#[template(path = "busy.html")]
struct BusyPage {
    f: Frame,
    processes: Vec<Process>,
    jobs: Vec<Running>,
    next: Option<String>,
    busy: u64,
    slots: u64,
    /// The order that was given just now.
    did: Option<&'static str>,
}

/// A process, as of its last beat.
struct Process {
    identity: String,
    started_at: Timestamp,
    beat_at: Timestamp,
    /// Whether it has not beaten for so long that it trusts its own claims no more.
    is_silent: bool,
    is_quiet: bool,
    busy: usize,
    slots: usize,
    rss_bytes: u64,
    round_trip: String,
    version: String,
    tag: String,
    labels: Vec<String>,
    capsules: Vec<(String, String)>,
}

/// A job that runs, and for how long.
struct Running {
    job: Figure,
    elapsed: Duration,
}

impl Process {
    fn of(f: &Frame, row: ProcessRow) -> Process {
        let info = row.info;
        let capsules = info.capsules.iter().map(|capsule| {
            let queues: Vec<_> = capsule.queues.iter().map(|queue| visible(queue)).collect();
            (format!("{} · {}", visible(&capsule.name), capsule.slots), queues.join(" "))
        });
        let mut capsules: Vec<(String, String)> = capsules.collect();
        if capsules.is_empty() {
            let queues: Vec<&str> = info.queues.iter().map(|queue| queue.as_str()).collect();
            capsules.push((String::new(), queues.join(" ")));
        }
        Process {
            identity: info.incarnation.as_str().to_owned(),
            started_at: info.started_at,
            beat_at: row.beat_at,
            is_silent: f.now.since(row.beat_at) > limits::TRUST_FOR,
            is_quiet: row.quiet == Quiet::Yes,
            busy: row.busy,
            slots: info.slots,
            rss_bytes: row.rss_bytes,
            round_trip: run_time(row.round_trip),
            version: info.version,
            tag: info.tag,
            labels: info.labels,
            capsules,
        }
    }
}

pub(crate) async fn show(State(site): State<Site>, f: Frame) -> Result<Response, Failure> {
    let f = f.on(Tab::Busy);
    let fields = Fields::from(f.query.clone());
    let rows = site.inspect.processes(f.now).await?;
    let busy = rows.iter().map(|row| row.busy as u64).sum();
    let slots = rows.iter().map(|row| row.info.slots as u64).sum();
    let cursor = Some(fields.get("after")).filter(|after| !after.is_empty()).map(|after| Cursor(after.to_owned()));
    let found = site.inspect.page(&Set::Busy, &Filter::all(), Direction::Forward, cursor.as_ref(), ROWS).await?;
    let jobs = found
        .rows
        .iter()
        .map(|row| Running { job: Figure::of(&f, row), elapsed: row.at.map_or(Duration::ZERO, |at| f.now.since(at)) });
    let jobs = jobs.collect();
    let next = found.next.map(|Cursor(after)| f.here([("after", after.as_str()), ("did", "")]));
    let did = match fields.get("did") {
        "quiet" => Some("did.quiet"),
        "stop" => Some("did.stop"),
        "dump" => Some("did.dump"),
        "cancel" => Some("did.cancel"),
        _ => None,
    };
    let processes = rows.into_iter().map(|row| Process::of(&f, row)).collect();
    Ok(page(&BusyPage { processes, jobs, next, busy, slots, did, f }))
}

/// Asks before a process is stopped: it does not come back by itself.
#[derive(Template)]
#[template(path = "stop.html")]
struct StopPage {
    f: Frame,
    processes: usize,
    /// The one that is meant; empty for all of them.
    process: String,
}

/// Leaves an order for one process, or for all of them.
pub(crate) async fn act(State(site): State<Site>, f: Frame, fields: Fields) -> Result<Response, Failure> {
    f.may_act()?;
    let act = fields.get("act");
    let order = match act {
        "quiet" => Order::Quiet,
        "stop" => Order::Stop,
        "dump" => Order::Dump,
        "cancel" => Order::Cancel(Jid::new(fields.get("jid"))?),
        _ => return Err(Failure::invalid("a process is told to be quiet, to stop, to dump or to cancel a job")),
    };
    let to: Vec<Incarnation> = match fields.get("process") {
        "" if act == "cancel" => return Err(Failure::invalid("which process runs the job?")),
        "" => site.inspect.processes(f.now).await?.into_iter().map(|row| row.info.incarnation).collect(),
        one => vec![Incarnation::new(one)],
    };
    if act == "stop" && fields.get("sure") != "yes" {
        let process = fields.get("process").to_owned();
        return Ok(page(&StopPage { f: f.on(Tab::Busy), processes: to.len(), process }));
    }
    for incarnation in &to {
        site.inspect.order(incarnation, &order, f.now).await?;
    }
    let what = match fields.get("jid") {
        "" => fields.get("process").to_owned(),
        jid => format!("{} of {}", jid, fields.get("process")),
    };
    audit(&f.person, act, &visible(&what), to.len());
    Ok(Redirect::to(&f.to(&format!("busy?did={act}"))).into_response())
}
