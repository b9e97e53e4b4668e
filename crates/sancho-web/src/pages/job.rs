//! Everything about one job.

mod acting;
mod looking;

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use sancho_core::filter::term;
use sancho_core::{JobRow, Retry, State as Stands, limits};

use crate::act::{Act, SPANS};
use crate::extend::{self, Drawn, Place};
use crate::failure::Failure;
use crate::fields::Fields;
use crate::figure::{Figure, time_word};
use crate::foreign::runs_in_foreign;
use crate::frame::{Frame, Tab, page};
use crate::payload::{self, Printed};
use crate::site::Site;
use crate::text::{segment, shortened, visible};
use crate::when::When;

pub(crate) use acting::act;
use looking::{Looked, look};

/// Characters of an error's message that the page shows.
const MESSAGE_CHARS_MAX: usize = 10_000;

/// How far back the metrics of its class look that it links to: an hour.
const METRICS_MINUTES: u64 = 60;

/// Bytes of a backtrace that the page shows.
const BACKTRACE_BYTES_MAX: usize = 64 * 1024;

#[derive(Template)]
#[template(path = "job.html")]
struct JobPage {
    f: Frame,
    job: Figure,
    /// Whether it runs in another program's process, which knows no order to cancel a job.
    is_foreign: bool,
    acts: &'static [Act],
    /// When it was pushed, came to its queue, failed first and last, expires.
    times: Vec<(&'static str, When)>,
    message: Option<String>,
    backtrace: Vec<String>,
    /// Lists that may have more jobs with the same error.
    same_error: Option<(String, String)>,
    retry: Option<String>,
    /// Why the payload cannot be read.
    unreadable: Option<String>,
    payload: Printed,
    /// Where the metrics of its class are.
    metrics: Option<String>,
    did: Option<String>,
    panels: Vec<Drawn>,
    /// Where its forms go: the job, found as it was found here.
    here: String,
}

impl JobPage {
    fn spans(&self) -> [(u64, &'static str); 5] {
        SPANS
    }

    fn tab_of_state(&self) -> Tab {
        tab(self.job.state)
    }
}

fn tab(state: Stands) -> Tab {
    match state {
        Stands::Busy => Tab::Busy,
        Stands::Scheduled => Tab::Scheduled,
        Stands::Retries => Tab::Retries,
        Stands::Dead => Tab::Dead,
        Stands::Held => Tab::Held,
        _ => Tab::Queues,
    }
}

fn acts(state: Stands) -> &'static [Act] {
    match state {
        Stands::Scheduled | Stands::Retries | Stands::Held => &[Act::Run, Act::Reschedule, Act::Kill, Act::Delete],
        Stands::Dead => &[Act::Run, Act::Delete],
        Stands::Enqueued => &[Act::Reschedule, Act::Kill, Act::Delete],
        _ => &[],
    }
}

pub(crate) async fn show(State(site): State<Site>, Path(jid): Path<String>, f: Frame) -> Result<Response, Failure> {
    let row = match look(&site, &f, jid, None).await? {
        Looked::Found(row) => row,
        Looked::Further(page) => return Ok(page),
    };
    let f = f.on(tab(row.state));
    let did = Fields::from(f.query.clone());
    let did = Act::named(did.get("did")).map(|act| f.count(act.done(), 1_u64));
    let is_foreign = runs_in_foreign(&site, &row, f.now).await?;
    let panels = extend::drawn(&site.added.panels, Place::Job, &f, Some(&row)).await;
    Ok(page(&JobPage { is_foreign, panels, ..told(f, &row, did) }))
}

fn told(f: Frame, row: &JobRow, did: Option<String>) -> JobPage {
    let envelope = row.payload.envelope();
    let job = Figure::of(&f, row);
    let mut told = JobPage {
        here: looking::address(&f, &job),
        job,
        is_foreign: false,
        acts: acts(row.state),
        times: Vec::new(),
        message: None,
        backtrace: Vec::new(),
        same_error: None,
        retry: None,
        unreadable: None,
        payload: payload::printed(&row.payload),
        metrics: None,
        did,
        panels: Vec::new(),
        f,
    };
    let f = &told.f;
    told.times.extend(row.at.map(|at| (time_word(row.state), f.at(at))));
    let envelope = match envelope {
        Ok(envelope) => envelope,
        Err(unreadable) => {
            told.unreadable = Some(visible(unreadable.reason()).into_owned());
            return told;
        }
    };
    let times = [
        ("job.created", envelope.created_at()),
        ("job.enqueued", envelope.enqueued_at().filter(|_| row.state != Stands::Enqueued)),
        ("job.failed_first", envelope.failed_at()),
        ("job.failed_last", envelope.retried_at()),
        ("job.expires", envelope.expires_at()),
    ];
    told.times.extend(times.into_iter().filter_map(|(word, at)| Some((word, f.at(at?)))));
    told.message =
        envelope.error_message().map(|message| visible(&shortened(&message, MESSAGE_CHARS_MAX)).into_owned());
    told.backtrace = backtrace(&envelope.error_backtrace());
    told.metrics = super::metrics::address_of_class(f, &envelope.display_class(), METRICS_MINUTES);
    told.same_error = envelope.error_class().map(|class| {
        let asked = segment(&term("error_class", &class));
        (f.to(&format!("retries?q={asked}")), f.to(&format!("dead?q={asked}")))
    });
    told.retry = envelope.retry().map(|retry| match retry {
        Retry::Never => f.t("job.retry_never").to_owned(),
        Retry::Limit(times) => f.count("job.retry_times", times),
        _ => f.t("job.retry_default").to_owned(),
    });
    told
}

/// The beginning of a backtrace: another program's may be as long as its payload.
fn backtrace(lines: &[String]) -> Vec<String> {
    let (mut left, mut shown) = (BACKTRACE_BYTES_MAX, Vec::new());
    for line in lines {
        let line = shortened(line, limits::BACKTRACE_LINE_CHARS_MAX);
        if line.len() > left {
            shown.push("…".to_owned());
            break;
        }
        left -= line.len();
        shown.push(visible(&line).into_owned());
    }
    shown
}
