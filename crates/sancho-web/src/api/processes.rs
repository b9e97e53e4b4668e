//! Processes, and the orders that they are given.

use axum::Json;
use axum::extract::State;
use sancho_core::process::Quiet;
use sancho_core::{Incarnation, Order, ProcessRow, Timestamp};
use serde::{Deserialize, Serialize};

use super::extract::{Body, Name};
use super::problem::Problem;
use super::whole::Whole;
use crate::safety::{Person, audit};
use crate::site::Site;

#[derive(Debug, Serialize)]
pub(super) struct Processes {
    processes: Vec<Process>,
}

#[derive(Debug, Serialize)]
struct Process {
    /// Its identity, by which orders name it.
    process: String,
    hostname: String,
    pid: u32,
    started_at: f64,
    beat_at: f64,
    quiet: bool,
    busy: usize,
    slots: usize,
    queues: Vec<String>,
    capsules: Vec<Capsule>,
    tag: String,
    labels: Vec<String>,
    version: String,
    rss_bytes: u64,
    /// Seconds that its last beat took.
    round_trip: f64,
}

#[derive(Debug, Serialize)]
struct Capsule {
    name: String,
    slots: usize,
    order: String,
    queues: Vec<String>,
}

impl From<ProcessRow> for Process {
    fn from(row: ProcessRow) -> Self {
        let ProcessRow { info, beat_at, quiet, busy, rss_bytes, round_trip } = row;
        let capsule = |it: sancho_core::CapsuleInfo| Capsule {
            name: it.name,
            slots: it.slots,
            order: it.order,
            queues: it.queues,
        };
        Process {
            process: info.incarnation.as_str().to_owned(),
            hostname: info.hostname,
            pid: info.pid,
            started_at: info.started_at.as_unix_secs_f64(),
            beat_at: Timestamp::as_unix_secs_f64(beat_at),
            quiet: quiet == Quiet::Yes,
            busy,
            slots: info.slots,
            queues: info.queues.iter().map(ToString::to_string).collect(),
            capsules: info.capsules.into_iter().map(capsule).collect(),
            tag: info.tag,
            labels: info.labels,
            version: info.version,
            rss_bytes,
            round_trip: round_trip.as_secs_f64(),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Word {
    Quiet,
    Stop,
    Dump,
    Tune,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Given {
    order: Word,
    capsule: Option<String>,
    slots: Option<Whole>,
    queues: Option<Vec<String>>,
}

#[derive(Debug, Serialize)]
pub(super) struct Left {
    /// The process, which hears the order at its next beat at the latest.
    process: String,
    order: &'static str,
}

impl Given {
    fn read(self) -> Result<Order, Problem> {
        let Given { order, capsule, slots, queues } = self;
        if order == Word::Tune {
            if slots.is_none() && queues.is_none() {
                return Err(Problem::invalid("tune what? Give slots, queues or both"));
            }
            let slots = slots.map(|slots| slots.to("slots")).transpose()?;
            return Ok(Order::Tune { capsule: capsule.unwrap_or_else(|| "default".to_owned()), slots, queues });
        }
        if capsule.is_some() || slots.is_some() || queues.is_some() {
            return Err(Problem::invalid("capsule, slots and queues go with the order tune alone"));
        }
        Ok(match order {
            Word::Quiet => Order::Quiet,
            Word::Stop => Order::Stop,
            _ => Order::Dump,
        })
    }
}

pub(super) async fn all(State(site): State<Site>) -> Result<Json<Processes>, Problem> {
    let rows = site.inspect.processes(site.clock.now()).await?;
    Ok(Json(Processes { processes: rows.into_iter().map(Process::from).collect() }))
}

pub(super) async fn order(
    State(site): State<Site>,
    person: Person,
    Name(process): Name,
    Body(given): Body<Given>,
) -> Result<Json<Left>, Problem> {
    let order = given.read()?;
    let (word, _) = order.words()?;
    site.inspect.order(&Incarnation::new(&process), &order, site.clock.now()).await?;
    audit(&person, word, &format!("process {process}"), 1);
    Ok(Json(Left { process, order: word }))
}
