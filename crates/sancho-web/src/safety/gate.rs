//! What every request passes.

use axum::extract::{OriginalUri, Request, State};
use axum::middleware::Next;
use axum::response::Response;

use super::access::Admission;
use super::audit::Attempt;
use super::origin::is_cross_site;
use super::person::looks_only;
use super::refusal::Refusal;
use crate::site::Site;

/// Where programs ask, below the root of the pages.
const FOR_PROGRAMS: &str = "/api/";

pub(super) async fn enter(State(site): State<Site>, request: Request, next: Next) -> Response {
    let for_programs = request.uri().path().starts_with(FOR_PROGRAMS);
    let mut answer = pass(&site, request, next).await;
    match answer.extensions_mut().remove::<Refusal>() {
        Some(refusal) if for_programs => refusal.into_problem(answer),
        Some(refusal) => refusal.into_failure(answer),
        None => answer,
    }
}

async fn pass(site: &Site, request: Request, next: Next) -> Response {
    let safety = &site.safety;
    let (mut parts, body) = request.into_parts();
    if is_cross_site(&parts, &safety.trusted) {
        return Refusal::cross_site().answer();
    }
    let person = match safety.access.admit(&parts).await {
        Admission::Granted(person) => person.of_a_request(),
        Admission::Refused(answer) => return *answer,
    };
    if !person.role.permits(&parts.method) {
        return Refusal::viewer().answer();
    }
    parts.extensions.insert(person.clone());
    if looks_only(&parts.method) {
        return next.run(Request::from_parts(parts, body)).await;
    }
    let path = parts.extensions.get::<OriginalUri>().map_or(parts.uri.path(), |uri| uri.path());
    let attempt = Attempt::new(person, format!("{} {path}", parts.method));
    let answer = next.run(Request::from_parts(parts, body)).await;
    attempt.answered(answer.status());
    answer
}
