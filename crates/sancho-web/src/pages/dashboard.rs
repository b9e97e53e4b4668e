//! The dashboard: how everything is, and what needs attention.

mod attention;
mod findings;

use std::time::Duration;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use sancho_core::inspect::About;
use sancho_core::{Finding, Level, MetricsRequest, Stats, StoreResult, UnknownClass, checkup};

use super::metrics::series;
use crate::extend::{self, Drawn, Place};
use crate::failure::Failure;
use crate::fields::Fields;
use crate::frame::{Frame, Tab, page};
use crate::plot::Plot;
use crate::queues::known;
use crate::site::Site;
use attention::{Attention, Seen, attention};
use findings::Told;

/// Spans of the history: days, and the key of the word.
const SPANS: [(u32, &str); 4] =
    [(7, "span.week"), (30, "span.month"), (90, "span.three_months"), (180, "span.six_months")];

#[derive(Template)]
#[template(path = "dashboard.html")]
struct Dashboard {
    f: Frame,
    stats: Stats,
    queues: usize,
    days: u32,
    history: Plot,
    hour: Plot,
    /// What the last hour leaves out.
    busiest: Option<String>,
    attention: Vec<Attention>,
    about: About,
    findings: Vec<Told>,
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

pub(crate) async fn show(State(site): State<Site>, f: Frame) -> Result<Response, Failure> {
    let f = f.on(Tab::Dashboard);
    let fields = Fields::from(f.query.clone());
    let days = fields.number("days").filter(|days| SPANS.iter().any(|(span, _)| span == days)).unwrap_or(30);
    let asked = MetricsRequest::last(Duration::from_secs(3_600));
    let from = asked.starts(f.now).first().copied().unwrap_or(f.now);
    let inspect = &site.inspect;
    // None needs another: a store that is far away is waited for once.
    let (stats, queues, processes, hour, deploys, history, about, (findings, unknown)) = tokio::try_join!(
        inspect.stats(f.now),
        known(&site, f.now),
        inspect.processes(f.now),
        inspect.metrics(&asked, f.now),
        inspect.deploys(from, f.now),
        inspect.history(days, f.now),
        inspect.about(),
        site.lately.health.get(health(&site, &f)),
    )?;
    let seen = Seen { stats: &stats, queues: &queues, processes: &processes, hour: &hour, unknown: &unknown };
    let label = f.t("dashboard.hour");
    Ok(page(&Dashboard {
        attention: attention(&f, &seen),
        history: series::history(&f, &history),
        hour: series::executions(&f, &hour, series::of_classes(&hour.classes), &deploys, label),
        busiest: (hour.left_out > 0).then(|| f.count("metrics.busiest", hour.classes.len())),
        about,
        rss_bytes: processes.iter().map(|process| process.rss_bytes).sum(),
        latency: queues.iter().map(|queue| queue.latency).max().unwrap_or_default(),
        panels: extend::drawn(&site.added.panels, Place::Dashboard, &f, None).await,
        queues: queues.len(),
        findings: findings.iter().map(|finding| Told::of(&f, finding)).collect(),
        stats,
        days,
        f,
    }))
}

/// What the store says of its health that somebody should know, and the classes that processes do not know: of these it
/// may tell too, and does not say where they are to be looked at.
async fn health(site: &Site, f: &Frame) -> StoreResult<(Vec<Finding>, Vec<UnknownClass>)> {
    let mut findings = site.inspect.checkup(f.now).await?;
    let unknown = site.inspect.unknown_classes(f.now).await?;
    findings.retain(|finding| finding.level >= Level::Warning && !finding.is(checkup::UNKNOWN_CLASS));
    Ok((findings, unknown))
}
