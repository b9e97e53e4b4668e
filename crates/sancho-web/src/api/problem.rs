//! What fails, in the form of RFC 9457: `application/problem+json`.

use axum::Json;
use axum::extract::rejection::{JsonRejection, PathRejection, QueryRejection};
use axum::http::{HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use sancho_core::lifecycle::Refusal;
use sancho_core::{Invalid, StoreError};
use serde::Serialize;

use crate::code::Code;

/// Seconds after which a request to a store that is away is worth repeating.
const RETRY_AFTER: &str = "1";

/// Why a request was not done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Problem {
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
    /// A problem of this code.
    pub(crate) fn new(code: Code, detail: impl Into<String>) -> Self {
        let kind = format!("urn:sancho:problem:{}", code.name());
        let status = code.status().as_u16();
        Problem { kind, title: code.title(), status, code: code.name(), detail: detail.into() }
    }

    /// A request that cannot even be read: the status says at what that failed.
    fn unreadable(status: StatusCode, detail: String) -> Self {
        Problem::invalid(detail).with(status)
    }

    /// The same, with another status.
    pub(crate) fn with(self, status: StatusCode) -> Self {
        Problem { status: status.as_u16(), ..self }
    }

    /// A body that is JSON, but not what is asked for.
    pub(super) fn unfit(error: &serde_json::Error) -> Self {
        Problem::unreadable(StatusCode::UNPROCESSABLE_ENTITY, format!("the body is not as it should be: {error}"))
    }

    /// The request breaks a rule.
    pub(super) fn invalid(detail: impl Into<String>) -> Self {
        Problem::new(Code::Invalid, detail)
    }

    /// What the request names is not there.
    pub(super) fn not_found(detail: impl Into<String>) -> Self {
        Problem::new(Code::NotFound, detail)
    }

    /// An action that the job's state does not allow.
    pub(super) fn refused(refusal: &Refusal) -> Self {
        Problem::new(Code::from(refusal), told(refusal))
    }

    /// What happened this time.
    pub(super) fn detail(&self) -> &str {
        &self.detail
    }
}

/// A refusal for programs, which have no command line to type.
pub(super) fn told(refusal: &Refusal) -> String {
    match refusal {
        Refusal::Started => "it has started: only the action cancel reaches a running job".to_owned(),
        other => other.to_string(),
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        let code = Code::from(error.kind);
        if code.status().is_server_error() {
            tracing::error!(target: "sancho::web", code = code.name(), "{error}");
        }
        Problem::new(code, error.to_string())
    }
}

impl From<Invalid> for Problem {
    fn from(invalid: Invalid) -> Self {
        Problem::invalid(invalid.to_string())
    }
}

impl From<JsonRejection> for Problem {
    fn from(rejection: JsonRejection) -> Self {
        Problem::unreadable(rejection.status(), rejection.body_text())
    }
}

impl From<QueryRejection> for Problem {
    fn from(rejection: QueryRejection) -> Self {
        Problem::unreadable(rejection.status(), rejection.body_text())
    }
}

impl From<PathRejection> for Problem {
    fn from(rejection: PathRejection) -> Self {
        Problem::unreadable(rejection.status(), rejection.body_text())
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
    Problem::new(Code::Method, detail)
}

#[cfg(test)]
mod tests {
    use sancho_core::ErrorKind;

    use super::*;

    #[test]
    fn a_store_error_is_told_in_its_own_words_and_with_the_status_of_its_kind() {
        for kind in ErrorKind::ALL {
            let problem = Problem::from(StoreError::new("page", kind, "it broke"));
            assert_eq!((problem.code, problem.status), (kind.code(), Code::from(kind).status().as_u16()));
            assert_eq!(problem.detail(), "failed to page: it broke");
        }
    }
}
