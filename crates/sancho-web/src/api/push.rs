//! Pushes: one job, or many in one atomic step.
//!
//! A request may name itself by the header `Idempotency-Key`, so that it can be repeated when its answer was lost. The
//! ids of its jobs are made of that name, and a single job without a key of its own takes the name as its key. The
//! store adds nothing twice then: for [`sancho_core::limits::PUSH_REPEAT`] in any case, and a single job for as long as it lives.

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use sancho_core::{Backtrace, Draft, Jid, Key, OnConflict, Pushed, QueueName, Retry, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::bounds;
use super::extract::{Body, time};
use super::problem::Problem;
use super::pusher::{PushFailure, Pusher};
use crate::safety::{Person, audit};
use crate::site::Site;

const IDEMPOTENCY_KEY: &str = "idempotency-key";

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct New {
    class: String,
    args: Option<Box<RawValue>>,
    queue: Option<String>,
    at: Option<f64>,
    /// Seconds from now, instead of `at`.
    #[serde(rename = "in")]
    after: Option<f64>,
    retry: Option<Times>,
    retry_for: Option<f64>,
    retry_queue: Option<String>,
    backtrace: Option<Times>,
    dead: Option<bool>,
    expires_in: Option<f64>,
    key: Option<String>,
    #[serde(default)]
    on_conflict: Conflict,
    #[serde(default)]
    tags: Vec<String>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(untagged)]
enum Times {
    Whether(bool),
    Number(u32),
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Conflict {
    #[default]
    Keep,
    Replace,
    Refuse,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Bulk {
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
    Body(new): Body<New>,
) -> Result<(StatusCode, Json<Answer>), Problem> {
    let name = idempotency_key(&headers)?;
    let jid = match name {
        Some(name) => Jid::new(format!("push:{name}"))?,
        None => site.pusher.next_jid(),
    };
    let mut draft = new.draft(jid, site.clock.now())?;
    if let Some(name) = name {
        draft.key = Some(draft.key.map_or_else(|| Key::new(format!("push:{name}")), Ok)?);
    }
    let class = draft.class.clone();
    let mut answers = push(&*site.pusher, vec![draft]).await?;
    let answer = answers.pop().ok_or_else(|| Problem::invalid("the application stopped the job"))?;
    let added = matches!(answer.answer, "added" | "replaced");
    audit(&person, "push", &class, usize::from(added));
    match answer.answer {
        "refused" => {
            let holder = answer.jid.unwrap_or_default();
            let detail = format!("nothing was pushed: job {holder} holds the key");
            Err(Problem::new(StatusCode::CONFLICT, "key-taken", detail))
        }
        _ if added => Ok((StatusCode::CREATED, Json(answer))),
        _ => Ok((StatusCode::OK, Json(answer))),
    }
}

pub(super) async fn many(
    State(site): State<Site>,
    person: Person,
    headers: HeaderMap,
    Body(bulk): Body<Bulk>,
) -> Result<Json<Answers>, Problem> {
    if bulk.jobs.is_empty() || bulk.jobs.len() > bounds::JOBS_PER_BULK_MAX {
        let most = bounds::JOBS_PER_BULK_MAX;
        return Err(Problem::invalid(format!("jobs has {} jobs: push 1 to {most} at a time", bulk.jobs.len())));
    }
    let (name, now) = (idempotency_key(&headers)?, site.clock.now());
    let mut drafts = Vec::with_capacity(bulk.jobs.len());
    for (index, new) in bulk.jobs.into_iter().enumerate() {
        let jid = match name {
            Some(name) => Jid::new(format!("push:{name}:{index}"))?,
            None => site.pusher.next_jid(),
        };
        let draft = new
            .draft(jid, now)
            .map_err(|problem| Problem::invalid(format!("job {index}, counted from zero: {}", problem.detail())))?;
        drafts.push(draft);
    }
    let answers = push(&*site.pusher, drafts).await?;
    let added = answers.iter().filter(|it| matches!(it.answer, "added" | "replaced")).count();
    audit(&person, "push", "many jobs", added);
    Ok(Json(Answers { jobs: answers }))
}

async fn push(pusher: &dyn Pusher, drafts: Vec<Draft>) -> Result<Vec<Answer>, Problem> {
    let jids: Vec<Jid> = drafts.iter().map(|draft| draft.jid.clone()).collect();
    let pushed = pusher.push(drafts).await.map_err(|failure| match failure {
        PushFailure::Invalid(invalid) => Problem::from(invalid),
        PushFailure::Store(error) => Problem::from(error),
    })?;
    Ok(jids.into_iter().zip(pushed).map(|(jid, pushed)| answer(jid, pushed)).collect())
}

fn answer(jid: Jid, pushed: Option<Pushed>) -> Answer {
    let told = |jid: Jid, answer| Answer { jid: Some(jid.to_string()), answer, replaced: None };
    match pushed {
        None => Answer { jid: None, answer: "stopped", replaced: None },
        Some(Pushed::Repeated) => told(jid, "repeated"),
        // The job itself holds its key: the request was repeated while it lives.
        Some(Pushed::Kept { holder, .. } | Pushed::Refused { holder, .. }) if holder == jid => told(jid, "repeated"),
        Some(Pushed::Kept { holder, .. }) => told(holder, "kept"),
        Some(Pushed::Refused { holder, .. }) => told(holder, "refused"),
        Some(Pushed::Replaced { holder }) => Answer { replaced: Some(holder.to_string()), ..told(jid, "replaced") },
        Some(_) => told(jid, "added"),
    }
}

/// The name of the request, if it has one.
fn idempotency_key(headers: &HeaderMap) -> Result<Option<&str>, Problem> {
    let Some(value) = headers.get(IDEMPOTENCY_KEY) else { return Ok(None) };
    let most = bounds::IDEMPOTENCY_KEY_CHARS_MAX;
    let name = value.to_str().ok().filter(|name| {
        (1..=most).contains(&name.len())
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte))
    });
    name.map(Some).ok_or_else(|| {
        Problem::invalid(format!("Idempotency-Key has 1 to {most} letters, digits and -._~: a UUID is one"))
    })
}

impl New {
    fn draft(self, jid: Jid, now: Timestamp) -> Result<Draft, Problem> {
        let args = self.args.map_or_else(|| "[]".to_owned(), |args| args.get().to_owned());
        let mut draft = Draft::new(jid, self.class, args);
        if let Some(queue) = self.queue {
            draft.queue = QueueName::new(queue)?;
        }
        draft.at = match (self.at, self.after) {
            (Some(_), Some(_)) => return Err(Problem::invalid("give at or in, not both")),
            (Some(at), None) => Some(time("at", at)?),
            (None, Some(after)) => Some(now + span("in", after)?),
            (None, None) => None,
        };
        draft.retry = match self.retry {
            None | Some(Times::Whether(true)) => Retry::Default,
            Some(Times::Whether(false)) => Retry::Never,
            Some(Times::Number(limit)) => Retry::Limit(limit),
        };
        draft.retry_for = self.retry_for.map(|secs| span("retry_for", secs)).transpose()?;
        draft.retry_queue = self.retry_queue.map(QueueName::new).transpose()?;
        draft.backtrace = self.backtrace.map(|times| match times {
            Times::Whether(all) => Backtrace::from(all),
            Times::Number(lines) => Backtrace::from(lines),
        });
        draft.dead = self.dead.map(Into::into);
        draft.expires_in = self.expires_in.map(|secs| span("expires_in", secs)).transpose()?;
        draft.key = self.key.map(Key::new).transpose()?;
        draft.on_conflict = match self.on_conflict {
            Conflict::Keep => OnConflict::Keep,
            Conflict::Replace => OnConflict::Replace,
            Conflict::Refuse => OnConflict::Refuse,
        };
        draft.tags = self.tags;
        Ok(draft)
    }
}

fn span(what: &str, secs: f64) -> Result<Duration, Problem> {
    Duration::try_from_secs_f64(secs)
        .map_err(|_| Problem::invalid(format!("{what} is no span: give seconds, from zero on")))
}
