//! What those get who are not let in.

use std::time::Duration;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::api::Problem;
use crate::code::Code;
use crate::failure::Failure;

/// Why a request is refused: people get a page that says so, and programs JSON (RFC 9457).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// As the code has it, but for what cannot even be read.
    status: StatusCode,
    code: Code,
    detail: String,
    challenges: Vec<HeaderValue>,
    /// How long to wait before it is worth asking again.
    wait: Option<Duration>,
}

impl Refusal {
    /// Somebody is not let in, for a reason that they may know.
    pub fn forbidden(detail: impl Into<String>) -> Self {
        Refusal::new(Code::Forbidden, detail)
    }

    fn new(code: Code, detail: impl Into<String>) -> Self {
        Refusal { status: code.status(), code, detail: detail.into(), challenges: Vec::new(), wait: None }
    }

    pub(super) fn unknown(challenges: impl Iterator<Item = HeaderValue>) -> Self {
        let challenges = challenges.collect();
        let detail = "these pages are for those who sign in";
        Refusal { challenges, ..Refusal::new(Code::Unauthorized, detail) }
    }

    pub(super) fn too_many_tries(wait: Duration) -> Self {
        let detail = "wrong credentials came too often from there: wait as long as Retry-After says, and try again";
        Refusal { wait: Some(wait), ..Refusal::new(Code::TooManyTries, detail) }
    }

    pub(super) fn too_long(bytes_max: usize) -> Self {
        let detail = format!("the address is too long: at most {bytes_max} bytes are read");
        Refusal { status: StatusCode::URI_TOO_LONG, ..Refusal::new(Code::Invalid, detail) }
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

    pub(super) fn too_slow(within: Duration) -> Self {
        let detail = format!("the request took longer than {within:?} to arrive: nothing was done, send it again");
        Refusal { status: StatusCode::REQUEST_TIMEOUT, ..Refusal::new(Code::Invalid, detail) }
    }

    pub(super) fn defect() -> Self {
        let detail = "a defect of these pages, or of what the application added to them: its log says more";
        Refusal::new(Code::Internal, detail)
    }

    /// An empty answer that carries the refusal to the gate.
    pub(super) fn answer(self) -> Response {
        let mut answer = self.status.into_response();
        for challenge in &self.challenges {
            answer.headers_mut().append(header::WWW_AUTHENTICATE, challenge.clone());
        }
        if let Some(wait) = self.wait {
            // Whole seconds, and never less than there are to wait.
            let secs = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
            answer.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(secs));
        }
        answer.extensions_mut().insert(self);
        answer
    }

    /// The answer for people, of which a page is made further out.
    pub(super) fn into_failure(self, mut answer: Response) -> Response {
        answer.extensions_mut().insert(Failure::at_the_gate(self.code, self.detail).with(self.status));
        answer
    }

    /// The answer for programs.
    pub(super) fn into_problem(self, mut answer: Response) -> Response {
        let (told, body) = Problem::new(self.code, self.detail).with(self.status).into_response().into_parts();
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
