//! What went wrong, as a page.

use askama::Template;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use sancho_core::{ErrorKind, Invalid, StoreError};

use crate::frame::{Frame, Tab, page};
use crate::site::Site;

/// Why a page cannot be shown, or an action was not done.
#[derive(Clone, Debug)]
pub(crate) struct Failure {
    /// The status of the answer.
    pub(crate) status: StatusCode,
    /// The code by which people look it up, as the command's catalogue has it.
    pub(crate) code: &'static str,
    /// What happened, for people; empty where the title says it all.
    pub(crate) detail: String,
}

impl Failure {
    /// What is asked for is not there.
    pub(crate) fn not_found(detail: impl Into<String>) -> Self {
        Failure { status: StatusCode::NOT_FOUND, code: "not-found", detail: detail.into() }
    }

    /// The request itself is wrong.
    pub(crate) fn invalid(detail: impl Into<String>) -> Self {
        Failure { status: StatusCode::BAD_REQUEST, code: "invalid", detail: detail.into() }
    }

    /// The job stands where the action has no meaning.
    pub(crate) fn refused(detail: impl Into<String>) -> Self {
        Failure { status: StatusCode::CONFLICT, code: "refused", detail: detail.into() }
    }

    /// The key of what a page says of it, where that is the gate's: the detail is for programs then.
    fn said(&self) -> Option<&'static str> {
        match self.code {
            "cross-site" => Some("failure.cross_site"),
            "too-many-tries" => Some("failure.too_many_tries"),
            "not-this-machine" => Some("failure.not_this_machine"),
            "unauthorized" => Some("failure.unauthorized"),
            "viewer" => Some("failure.viewer"),
            _ => None,
        }
    }

    /// The person may not do this.
    pub(crate) fn forbidden(detail: impl Into<String>) -> Self {
        Failure { status: StatusCode::FORBIDDEN, code: "forbidden", detail: detail.into() }
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        let status = match error.kind {
            ErrorKind::Invalid => StatusCode::BAD_REQUEST,
            ErrorKind::NotFound => StatusCode::NOT_FOUND,
            ErrorKind::Unsupported => StatusCode::CONFLICT,
            ErrorKind::Full => StatusCode::INSUFFICIENT_STORAGE,
            ErrorKind::Unavailable | ErrorKind::OutcomeUnknown => StatusCode::SERVICE_UNAVAILABLE,
            _ => StatusCode::INTERNAL_SERVER_ERROR,
        };
        if status.is_server_error() {
            tracing::error!(target: "sancho::web", code = error.kind.code(), "{error}");
        }
        Failure { status, code: error.kind.code(), detail: error.to_string() }
    }
}

impl From<Invalid> for Failure {
    fn from(invalid: Invalid) -> Self {
        Failure::invalid(invalid.to_string())
    }
}

/// An empty answer that carries the failure: [`framed`] makes a page of it.
impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

#[derive(Template)]
#[template(path = "failure.html")]
struct FailurePage<'a> {
    f: &'a Frame,
    failure: &'a Failure,
}

/// Makes a page of a failure that a handler answered with.
pub(crate) async fn framed(State(_): State<Site>, frame: Frame, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let Some(failure) = response.extensions_mut().remove::<Failure>() else { return response };
    let frame = frame.on(Tab::None);
    let mut told = page(&FailurePage { f: &frame, failure: &failure });
    *told.status_mut() = failure.status;
    // What a refusal asks for, and when to come again, goes with it.
    told.headers_mut().extend(response.headers().iter().map(|(name, value)| (name.clone(), value.clone())));
    told
}

/// No page has this address.
pub(crate) async fn nothing_here() -> Failure {
    Failure::not_found("")
}

/// The page is there, but is not asked for in this way.
pub(crate) async fn not_so() -> Failure {
    Failure { status: StatusCode::METHOD_NOT_ALLOWED, code: "method", detail: String::new() }
}
