//! Actions: on one job, on some that are named, on those of a set that a filter means.

use axum::Json;
use axum::extract::State;
use sancho_core::lifecycle::{Refusal, permits};
use sancho_core::{
    Action, Cursor, Direction, ErrorKind, Filter, Jid, JobRow, Order, Selection, Set, State as JobState,
};
use serde::Deserialize;

use super::bounds;
use super::deed::{Deed, Done, Verb};
use super::extract::{Body, InSet, Name, filter, time};
use super::problem::Problem;
use super::whole::Whole;
use crate::safety::{Person, audit};
use crate::site::Site;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OnOne {
    action: Verb,
    at: Option<f64>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OnNamed {
    action: Verb,
    at: Option<f64>,
    jids: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OnSet {
    action: Verb,
    at: Option<f64>,
    /// To be given even where it means all: nobody deletes a whole set by leaving something out.
    filter: String,
    as_of: Option<f64>,
    cursor: Option<String>,
    limit: Option<Whole>,
}

/// What came of an action on one job.
enum Fate {
    Done,
    Refused(Refusal),
    Gone,
}

pub(super) async fn on_one(
    State(site): State<Site>,
    person: Person,
    Name(jid): Name,
    Body(body): Body<OnOne>,
) -> Result<Json<Done>, Problem> {
    let (jid, deed) = (Jid::new(jid)?, body.action.deed(body.at)?);
    let fate = one(&site, &jid, &deed).await?;
    match fate {
        Fate::Gone => Err(Problem::not_found(format!("no job has the id {jid}: it may be done, and gone"))),
        Fate::Refused(refusal) => Err(Problem::refused(&refusal)),
        Fate::Done => {
            audit(&person, body.action.name(), jid.as_str(), 1);
            Ok(Json(Done { done: 1, ..Done::as_of(site.clock.now()) }))
        }
    }
}

pub(super) async fn on_named(
    State(site): State<Site>,
    person: Person,
    Body(body): Body<OnNamed>,
) -> Result<Json<Done>, Problem> {
    let deed = body.action.deed(body.at)?;
    if body.jids.is_empty() || body.jids.len() > bounds::JOBS_NAMED_MAX {
        let most = bounds::JOBS_NAMED_MAX;
        return Err(Problem::invalid(format!("jids names {} jobs: name 1 to {most}", body.jids.len())));
    }
    let jids = body.jids.into_iter().map(Jid::new).collect::<Result<Vec<Jid>, _>>()?;
    let mut done = Done::as_of(site.clock.now());
    let mut failed = None;
    for jid in &jids {
        match one(&site, jid, &deed).await {
            Ok(Fate::Done) => done.done += 1,
            Ok(Fate::Refused(refusal)) => done.refuse(&[(jid.clone(), refusal)]),
            Ok(Fate::Gone) => done.gone.push(jid.to_string()),
            Err(problem) => {
                failed = Some(problem);
                break;
            }
        }
    }
    let named = format!("{} named jobs, the first being {}", jids.len(), jids[0]);
    audit(&person, body.action.name(), &named, done.done);
    failed.map_or(Ok(Json(done)), Err)
}

/// Acts on one job.
async fn one(site: &Site, jid: &Jid, deed: &Deed) -> Result<Fate, Problem> {
    match deed {
        Deed::Apply(action) => apply(site, jid, action).await,
        // Whoever cancels means the job, wherever it is: the process of one that has started meanwhile is asked.
        Deed::Cancel => match apply(site, jid, &Action::Cancel).await? {
            Fate::Refused(Refusal::Started) => match site.inspect.find(jid).await? {
                Some(row) => cancel_running(site, &row).await,
                None => Ok(Fate::Gone),
            },
            fate => Ok(fate),
        },
    }
}

async fn apply(site: &Site, jid: &Jid, action: &Action) -> Result<Fate, Problem> {
    let applied = site.inspect.apply(action, &Selection::Jid(jid.clone()), 1, site.clock.now()).await?;
    Ok(match applied.refused.into_iter().next() {
        Some((_, refusal)) => Fate::Refused(refusal),
        None if applied.done > 0 => Fate::Done,
        None => Fate::Gone,
    })
}

/// Asks the process that runs a job to cancel it.
async fn cancel_running(site: &Site, row: &JobRow) -> Result<Fate, Problem> {
    let Some(incarnation) = row.incarnation.as_ref().filter(|_| row.state == JobState::Busy) else {
        return Ok(Fate::Refused(Refusal::Senseless(row.state)));
    };
    match site.inspect.order(incarnation, &Order::Cancel(row.jid.clone()), site.clock.now()).await {
        Ok(()) => Ok(Fate::Done),
        // The process has ended since.
        Err(error) if error.kind == ErrorKind::NotFound => Ok(Fate::Gone),
        Err(error) => Err(error.into()),
    }
}

pub(super) async fn on_set(
    State(site): State<Site>,
    person: Person,
    InSet(set): InSet,
    Body(body): Body<OnSet>,
) -> Result<Json<Done>, Problem> {
    let deed = body.action.deed(body.at)?;
    let now = site.clock.now();
    let as_of = body.as_of.map_or(Ok(now), |secs| time("as_of", secs))?;
    let which = filter(&body.filter, as_of)?;
    let asks = matches!(deed, Deed::Cancel) && set == Set::Busy;
    let most = if asks { bounds::JOBS_NAMED_MAX } else { bounds::JOBS_PER_STEP_MAX };
    let limit = body.limit.map_or(Ok(most), |limit| limit.to("limit"))?;
    if limit == 0 || limit > most {
        return Err(Problem::invalid(format!("limit is {limit}: {} takes 1 to {most}", body.action.name())));
    }
    let after = body.cursor.map(Cursor);
    let state = state_of(&set);
    let what = format!("{} {which}", name_of(&set));
    let mut done = Done::as_of(as_of);
    let action = match deed {
        Deed::Cancel if asks => return cancel_all(&site, &person, &which, after.as_ref(), limit, done).await,
        Deed::Cancel => Action::Cancel,
        Deed::Apply(action) => action,
    };
    permits(state, &action).map_err(|refusal| Problem::refused(&refusal))?;
    let selection = Selection::All { set, filter: which, after };
    let applied = site.inspect.apply(&action, &selection, limit, now).await?;
    audit(&person, body.action.name(), &what, applied.done);
    done.done = applied.done;
    done.refuse(&applied.refused);
    done.next = applied.next.map(|cursor| cursor.0);
    Ok(Json(done))
}

/// Asks the processes of running jobs that match to cancel them.
async fn cancel_all(
    site: &Site,
    person: &Person,
    which: &Filter,
    after: Option<&Cursor>,
    limit: usize,
    mut done: Done,
) -> Result<Json<Done>, Problem> {
    let page = site.inspect.page(&Set::Busy, which, Direction::Forward, after, limit).await?;
    let mut failed = None;
    for row in &page.rows {
        match cancel_running(site, row).await {
            Ok(Fate::Done) => done.done += 1,
            Ok(Fate::Refused(refusal)) => done.refuse(&[(row.jid.clone(), refusal)]),
            Ok(Fate::Gone) => done.gone.push(row.jid.to_string()),
            Err(problem) => {
                failed = Some(problem);
                break;
            }
        }
    }
    audit(person, Verb::Cancel.name(), &format!("{} {which}", name_of(&Set::Busy)), done.done);
    done.next = page.next.map(|cursor| cursor.0);
    failed.map_or(Ok(Json(done)), Err)
}

/// The state that the jobs of a set are in.
pub(super) fn state_of(set: &Set) -> JobState {
    match set {
        Set::Busy => JobState::Busy,
        Set::Scheduled => JobState::Scheduled,
        Set::Retries => JobState::Retries,
        Set::Dead => JobState::Dead,
        Set::Held => JobState::Held,
        _ => JobState::Enqueued,
    }
}

/// The set's name, for the audit.
pub(super) fn name_of(set: &Set) -> String {
    match set {
        Set::Queue(queue) => format!("queue {queue}"),
        other => state_of(other).to_string(),
    }
}
