//! What those get who are not let in.

use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

/// Why a request is refused: the answer has it among its extensions too, for a layer that writes a page of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The status.
    pub status: StatusCode,
    /// A short name that stays the same, for programs.
    pub code: &'static str,
    /// What is wrong and what to do, in one sentence.
    pub detail: String,
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
             To open them to others, say who may come in: with credentials, or by the application's own sign-in"
        );
        Refusal { code: "not_this_machine", ..Refusal::forbidden(detail) }
    }

    pub(super) fn cross_site() -> Self {
        let detail = "another site made this request: open these pages themselves, and act from there. \
                      Behind a proxy that changes the name, name its origin as one that is trusted";
        Refusal { code: "cross_site", ..Refusal::forbidden(detail) }
    }

    pub(super) fn viewer() -> Self {
        Refusal { code: "viewer", ..Refusal::forbidden("you may look, and only operators may act") }
    }

    /// For programs as JSON (RFC 9457) when they ask for it.
    pub(super) fn answer(self, asked: &HeaderMap) -> Response {
        let wants_json = asked
            .get_all(header::ACCEPT)
            .iter()
            .any(|accept| accept.to_str().is_ok_and(|accept| accept.contains("json") && !accept.contains("text/html")));
        if !wants_json {
            return self.into_response();
        }
        let problem = json!({
            "status": self.status.as_u16(),
            "title": self.status.canonical_reason(),
            "code": self.code,
            "detail": self.detail,
        });
        let mut response = self.into_response();
        *response.body_mut() = problem.to_string().into();
        let json = HeaderValue::from_static("application/problem+json");
        response.headers_mut().insert(header::CONTENT_TYPE, json);
        response
    }
}

/// As plain text.
impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut response = (self.status, format!("{}\n", self.detail)).into_response();
        for challenge in &self.challenges {
            response.headers_mut().append(header::WWW_AUTHENTICATE, challenge.clone());
        }
        response.extensions_mut().insert(self);
        response
    }
}
