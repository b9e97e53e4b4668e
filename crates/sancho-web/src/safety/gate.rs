//! What every request passes.

use std::sync::Arc;

use axum::Router;
use axum::extract::{OriginalUri, Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use sancho_core::Invalid;

use super::access::{Access, Admission};
use super::audit::{Attempt, Audit};
use super::headers;
use super::origin::{TrustedOrigins, is_cross_site};
use super::person::looks_only;
use super::redaction::Redaction;
use super::refusal::Refusal;

/// Who may come in, and what they see: the settings of all that keeps the pages safe.
///
/// ```
/// use axum::{Router, routing::get};
/// use sancho_web::safety::{Access, Credentials, Role, Safety};
///
/// let ann = Credentials::basic("ann", "correct horse battery", Role::Operator).unwrap();
/// let safety = Safety::new(Access::credentials([ann]).unwrap());
/// let router: Router = safety.guard(Router::new().route("/", get("hello")));
/// # let _ = router;
/// ```
#[derive(Clone, Debug, Default)]
pub struct Safety {
    access: Access,
    trusted: TrustedOrigins,
    redaction: Redaction,
}

impl Safety {
    /// Those whom `access` lets in; the rest as it is unless told otherwise.
    pub fn new(access: Access) -> Self {
        Safety { access, ..Safety::default() }
    }

    /// Pages of this origin may act too: the name under which people see these pages, where a proxy hides it from us.
    ///
    /// # Errors
    /// What is no origin: a scheme and a host, and nothing behind them.
    pub fn trust_origin(mut self, origin: &str) -> Result<Self, Invalid> {
        self.trusted.add(origin)?;
        Ok(self)
    }

    /// What is not shown of payloads.
    #[must_use]
    pub fn redact(mut self, redaction: Redaction) -> Self {
        self.redaction = redaction;
        self
    }

    /// Who is let in.
    pub fn access(&self) -> &Access {
        &self.access
    }

    /// What is not shown of payloads.
    pub fn redaction(&self) -> &Redaction {
        &self.redaction
    }

    /// Puts the gate before every route that a router has by now, its fallback too. Handlers find a
    /// [`Person`](super::Person) and an [`Audit`] among the request's extensions.
    pub fn guard<S>(&self, router: Router<S>) -> Router<S>
    where
        S: Clone + Send + Sync + 'static,
    {
        router.layer(from_fn_with_state(Arc::new(self.clone()), enter))
    }

    async fn pass(&self, request: Request, next: Next) -> Response {
        let (mut parts, body) = request.into_parts();
        if is_cross_site(&parts, &self.trusted) {
            return Refusal::cross_site().answer(&parts.headers);
        }
        let person = match self.access.admit(&parts).await {
            Admission::Granted(person) => person,
            Admission::Refused(answer) => {
                // One of ours is written once more, as its reader asks for it.
                let ours = answer.extensions().get::<Refusal>().cloned();
                return ours.map_or(*answer, |refusal| refusal.answer(&parts.headers));
            }
        };
        if !person.role().permits(&parts.method) {
            return Refusal::viewer().answer(&parts.headers);
        }
        let audit = Audit::new(person.clone());
        parts.extensions.insert(person);
        parts.extensions.insert(audit.clone());
        if looks_only(&parts.method) {
            return next.run(Request::from_parts(parts, body)).await;
        }
        let path = parts.extensions.get::<OriginalUri>().map_or(parts.uri.path(), |uri| uri.path());
        let attempt = Attempt::new(audit, format!("{} {path}", parts.method));
        let response = next.run(Request::from_parts(parts, body)).await;
        attempt.answered(response.status().as_u16());
        response
    }
}

async fn enter(State(safety): State<Arc<Safety>>, request: Request, next: Next) -> Response {
    let mut response = safety.pass(request, next).await;
    headers::put_on(response.headers_mut());
    response
}
