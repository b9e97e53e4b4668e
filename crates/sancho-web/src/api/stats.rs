//! The store as a whole.

use axum::Json;
use axum::extract::State;
use sancho_core::Stats;
use serde::{Deserialize, Serialize};

use super::bounds;
use super::extract::Asked;
use super::problem::Problem;
use crate::site::Site;

const SECS_PER_DAY: i64 = 86_400;

#[derive(Debug, Serialize)]
pub(super) struct Totals {
    processed: u64,
    failed: u64,
    busy: u64,
    enqueued: u64,
    scheduled: u64,
    retries: u64,
    dead: u64,
    held: u64,
    processes: u64,
    /// The time of the pages' clock.
    now: f64,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Days {
    days: Option<u32>,
}

#[derive(Debug, Serialize)]
pub(super) struct History {
    days: Vec<Day>,
}

#[derive(Debug, Serialize)]
struct Day {
    /// When it began, in UTC.
    at: i64,
    processed: u64,
    failed: u64,
}

#[derive(Debug, Serialize)]
pub(super) struct Store {
    kind: &'static str,
    version: String,
    place: String,
    bytes: u64,
}

#[derive(Debug, Serialize)]
pub(super) struct Checkup {
    findings: Vec<Finding>,
}

#[derive(Debug, Serialize)]
struct Finding {
    level: &'static str,
    what: String,
    fix: Option<String>,
}

pub(super) async fn totals(State(site): State<Site>) -> Result<Json<Totals>, Problem> {
    let now = site.clock.now();
    let Stats { processed, failed, busy, enqueued, scheduled, retries, dead, held, processes } =
        site.inspect.stats(now).await?;
    let now = now.as_unix_secs_f64();
    Ok(Json(Totals { processed, failed, busy, enqueued, scheduled, retries, dead, held, processes, now }))
}

pub(super) async fn history(State(site): State<Site>, Asked(asked): Asked<Days>) -> Result<Json<History>, Problem> {
    let days = asked.days.unwrap_or(30);
    if days == 0 || days > bounds::HISTORY_DAYS_MAX {
        let most = bounds::HISTORY_DAYS_MAX;
        return Err(Problem::invalid(format!("days is {days}: ask for 1 to {most}")));
    }
    let days = site.inspect.history(days, site.clock.now()).await?;
    let day = |day: &sancho_core::inspect::DayStats| Day {
        at: day.unix_day * SECS_PER_DAY,
        processed: day.processed,
        failed: day.failed,
    };
    Ok(Json(History { days: days.iter().map(day).collect() }))
}

pub(super) async fn store(State(site): State<Site>) -> Result<Json<Store>, Problem> {
    let about = site.inspect.about().await?;
    Ok(Json(Store { kind: about.kind, version: about.version, place: about.place, bytes: about.bytes }))
}

pub(super) async fn checkup(State(site): State<Site>) -> Result<Json<Checkup>, Problem> {
    let findings = site.inspect.checkup(site.clock.now()).await?;
    let told = findings.into_iter().map(|it| Finding { level: it.level.as_str(), what: it.what, fix: it.fix });
    Ok(Json(Checkup { findings: told.collect() }))
}
