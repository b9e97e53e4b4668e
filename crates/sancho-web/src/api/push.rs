//! Pushes: one job, or many in one atomic step.

mod idempotency;
mod new;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use sancho_core::{Draft, Jid, PushFailure, Pushed};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::bounds;
use super::extract::Body;
use super::problem::Problem;
use crate::code::Code;
use crate::safety::{Person, audit};
use crate::site::Site;
use idempotency::{Before, Named};
use new::New;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Bulk {
    jobs: Vec<New>,
}

#[derive(Debug, Serialize)]
pub(super) struct Answers {
    /// One for each job, in order.
    jobs: Vec<Answer>,
}

#[derive(Debug, Serialize)]
pub(super) struct Answer {
    /// The job that there is now: the one pushed, or the one that holds the key; none where it was stopped.
    jid: Option<String>,
    answer: &'static str,
    /// The job that was replaced, if one was.
    replaced: Option<String>,
}

pub(super) async fn one(
    State(site): State<Site>,
    person: Person,
    headers: HeaderMap,
    Body(body): Body<Box<RawValue>>,
) -> Result<(StatusCode, Json<Answer>), Problem> {
    let named = Named::read(&headers, &body)?;
    let draft = read::<New>(&body)?.draft(&*site.pusher)?;
    let class = draft.class.clone();
    let mut answers = push(&site, named.as_ref(), vec![draft]).await?;
    let answer = answers.pop().expect("there is an answer for each job");
    let added = answer.is_added();
    audit(&person, "push", &class, usize::from(added));
    match answer.answer {
        "refused" => {
            let holder = answer.jid.unwrap_or_default();
            Err(Problem::new(Code::KeyTaken, format!("nothing was pushed: job {holder} holds the key")))
        }
        _ if added => Ok((StatusCode::CREATED, Json(answer))),
        _ => Ok((StatusCode::OK, Json(answer))),
    }
}

pub(super) async fn many(
    State(site): State<Site>,
    person: Person,
    headers: HeaderMap,
    Body(body): Body<Box<RawValue>>,
) -> Result<Json<Answers>, Problem> {
    let named = Named::read(&headers, &body)?;
    let bulk: Bulk = read(&body)?;
    if bulk.jobs.is_empty() || bulk.jobs.len() > bounds::JOBS_PER_BULK_MAX {
        let most = bounds::JOBS_PER_BULK_MAX;
        return Err(Problem::invalid(format!("jobs has {} jobs: push 1 to {most} at a time", bulk.jobs.len())));
    }
    let mut drafts = Vec::with_capacity(bulk.jobs.len());
    for (index, new) in bulk.jobs.into_iter().enumerate() {
        let draft = new.draft(&*site.pusher);
        let said = |problem: Problem| format!("job {index}, counted from zero: {}", problem.detail());
        drafts.push(draft.map_err(|problem| Problem::invalid(said(problem)))?);
    }
    let jobs = push(&site, named.as_ref(), drafts).await?;
    audit(&person, "push", "many jobs", jobs.iter().filter(|answer| answer.is_added()).count());
    Ok(Json(Answers { jobs }))
}

/// What the body says: that it is JSON is known.
fn read<T: DeserializeOwned>(body: &RawValue) -> Result<T, Problem> {
    serde_json::from_str(body.get()).map_err(|error| Problem::unfit(&error))
}

/// Pushes drafts under the name of their request, if it has one; one answer for each.
async fn push(site: &Site, named: Option<&Named>, mut drafts: Vec<Draft>) -> Result<Vec<Answer>, Problem> {
    let Some(named) = named else { return all_or_none(site, drafts).await };
    let key = named.put_on(&mut drafts)?;
    let repeated =
        |drafts: &[Draft]| drafts.iter().map(|draft| Answer::of(&draft.jid, Some(Pushed::Repeated))).collect();
    if named.before(site, &key).await? == Before::Repeated {
        return Ok(repeated(&drafts));
    }
    let answers = all_or_none(site, drafts).await?;
    if answers.first().is_some_and(|first| first.answer == "repeated") {
        // The store has known the request, or another was quicker: that this is the same one is known of a job that lives.
        named.before(site, &key).await?;
    }
    Ok(answers)
}

async fn all_or_none(site: &Site, drafts: Vec<Draft>) -> Result<Vec<Answer>, Problem> {
    let jids: Vec<Jid> = drafts.iter().map(|draft| draft.jid.clone()).collect();
    let pushed = site.pusher.push(drafts).await.map_err(|failure| match failure {
        PushFailure::Store(error) => Problem::from(error),
        PushFailure::Invalid(invalid) => Problem::from(invalid),
        other => Problem::invalid(other.to_string()),
    })?;
    Ok(jids.iter().zip(pushed).map(|(jid, pushed)| Answer::of(jid, pushed)).collect())
}

impl Answer {
    /// What is said of the job with this id.
    fn of(jid: &Jid, pushed: Option<Pushed>) -> Self {
        let told = |jid: &Jid, answer| Answer { jid: Some(jid.to_string()), answer, replaced: None };
        match pushed {
            None => Answer { jid: None, answer: "stopped", replaced: None },
            Some(Pushed::Repeated) => told(jid, "repeated"),
            // The job itself holds its key: the request was repeated while it lives.
            Some(Pushed::Kept { holder, .. } | Pushed::Refused { holder, .. }) if holder == *jid => {
                told(jid, "repeated")
            }
            Some(Pushed::Kept { holder, .. }) => told(&holder, "kept"),
            Some(Pushed::Refused { holder, .. }) => told(&holder, "refused"),
            Some(Pushed::Replaced { holder }) => Answer { replaced: Some(holder.to_string()), ..told(jid, "replaced") },
            Some(_) => told(jid, "added"),
        }
    }

    fn is_added(&self) -> bool {
        matches!(self.answer, "added" | "replaced")
    }
}
