//! What went wrong, as a page.

use askama::Template;
use axum::extract::{Request, State};
use axum::http::{Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use sancho_core::lifecycle::Refusal;
use sancho_core::{ErrorKind, Invalid, StoreError};

use crate::code::Code;
use crate::frame::{Frame, Tab, page};
use crate::site::Site;

/// Why a page cannot be shown, or an action was not done.
#[derive(Clone, Debug)]
pub(crate) struct Failure {
    /// The status of the answer.
    pub(crate) status: StatusCode,
    /// The code by which people look it up, as the command's catalogue has it.
    pub(crate) code: &'static str,
    /// The key of the sentence that says what happened and what to do; nothing where the title says it all.
    said: Option<&'static str>,
    /// What stands in the place of `{}` in that sentence.
    about: String,
    /// What a rule, the store or a refusal says of it in English, which is shown as such; empty where nothing does.
    detail: String,
}

impl Failure {
    fn new(code: Code, said: impl Into<Option<&'static str>>) -> Self {
        let (status, code) = (code.status(), code.name());
        Failure { status, code, said: said.into(), about: String::new(), detail: String::new() }
    }

    /// What is asked for is not there. `said` is the key of a sentence, here as below.
    pub(crate) fn not_found(said: &'static str) -> Self {
        Failure::new(Code::NotFound, said)
    }

    /// The request itself is wrong.
    pub(crate) fn invalid(said: &'static str) -> Self {
        Failure::new(Code::Invalid, said)
    }

    /// The job stands where the action has no meaning.
    pub(crate) fn refused(refusal: &Refusal) -> Self {
        let failure = |said| Failure::new(Code::from(refusal), said);
        match refusal {
            Refusal::Started => failure("refused.started"),
            Refusal::KeyTaken { holder } => failure("refused.key_taken").about(holder.as_str()),
            _ => failure("refused.senseless"),
        }
    }

    /// The store, or the process, cannot do this.
    pub(crate) fn unsupported(said: &'static str) -> Self {
        Failure::new(Code::Unsupported, said)
    }

    /// The person may only look.
    pub(crate) fn viewer() -> Self {
        Failure::new(Code::Viewer, "failure.viewer")
    }

    /// What the gate answers instead of a page. The detail is for programs where a sentence here says the same.
    pub(crate) fn at_the_gate(code: Code, detail: String) -> Self {
        let said = match code {
            Code::CrossSite => "failure.cross_site",
            Code::TooManyTries => "failure.too_many_tries",
            Code::NotThisMachine => "failure.not_this_machine",
            Code::Unauthorized => "failure.unauthorized",
            Code::Viewer => "failure.viewer",
            _ => return Failure { detail, ..Failure::new(code, None) },
        };
        Failure::new(code, said)
    }

    /// With another status than its code has.
    pub(crate) fn with(self, status: StatusCode) -> Self {
        Failure { status, ..self }
    }

    /// With this in the place of `{}` in its sentence.
    pub(crate) fn about(self, what: impl Into<String>) -> Self {
        Failure { about: what.into(), ..self }
    }

    /// With what a rule or a library says of it in English.
    pub(crate) fn in_detail(self, detail: impl Into<String>) -> Self {
        Failure { detail: detail.into(), ..self }
    }

    /// The key of the title of its page.
    fn title(&self) -> &'static str {
        match self.code {
            "not-found" => "failure.not_found",
            "forbidden" | "cross-site" | "not-this-machine" | "too-many-tries" | "viewer" => "failure.forbidden",
            "unauthorized" => "failure.unknown",
            "invalid" | "method" => "failure.invalid",
            "unsupported" => "failure.unsupported",
            "started" | "senseless" | "key-taken" => "failure.refused",
            "unavailable" | "outcome-unknown" => "failure.unavailable",
            "full" => "failure.full",
            _ => "failure.other",
        }
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        let said = match error.kind {
            ErrorKind::Invalid => "failure.broke_a_rule",
            ErrorKind::NotFound => "failure.gone_meanwhile",
            ErrorKind::Unsupported => "failure.cannot_be_done",
            ErrorKind::Full => "failure.make_room",
            ErrorKind::Unavailable => "failure.try_again",
            ErrorKind::OutcomeUnknown => "failure.may_be_done",
            _ => "failure.ask_the_doctor",
        };
        let code = Code::from(error.kind);
        if code.status().is_server_error() {
            tracing::error!(target: "sancho::web", code = code.name(), "{error}");
        }
        Failure::new(code, said).in_detail(error.to_string())
    }
}

impl From<Invalid> for Failure {
    fn from(invalid: Invalid) -> Self {
        Failure::invalid("failure.broke_a_rule").in_detail(invalid.to_string())
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
    /// Whether the address has a page of its own, from which the person came.
    from_page: bool,
}

/// Makes a page of a failure that a handler answered with.
pub(crate) async fn framed(State(_): State<Site>, frame: Frame, request: Request, next: Next) -> Response {
    let is_form = request.method() == Method::POST;
    let mut response = next.run(request).await;
    let Some(failure) = response.extensions_mut().remove::<Failure>() else { return response };
    let frame = frame.on(Tab::None);
    let from_page = is_form && failure.status != StatusCode::NOT_FOUND;
    let mut told = page(&FailurePage { f: &frame, failure: &failure, from_page });
    *told.status_mut() = failure.status;
    // What a refusal asks for, and when to come again, goes with it.
    told.headers_mut().extend(response.headers().iter().map(|(name, value)| (name.clone(), value.clone())));
    told
}

/// No page has this address.
pub(crate) async fn nothing_here() -> Failure {
    Failure::new(Code::NotFound, None)
}

/// The page is there, but is not asked for in this way.
pub(crate) async fn not_so() -> Failure {
    Failure::new(Code::Method, None)
}
