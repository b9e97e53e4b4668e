//! What those get who are not let in.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use crate::failure::Failure;

/// Why a request is refused: people get a page that says so, and programs JSON (RFC 9457).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    status: StatusCode,
    code: &'static str,
    detail: String,
    challenges: Vec<HeaderValue>,
}

impl Refusal {
    /// Somebody is not let in, for a reason that they may know.
    pub fn forbidden(detail: impl Into<String>) -> Self {
        Refusal { status: StatusCode::FORBIDDEN, code: "forbidden", detail: detail.into(), challenges: Vec::new() }
    }

    pub(super) fn unknown(challenges: impl Iterator<Item = HeaderValue>) -> Self {
        let challenges = challenges.collect();
        let detail = "these pages are for those who sign in".to_owned();
        Refusal { status: StatusCode::UNAUTHORIZED, code: "unauthorized", detail, challenges }
    }

    pub(super) fn not_this_machine(why: &str) -> Self {
        let detail = format!(
            "these pages are for this machine alone, and the request is not believed to be its own: {why}. \
             To open them to others, say who may come in: by credentials, or by the application's own sign-in"
        );
        Refusal { code: "not-this-machine", ..Refusal::forbidden(detail) }
    }

    pub(super) fn cross_site() -> Self {
        let detail = "another site made this request: open these pages themselves, and act from there. \
                      Behind a proxy that changes their name, have that name trusted";
        Refusal { code: "cross-site", ..Refusal::forbidden(detail) }
    }

    pub(super) fn viewer() -> Self {
        Refusal { code: "viewer", ..Refusal::forbidden("you may look, and only operators may act") }
    }

    /// An empty answer that carries the refusal to the gate.
    pub(super) fn answer(self) -> Response {
        let mut answer = self.status.into_response();
        for challenge in &self.challenges {
            answer.headers_mut().append(header::WWW_AUTHENTICATE, challenge.clone());
        }
        answer.extensions_mut().insert(self);
        answer
    }

    /// The answer for people, of which a page is made further out.
    pub(super) fn into_failure(self, mut answer: Response) -> Response {
        let Refusal { status, code, detail, .. } = self;
        answer.extensions_mut().insert(Failure::at_the_gate(status, code, detail));
        answer
    }

    /// The answer for programs.
    pub(super) fn into_problem(self, mut answer: Response) -> Response {
        let problem = json!({
            "type": "about:blank",
            "title": self.status.canonical_reason(),
            "status": self.status.as_u16(),
            "code": self.code,
            "detail": self.detail,
        });
        *answer.body_mut() = problem.to_string().into();
        let json = HeaderValue::from_static("application/problem+json");
        answer.headers_mut().insert(header::CONTENT_TYPE, json);
        answer
    }
}

/// For doorkeepers: the answer, which the gate writes as its reader asks for it.
impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        self.answer()
    }
}
