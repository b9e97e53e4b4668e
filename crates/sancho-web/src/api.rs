//! The JSON API: all that the pages show and do, for programs, under `/api/v1`.
//!
//! `openapi.json` describes it, and a test holds the two together. What every answer keeps to:
//!
//! * Times are numbers, in seconds since the epoch; spans are seconds.
//! * Members that have nothing to say are `null`, not absent.
//! * A request does a bounded amount of work. What would take more answers with a `next`, to be sent as the `cursor`
//!   of the same request.
//! * What fails answers with a problem (RFC 9457), whose `code` is one of those that `sancho explain` knows.

mod act;
mod bounds;
mod deed;
mod extract;
mod groups;
mod job;
mod metrics;
mod page;
mod problem;
mod processes;
mod push;
mod pusher;
mod queues;
mod stats;
mod whole;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::header;
use axum::response::IntoResponse;
use axum::routing::{MethodRouter, get, post};

use crate::site::Site;

pub(crate) use problem::Problem;
pub(crate) use pusher::StorePusher;

/// What describes the API, in the form of OpenAPI 3.1.
pub const OPENAPI: &str = include_str!("api/openapi.json");

/// One route of the API.
#[derive(Clone, Copy, Debug)]
struct Route {
    /// The method, in lower case, as `openapi.json` has it.
    #[cfg_attr(not(test), expect(dead_code, reason = "only the test that holds the file to the routes reads it"))]
    method: &'static str,
    /// The path, below `/api/v1`.
    path: &'static str,
    handler: fn() -> MethodRouter<Site>,
}

/// Looks at something.
const fn look(path: &'static str, handler: fn() -> MethodRouter<Site>) -> Route {
    Route { method: "get", path, handler }
}

/// Does something. Whoever may act is for the gate to say, which goes by the method.
const fn act(path: &'static str, handler: fn() -> MethodRouter<Site>) -> Route {
    Route { method: "post", path, handler }
}

/// Every route.
const ROUTES: &[Route] = &[
    look("/openapi.json", || get(openapi)),
    look("/stats", || get(stats::totals)),
    look("/history", || get(stats::history)),
    look("/store", || get(stats::store)),
    look("/checkup", || get(stats::checkup)),
    look("/queues", || get(queues::all)),
    look("/queues/{queue}", || get(queues::one)),
    act("/queues/{queue}/pause", || post(queues::pause)),
    act("/queues/{queue}/resume", || post(queues::resume)),
    act("/queues/{queue}/clear", || post(queues::clear)),
    look("/queues/{queue}/jobs", || get(page::jobs)),
    look("/queues/{queue}/count", || get(page::count)),
    look("/queues/{queue}/groups", || get(groups::groups)),
    act("/queues/{queue}/actions", || post(act::on_set)),
    look("/sets/{set}/jobs", || get(page::jobs)),
    look("/sets/{set}/count", || get(page::count)),
    look("/sets/{set}/groups", || get(groups::groups)),
    act("/sets/{set}/actions", || post(act::on_set)),
    look("/paused", || get(queues::paused)),
    look("/unknown-classes", || get(queues::unknown)),
    act("/classes/{class}/pause", || post(queues::pause_class)),
    act("/classes/{class}/resume", || post(queues::resume_class)),
    act("/jobs", || post(push::one)),
    act("/jobs/bulk", || post(push::many)),
    act("/jobs/actions", || post(act::on_named)),
    look("/jobs/{jid}", || get(page::job)),
    act("/jobs/{jid}/actions", || post(act::on_one)),
    look("/keys/{key}", || get(page::keyed)),
    look("/processes", || get(processes::all)),
    act("/processes/{process}/orders", || post(processes::order)),
    look("/metrics", || get(metrics::metrics)),
    look("/deploys", || get(metrics::deploys)),
    act("/deploys", || post(metrics::mark)),
];

/// The routes of the API, below its version.
pub(crate) fn routes() -> Router<Site> {
    ROUTES
        .iter()
        .fold(Router::new(), |router, route| router.route(route.path, (route.handler)()))
        .fallback(problem::no_route)
        .method_not_allowed_fallback(problem::no_method)
        .layer(DefaultBodyLimit::max(bounds::BODY_BYTES_MAX))
}

async fn openapi() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "application/json")], OPENAPI)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_file_has_each_route_and_no_other() {
        let file: serde_json::Value = serde_json::from_str(OPENAPI).expect("the file is JSON");
        let paths = file["paths"].as_object().expect("the file has paths");
        let described: BTreeSet<(String, String)> = paths
            .iter()
            .flat_map(|(path, item)| {
                let methods = item.as_object().expect("a path has methods").keys().filter(|key| *key != "parameters");
                methods.map(|method| (path.clone(), method.clone()))
            })
            .collect();
        let served = ROUTES.iter().map(|route| (route.path.to_owned(), route.method.to_owned())).collect();
        assert_eq!(described, served);
    }
}
