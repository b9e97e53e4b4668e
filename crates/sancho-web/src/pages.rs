//! The pages: one module each.

mod busy;
mod dashboard;
mod job;
mod metrics;
mod queues;
mod sets;

use axum::Router;
use axum::routing::get;

use crate::site::Site;

/// The routes of the pages.
pub(crate) fn routes() -> Router<Site> {
    Router::new()
        .route("/", get(dashboard::show))
        .route("/busy", get(busy::show).post(busy::act))
        .route("/queues", get(queues::show).post(queues::act))
        .route("/jobs/{jid}", get(job::show).post(job::act))
        .route("/metrics", get(metrics::show))
        .merge(sets::routes())
}
