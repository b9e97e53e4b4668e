//! The dashboard: how everything is, and what needs attention.

use std::time::Duration;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use sancho_core::inspect::{About, DayStats, Paused};
use sancho_core::{Finding, Level, MetricsRequest, ProcessRow, QueueRow, Stats, Timestamp, limits};

use super::metrics::{Chart, all, chart, said};
use crate::chart::{Column, Columns};
use crate::extend::{self, Drawn, Place};
use crate::failure::Failure;
use crate::fields::Fields;
use crate::frame::{Frame, Tab, page};
use crate::site::Site;
use crate::text::visible;

/// Spans of the history: days, and the key of the word.
const SPANS: [(u32, &str); 4] =
    [(7, "span.week"), (30, "span.month"), (90, "span.three_months"), (180, "span.six_months")];

/// How long the next job of a queue may wait before somebody should look.
const LATENCY_TARGET: Duration = Duration::from_secs(60);

/// The part of executions in the last hour that may fail, in percent, before somebody should look.
const FAILURES_PERCENT: u64 = 10;

/// Queues that are named because they are late.
const LATE_QUEUES_MAX: usize = 5;

#[derive(Template)]
#[template(path = "dashboard.html")]
struct Dashboard {
    f: Frame,
    stats: Stats,
    queues: usize,
    days: u32,
    history: Chart,
    hour: Chart,
    attention: Vec<Attention>,
    about: About,
    findings: Vec<Finding>,
    rss_bytes: u64,
    latency: Duration,
    panels: Vec<Drawn>,
}

impl Dashboard {
    fn spans(&self) -> [(u32, &'static str); 4] {
        SPANS
    }

    fn address(&self, days: &u32) -> String {
        self.f.to(&format!("?days={days}"))
    }
}

/// Something that a person should look at.
struct Attention {
    is_bad: bool,
    what: String,
    /// Where to look.
    address: String,
}

pub(crate) async fn show(State(site): State<Site>, f: Frame) -> Result<Response, Failure> {
    let f = f.on(Tab::Dashboard);
    let fields = Fields::from(f.query.clone());
    let days = fields.number("days").filter(|days| SPANS.iter().any(|(span, _)| span == days)).unwrap_or(30);
    let stats = site.inspect.stats(f.now).await?;
    let queues = site.inspect.queues(f.now).await?;
    let processes = site.inspect.processes(f.now).await?;
    let hour = site.inspect.metrics(&MetricsRequest::last(Duration::from_secs(3_600)), f.now).await?;
    let from = hour.starts.first().copied().unwrap_or(f.now);
    let deploys = site.inspect.deploys(from, f.now).await?;
    let performed = all(&hour);
    let failing = performed.failures * 100 > performed.count * FAILURES_PERCENT;
    let failing = failing.then_some((performed.failures, performed.count));
    let mut findings = site.inspect.checkup(f.now).await?;
    findings.retain(|finding| finding.level >= Level::Warning);
    Ok(page(&Dashboard {
        attention: attention(&f, &stats, &queues, &processes, failing),
        history: history(&f, &site.inspect.history(days, f.now).await?),
        hour: chart(&f, &hour, &deploys, f.t("dashboard.hour")),
        about: site.inspect.about().await?,
        rss_bytes: processes.iter().map(|process| process.rss_bytes).sum(),
        latency: queues.iter().map(|queue| queue.latency).max().unwrap_or_default(),
        queues: queues.len(),
        panels: extend::drawn(&site.added.panels, Place::Dashboard, &f, None).await,
        findings,
        stats,
        days,
        f,
    }))
}

/// Executions by day, the earliest first.
fn history(f: &Frame, days: &[DayStats]) -> Chart {
    let column = |day: &DayStats| {
        let when = f.at(Timestamp::from_unix_micros(day.unix_day * 86_400_000_000)).exact;
        let counts = Column { title: String::new(), good: day.processed.saturating_sub(day.failed), bad: day.failed };
        Column { title: said(f, when.split('T').next().unwrap_or_default(), &counts), ..counts }
    };
    let columns = Columns { columns: days.iter().rev().map(column).collect(), marks: Vec::new() };
    let from = f.count("time.day", days.len().saturating_sub(1));
    let svg = columns.draw(f.t("dashboard.history"));
    Chart { svg, top: columns.top(), from: f.with("time.ago", from), to: f.t("dashboard.today").to_owned() }
}

/// Queues whose next job has waited for too long, in one sentence.
fn late(f: &Frame, queues: &[QueueRow]) -> Option<Attention> {
    let late = queues.iter().filter(|queue| queue.latency > LATENCY_TARGET && queue.paused == Paused::No);
    let mut late: Vec<&QueueRow> = late.collect();
    late.sort_by_key(|queue| std::cmp::Reverse(queue.latency));
    match late.as_slice() {
        [] => None,
        [queue] => {
            let what = f.with2("attention.late", queue.name.as_str(), f.span(queue.latency));
            Some(Attention { is_bad: false, what, address: f.to_queue(queue.name.as_str()) })
        }
        [worst, ..] => {
            let named = late.iter().take(LATE_QUEUES_MAX).map(|queue| queue.name.as_str());
            let more = if late.len() > LATE_QUEUES_MAX { " …" } else { "" };
            let names = format!("{}{more}", named.collect::<Vec<_>>().join(", "));
            let what = f.with2("attention.late_many", names, f.span(worst.latency));
            Some(Attention { is_bad: false, what, address: f.to("queues") })
        }
    }
}

fn attention(
    f: &Frame,
    stats: &Stats,
    queues: &[QueueRow],
    processes: &[ProcessRow],
    failing: Option<(u64, u64)>,
) -> Vec<Attention> {
    let mut found = Vec::new();
    if processes.is_empty() && stats.enqueued + stats.scheduled + stats.retries > 0 {
        found.push(Attention { is_bad: true, what: f.t("attention.nobody").to_owned(), address: f.to("busy") });
    }
    for process in processes.iter().filter(|process| f.now.since(process.beat_at) > limits::TRUST_FOR) {
        let name = visible(process.info.incarnation.as_str());
        let what = f.with2("attention.silent", name, f.span(f.now.since(process.beat_at)));
        found.push(Attention { is_bad: true, what, address: f.to("busy") });
    }
    found.extend(late(f, queues));
    if let Some((failures, count)) = failing {
        let what = f.with2("attention.failing", f.number(failures), f.number(count));
        found.push(Attention { is_bad: false, what, address: f.to("metrics") });
    }
    for queue in queues.iter().filter(|queue| queue.paused == Paused::Yes && queue.size > 0) {
        let what = f.with2("attention.paused", queue.name.as_str(), f.count("job.jobs", queue.size));
        found.push(Attention { is_bad: false, what, address: f.to("queues") });
    }
    found
}
