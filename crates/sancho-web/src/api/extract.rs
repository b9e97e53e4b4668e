//! What a request says, read so that what is wrong with it is told as a problem.

use axum::Json;
use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use axum::http::request::Parts;
use sancho_core::{Filter, QueueName, Set, Timestamp};
use serde::de::DeserializeOwned;

use super::bounds;
use super::problem::Problem;

/// The query of an address.
#[derive(Debug)]
pub(super) struct Asked<T>(pub(super) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Asked<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Query(query) = Query::from_request_parts(parts, state).await?;
        Ok(Asked(query))
    }
}

/// The body, as JSON of this content type: no form of a strange page can send that.
#[derive(Debug)]
pub(super) struct Body<T>(pub(super) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let Json(body) = Json::from_request(request, state).await?;
        Ok(Body(body))
    }
}

/// The one name in the path.
#[derive(Debug)]
pub(super) struct Name(pub(super) String);

impl<S: Send + Sync> FromRequestParts<S> for Name {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        // A router that this one is nested in may have names in its own path: the last one is ours.
        let Path(names) = Path::<Vec<(String, String)>>::from_request_parts(parts, state).await?;
        let (_, name) = names.into_iter().next_back().ok_or_else(|| Problem::invalid("the path names nothing"))?;
        Ok(Name(name))
    }
}

/// The set of jobs in the path: a set by its name, or a queue.
#[derive(Debug)]
pub(super) struct InSet(pub(super) Set);

impl<S: Send + Sync> FromRequestParts<S> for InSet {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Path(names) = Path::<Vec<(String, String)>>::from_request_parts(parts, state).await?;
        let Some((kind, name)) = names.into_iter().next_back() else {
            return Err(Problem::invalid("the path names nothing"));
        };
        let set = if kind == "queue" { Set::Queue(QueueName::new(name)?) } else { set_named(&name)? };
        Ok(InSet(set))
    }
}

fn set_named(name: &str) -> Result<Set, Problem> {
    Ok(match name {
        "busy" => Set::Busy,
        "scheduled" => Set::Scheduled,
        "retries" => Set::Retries,
        "dead" => Set::Dead,
        "held" => Set::Held,
        other => {
            let detail = format!("there is no set {other:?}: name busy, scheduled, retries, dead or held");
            return Err(Problem::not_found(detail));
        }
    })
}

/// A filter as it was written; `age` and `failed` count from `as_of`.
pub(super) fn filter(text: &str, as_of: Timestamp) -> Result<Filter, Problem> {
    if text.len() > bounds::FILTER_BYTES_MAX {
        let most = bounds::FILTER_BYTES_MAX;
        return Err(Problem::invalid(format!("the filter has {} bytes: at most {most} are read", text.len())));
    }
    Ok(Filter::parse(text, as_of)?)
}

/// A time that a request names; `what` is the member's name.
pub(super) fn time(what: &str, secs: f64) -> Result<Timestamp, Problem> {
    Some(secs)
        .filter(|secs| *secs >= 0.0)
        .and_then(Timestamp::from_unix_secs_f64)
        .ok_or_else(|| Problem::invalid(format!("{what} is no time: give seconds since the epoch")))
}
