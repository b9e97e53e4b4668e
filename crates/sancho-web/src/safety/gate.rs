//! What every request passes.

use std::panic::AssertUnwindSafe;

use axum::extract::{OriginalUri, Request, State};
use axum::middleware::Next;
use axum::response::Response;
use futures_util::FutureExt;

use super::access::Admission;
use super::audit::Attempt;
use super::origin::is_cross_site;
use super::patience;
use super::person::looks_only;
use super::refusal::Refusal;
use crate::site::Site;

/// Where programs ask, below the root of the pages.
const FOR_PROGRAMS: &str = "/api/";

/// Bytes of an address, which stands in many links of a page: proxies take no longer ones either.
const ADDRESS_BYTES_MAX: usize = 8 * 1024;

pub(super) async fn enter(State(site): State<Site>, request: Request, next: Next) -> Response {
    let for_programs = request.uri().path().starts_with(FOR_PROGRAMS);
    // A defect costs the one request that meets it: others on the same connection go on. The panic itself is told by
    // the hook of the program.
    let answer = AssertUnwindSafe(pass(&site, request, next)).catch_unwind().await;
    let mut answer = answer.unwrap_or_else(|_| Refusal::defect().answer());
    match answer.extensions_mut().remove::<Refusal>() {
        Some(refusal) if for_programs => refusal.into_problem(answer),
        Some(refusal) => refusal.into_failure(answer),
        None => answer,
    }
}

async fn pass(site: &Site, request: Request, next: Next) -> Response {
    let safety = &site.safety;
    let (mut parts, body) = request.into_parts();
    if parts.uri.path_and_query().is_some_and(|address| address.as_str().len() > ADDRESS_BYTES_MAX) {
        return Refusal::too_long(ADDRESS_BYTES_MAX).answer();
    }
    if is_cross_site(&parts, &safety.trusted) {
        return Refusal::cross_site().answer();
    }
    let person = match safety.access.admit(&parts, safety.proxies.client(&parts), site.clock.uptime()).await {
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
    let (body, late) = patience::bounded(body);
    let mut answer = next.run(Request::from_parts(parts, body)).await;
    if late.is_so() {
        answer = Refusal::too_slow(patience::BODY_WITHIN).answer();
    }
    attempt.answered(answer.status());
    answer
}
