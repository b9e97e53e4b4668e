//! What fails, in the form of RFC 9457: `application/problem+json`.

use axum::Json;
use axum::extract::rejection::{JsonRejection, PathRejection, QueryRejection};
use axum::http::{HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use sancho_core::lifecycle::Refusal;
use sancho_core::{ErrorKind, Invalid, StoreError};
use serde::Serialize;

/// Every code that the API answers with. `sancho explain` knows each.
pub const CODES: &[&str] = &[
    "unavailable",
    "outcome-unknown",
    "full",
    "invalid",
    "not-found",
    "corrupt",
    "unsupported",
    "internal",
    "started",
    "senseless",
    "key-taken",
];

/// Seconds after which a request to a store that is away is worth repeating.
const RETRY_AFTER: &str = "1";

/// Why a request was not done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Problem {
    /// The same for every problem of this code: a name, not an address.
    #[serde(rename = "type")]
    kind: String,
    /// In a few words, by its code.
    title: &'static str,
    /// The status of the answer.
    status: u16,
    /// What `sancho explain` tells more about.
    code: &'static str,
    /// What happened this time, and the fix.
    detail: String,
}

impl Problem {
    /// A problem with a status and a code of [`CODES`].
    pub(super) fn new(status: StatusCode, code: &'static str, detail: impl Into<String>) -> Self {
        let kind = format!("urn:sancho:problem:{code}");
        Problem { kind, title: title(code), status: status.as_u16(), code, detail: detail.into() }
    }

    /// The request breaks a rule.
    pub(super) fn invalid(detail: impl Into<String>) -> Self {
        Problem::new(StatusCode::BAD_REQUEST, "invalid", detail)
    }

    /// What the request names is not there.
    pub(super) fn not_found(detail: impl Into<String>) -> Self {
        Problem::new(StatusCode::NOT_FOUND, "not-found", detail)
    }

    /// An action that the job's state does not allow.
    pub(super) fn refused(refusal: &Refusal) -> Self {
        Problem::new(StatusCode::CONFLICT, code_of(refusal), told(refusal))
    }

    /// What happened this time.
    pub(super) fn detail(&self) -> &str {
        &self.detail
    }
}

/// The code of a refusal.
pub(super) fn code_of(refusal: &Refusal) -> &'static str {
    match refusal {
        Refusal::Started => "started",
        Refusal::KeyTaken { .. } => "key-taken",
        _ => "senseless",
    }
}

/// A refusal for programs, which have no command line to type.
pub(super) fn told(refusal: &Refusal) -> String {
    match refusal {
        Refusal::Started => "it has started: only the action cancel-running reaches a running job".to_owned(),
        other => other.to_string(),
    }
}

fn title(code: &str) -> &'static str {
    match code {
        "unavailable" => "the store did not answer; nothing happened",
        "outcome-unknown" => "the answer was lost; it may have happened",
        "full" => "the store has no room left; nothing happened",
        "invalid" => "the call is wrong; repeating it is of no use",
        "not-found" => "what the call names is not there",
        "corrupt" => "the store holds something that it never writes",
        "unsupported" => "this store, or this version of it, cannot do it",
        "started" => "the job has started",
        "senseless" => "the action has no meaning where the job is",
        "key-taken" => "another job holds the key",
        _ => "a defect in Sancho itself",
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        let status = match error.kind {
            ErrorKind::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            ErrorKind::OutcomeUnknown => StatusCode::GATEWAY_TIMEOUT,
            ErrorKind::Full => StatusCode::INSUFFICIENT_STORAGE,
            ErrorKind::Invalid => StatusCode::BAD_REQUEST,
            ErrorKind::NotFound => StatusCode::NOT_FOUND,
            ErrorKind::Unsupported => StatusCode::NOT_IMPLEMENTED,
            _ => StatusCode::INTERNAL_SERVER_ERROR,
        };
        Problem::new(status, error.kind.code(), error.to_string())
    }
}

impl From<Invalid> for Problem {
    fn from(invalid: Invalid) -> Self {
        Problem::invalid(invalid.to_string())
    }
}

impl From<JsonRejection> for Problem {
    fn from(rejection: JsonRejection) -> Self {
        Problem::new(rejection.status(), "invalid", rejection.body_text())
    }
}

impl From<QueryRejection> for Problem {
    fn from(rejection: QueryRejection) -> Self {
        Problem::new(rejection.status(), "invalid", rejection.body_text())
    }
}

impl From<PathRejection> for Problem {
    fn from(rejection: PathRejection) -> Self {
        Problem::new(rejection.status(), "invalid", rejection.body_text())
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (status, Json(self)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if status == StatusCode::SERVICE_UNAVAILABLE {
            headers.insert(header::RETRY_AFTER, HeaderValue::from_static(RETRY_AFTER));
        }
        response
    }
}

/// No route has this path.
pub(super) async fn no_route(uri: Uri) -> Problem {
    Problem::not_found(format!("there is nothing at {}: openapi.json lists what there is", uri.path()))
}

/// The route has another method.
pub(super) async fn no_method(method: Method, uri: Uri) -> Problem {
    let detail = format!("{} does not take {method}: openapi.json says what it takes", uri.path());
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, "invalid", detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_store_error_has_a_status_and_a_code_of_the_list() {
        for kind in ErrorKind::ALL {
            let problem = Problem::from(StoreError::new("page", kind, "it broke"));
            assert!(CODES.contains(&problem.code), "{kind:?}");
            assert!(problem.status >= 400, "{kind:?}");
            assert_eq!(problem.detail(), "failed to page: it broke");
        }
    }

    #[test]
    fn every_code_but_the_defect_has_a_title_of_its_own() {
        let titles: std::collections::BTreeSet<_> = CODES.iter().map(|code| title(code)).collect();
        assert_eq!(titles.len(), CODES.len());
    }
}
