//! The pages: one module each.

mod dashboard;

use axum::Router;
use axum::routing::get;

use crate::site::Site;

/// The routes of the pages.
pub(crate) fn routes() -> Router<Site> {
    Router::new().route("/", get(dashboard::show))
}
