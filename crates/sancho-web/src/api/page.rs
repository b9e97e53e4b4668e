//! Jobs: pages of a set, how many there are, and one.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use sancho_core::{Cursor, Direction, Filter, Jid, JobRow, Key, Set, Sought, Timestamp};
use serde::{Deserialize, Serialize};

use super::bounds;
use super::extract::{Asked, InSet, Name, filter, time};
use super::job::{Job, WholeJob};
use super::problem::Problem;
use crate::foreign::runs_in_foreign;
use crate::site::Site;

/// Which jobs of a set are asked for.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Which {
    #[serde(default)]
    filter: String,
    /// When `age` and `failed` count from: what an earlier answer said.
    as_of: Option<f64>,
    /// Which way the set is gone through. A cursor goes the way that it was given for.
    order: Option<Way>,
    cursor: Option<String>,
    limit: Option<usize>,
}

/// A [`Direction`], as requests name it.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Way {
    Forward,
    Backward,
}

impl From<Way> for Direction {
    fn from(way: Way) -> Self {
        match way {
            Way::Forward => Direction::Forward,
            Way::Backward => Direction::Backward,
        }
    }
}

impl Which {
    /// The filter, when its times count from, where to go on, and how many are wanted of at most so many.
    pub(super) fn read(self, now: Timestamp, usual: usize, most: usize) -> Result<Reading, Problem> {
        let as_of = self.as_of.map_or(Ok(now), |secs| time("as_of", secs))?;
        let limit = self.limit.unwrap_or(usual);
        if limit == 0 || limit > most {
            return Err(Problem::invalid(format!("limit is {limit}: ask for 1 to {most}")));
        }
        let order = self.order.map_or(Direction::default(), Direction::from);
        Ok(Reading { filter: filter(&self.filter, as_of)?, as_of, order, cursor: self.cursor.map(Cursor), limit })
    }
}

/// Which jobs are asked for, as it was read.
#[derive(Debug)]
pub(super) struct Reading {
    pub(super) filter: Filter,
    pub(super) as_of: Timestamp,
    pub(super) order: Direction,
    pub(super) cursor: Option<Cursor>,
    pub(super) limit: usize,
}

impl Reading {
    /// One page of what is asked for.
    pub(super) async fn page(&self, site: &Site, set: &Set) -> Result<sancho_core::Page, Problem> {
        Ok(site.inspect.page(set, &self.filter, self.order, self.cursor.as_ref(), self.limit).await?)
    }
}

#[derive(Debug, Serialize)]
pub(super) struct Page {
    jobs: Vec<Job>,
    /// Where to go on; none at the end. A page may be short, even empty, and still have one.
    next: Option<String>,
    as_of: f64,
}

#[derive(Debug, Serialize)]
pub(super) struct Count {
    /// How many match, of those that this step looked at.
    jobs: u64,
    /// Where to go on counting; none at the end.
    next: Option<String>,
    as_of: f64,
}

pub(super) async fn jobs(
    State(site): State<Site>,
    InSet(set): InSet,
    Asked(which): Asked<Which>,
) -> Result<Json<Page>, Problem> {
    let reading = which.read(site.clock.now(), bounds::JOBS_PER_PAGE, bounds::JOBS_PER_PAGE_MAX)?;
    let page = reading.page(&site, &set).await?;
    Ok(Json(Page {
        jobs: page.rows.iter().map(Job::listed).collect(),
        next: page.next.map(|cursor| cursor.0),
        as_of: reading.as_of.as_unix_secs_f64(),
    }))
}

pub(super) async fn count(
    State(site): State<Site>,
    InSet(set): InSet,
    Asked(which): Asked<Which>,
) -> Result<Json<Count>, Problem> {
    let now = site.clock.now();
    let reading = which.read(now, bounds::JOBS_PER_STEP_MAX, bounds::JOBS_PER_STEP_MAX)?;
    let as_of = reading.as_of.as_unix_secs_f64();
    if reading.filter.is_all() && reading.cursor.is_none() {
        return Ok(Json(Count { jobs: size(&site, &set, now).await?, next: None, as_of }));
    }
    let page = reading.page(&site, &set).await?;
    Ok(Json(Count { jobs: page.rows.len() as u64, next: page.next.map(|cursor| cursor.0), as_of }))
}

/// How many jobs a whole set has: the store knows that without looking at them.
async fn size(site: &Site, set: &Set, now: Timestamp) -> Result<u64, Problem> {
    if let Set::Queue(queue) = set {
        let rows = site.inspect.queues(now).await?;
        return Ok(rows.iter().find(|row| row.name == *queue).map_or(0, |row| row.size));
    }
    let stats = site.inspect.stats(now).await?;
    Ok(match set {
        Set::Busy => stats.busy,
        Set::Scheduled => stats.scheduled,
        Set::Retries => stats.retries,
        Set::Dead => stats.dead,
        _ => stats.held,
    })
}

/// Where looking for one job goes on.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct After {
    cursor: Option<String>,
}

/// What is answered where a job was not met yet, and there is more to look through.
#[derive(Debug, Serialize)]
pub(super) struct Looking {
    /// Where to go on.
    next: String,
}

pub(super) async fn job(
    State(site): State<Site>,
    Name(jid): Name,
    Asked(after): Asked<After>,
) -> Result<Response, Problem> {
    let jid = Jid::new(jid)?;
    match site.inspect.seek(&jid, after.cursor.map(Cursor).as_ref()).await? {
        Sought::Found(row) => Ok(whole(&site, &row).await?.into_response()),
        Sought::Gone => Err(Problem::not_found(format!("no job has the id {jid}: it may be done, and gone"))),
        Sought::Further(Cursor(next)) => Ok((StatusCode::ACCEPTED, Json(Looking { next })).into_response()),
    }
}

pub(super) async fn keyed(State(site): State<Site>, Name(key): Name) -> Result<Json<WholeJob>, Problem> {
    let key = Key::new(key)?;
    let row = site.inspect.find_key(&key).await?;
    let row = row.ok_or_else(|| Problem::not_found(format!("no job holds the key {key}: it is free")))?;
    whole(&site, &row).await
}

async fn whole(site: &Site, row: &JobRow) -> Result<Json<WholeJob>, Problem> {
    let is_foreign = runs_in_foreign(site, row, site.clock.now()).await?;
    Ok(Json(WholeJob::of(row, is_foreign)))
}
