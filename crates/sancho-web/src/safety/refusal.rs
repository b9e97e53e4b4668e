//! What those get who are not let in.

use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};

use crate::api::Problem;
use crate::code::Code;
use crate::failure::Failure;

/// Why a request is refused: people get a page that says so, and programs JSON (RFC 9457).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    code: Code,
    detail: String,
    challenges: Vec<HeaderValue>,
}

impl Refusal {
    /// Somebody is not let in, for a reason that they may know.
    pub fn forbidden(detail: impl Into<String>) -> Self {
        Refusal { code: Code::Forbidden, detail: detail.into(), challenges: Vec::new() }
    }

    pub(super) fn unknown(challenges: impl Iterator<Item = HeaderValue>) -> Self {
        let challenges = challenges.collect();
        let detail = "these pages are for those who sign in".to_owned();
        Refusal { code: Code::Unauthorized, detail, challenges }
    }

    pub(super) fn not_this_machine(why: &str) -> Self {
        let detail = format!(
            "these pages are for this machine alone, and the request is not believed to be its own: {why}. \
             To open them to others, say who may come in: by credentials, or by the application's own sign-in"
        );
        Refusal { code: Code::NotThisMachine, ..Refusal::forbidden(detail) }
    }

    pub(super) fn cross_site() -> Self {
        let detail = "another site made this request: open these pages themselves, and act from there. \
                      Behind a proxy that changes their name, have that name trusted";
        Refusal { code: Code::CrossSite, ..Refusal::forbidden(detail) }
    }

    pub(super) fn viewer() -> Self {
        Refusal { code: Code::Viewer, ..Refusal::forbidden("you may look, and only operators may act") }
    }

    /// An empty answer that carries the refusal to the gate.
    pub(super) fn answer(self) -> Response {
        let mut answer = self.code.status().into_response();
        for challenge in &self.challenges {
            answer.headers_mut().append(header::WWW_AUTHENTICATE, challenge.clone());
        }
        answer.extensions_mut().insert(self);
        answer
    }

    /// The answer for people, of which a page is made further out.
    pub(super) fn into_failure(self, mut answer: Response) -> Response {
        answer.extensions_mut().insert(Failure::at_the_gate(self.code, self.detail));
        answer
    }

    /// The answer for programs.
    pub(super) fn into_problem(self, mut answer: Response) -> Response {
        let (told, body) = Problem::new(self.code, self.detail).into_response().into_parts();
        answer.headers_mut().extend(told.headers);
        *answer.body_mut() = body;
        answer
    }
}

/// For doorkeepers: the answer, which the gate writes as its reader asks for it.
impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        self.answer()
    }
}
