//! Queues, what is paused, and what in queues nobody knows.

use axum::Json;
use axum::extract::State;
use sancho_core::inspect::Paused;
use sancho_core::{Pausable, QueueName, QueueRow, limits};
use serde::Serialize;

use super::extract::Name;
use super::problem::Problem;
use crate::queues::known;
use crate::safety::{Person, audit};
use crate::site::Site;

#[derive(Debug, Serialize)]
pub(super) struct Queues {
    queues: Vec<Queue>,
}

#[derive(Debug, Serialize)]
pub(super) struct Queue {
    name: String,
    size: u64,
    /// Seconds that its next job has waited.
    latency: f64,
    paused: bool,
}

impl From<&QueueRow> for Queue {
    fn from(row: &QueueRow) -> Self {
        Queue {
            name: row.name.to_string(),
            size: row.size,
            latency: row.latency.as_secs_f64(),
            paused: row.paused == Paused::Yes,
        }
    }
}

#[derive(Debug, Serialize)]
pub(super) struct AllPaused {
    queues: Vec<String>,
    classes: Vec<String>,
}

#[derive(Debug, Serialize)]
pub(super) struct Unknown {
    classes: Vec<UnknownClass>,
}

/// A class that a process met in a queue and does not know.
#[derive(Debug, Serialize)]
struct UnknownClass {
    class: String,
    queue: String,
    /// When it was first met there.
    since: f64,
    /// When it was last met there.
    last: f64,
}

#[derive(Debug, Serialize)]
pub(super) struct Now {
    /// Whether it is paused now.
    paused: bool,
}

#[derive(Debug, Serialize)]
pub(super) struct Cleared {
    /// Jobs that were deleted.
    done: usize,
    /// Whether there may be more: then the same request goes on.
    more: bool,
}

pub(super) async fn all(State(site): State<Site>) -> Result<Json<Queues>, Problem> {
    let rows = known(&site, site.clock.now()).await?;
    Ok(Json(Queues { queues: rows.iter().map(Queue::from).collect() }))
}

pub(super) async fn one(State(site): State<Site>, Name(name): Name) -> Result<Json<Queue>, Problem> {
    let name = QueueName::new(name)?;
    let rows = known(&site, site.clock.now()).await?;
    let row = rows.iter().find(|row| row.name == name);
    row.map(|row| Json(row.into())).ok_or_else(|| Problem::not_found(format!("there is no queue {name}")))
}

pub(super) async fn paused(State(site): State<Site>) -> Result<Json<AllPaused>, Problem> {
    let paused = site.inspect.paused().await?;
    let queues = paused.iter().filter_map(Pausable::as_queue).map(ToString::to_string).collect();
    let classes = paused.iter().filter_map(Pausable::as_class).map(str::to_owned).collect();
    Ok(Json(AllPaused { queues, classes }))
}

pub(super) async fn unknown(State(site): State<Site>) -> Result<Json<Unknown>, Problem> {
    let classes = site.inspect.unknown_classes(site.clock.now()).await?.into_iter().map(|met| UnknownClass {
        class: met.class,
        queue: met.queue.to_string(),
        since: met.since.as_unix_secs_f64(),
        last: met.last.as_unix_secs_f64(),
    });
    Ok(Json(Unknown { classes: classes.collect() }))
}

pub(super) async fn pause(site: State<Site>, person: Person, Name(name): Name) -> Result<Json<Now>, Problem> {
    pause_it(&site, &person, &Pausable::queue(name)?).await
}

pub(super) async fn resume(site: State<Site>, person: Person, Name(name): Name) -> Result<Json<Now>, Problem> {
    resume_it(&site, &person, &Pausable::queue(name)?).await
}

pub(super) async fn pause_class(site: State<Site>, person: Person, Name(name): Name) -> Result<Json<Now>, Problem> {
    pause_it(&site, &person, &Pausable::class(name)?).await
}

/// Jobs that are held for the class stay so until they are run, by an action on the set `held`.
pub(super) async fn resume_class(site: State<Site>, person: Person, Name(name): Name) -> Result<Json<Now>, Problem> {
    resume_it(&site, &person, &Pausable::class(name)?).await
}

pub(super) async fn clear(
    State(site): State<Site>,
    person: Person,
    Name(name): Name,
) -> Result<Json<Cleared>, Problem> {
    let queue = QueueName::new(name)?;
    let done = site.inspect.clear(&queue, limits::JOBS_PER_MOVE_MAX, site.clock.now()).await?;
    audit(&person, "clear", &format!("queue {queue}"), done);
    Ok(Json(Cleared { done, more: done == limits::JOBS_PER_MOVE_MAX }))
}

async fn pause_it(site: &Site, person: &Person, what: &Pausable) -> Result<Json<Now>, Problem> {
    site.inspect.pause(what, site.clock.now()).await?;
    audit(person, "pause", &what.to_string(), 1);
    Ok(Json(Now { paused: true }))
}

async fn resume_it(site: &Site, person: &Person, what: &Pausable) -> Result<Json<Now>, Problem> {
    site.inspect.resume(what, site.clock.now()).await?;
    audit(person, "resume", &what.to_string(), 1);
    Ok(Json(Now { paused: false }))
}
