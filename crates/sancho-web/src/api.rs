//! The JSON API: all that the pages show and do.

use axum::Router;

use crate::site::Site;

/// The routes of the API, below its version.
pub(crate) fn routes(_site: &Site) -> Router<Site> {
    Router::new()
}
