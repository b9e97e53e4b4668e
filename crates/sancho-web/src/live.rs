//! What pages hear while they are open.

use axum::Router;

use crate::site::Site;

/// The routes of what is live.
pub(crate) fn routes() -> Router<Site> {
    Router::new()
}
