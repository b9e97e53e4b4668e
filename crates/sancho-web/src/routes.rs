//! Which address shows what.

use axum::Router;
use axum::middleware;

use crate::site::Site;
use crate::{Web, api, assets, extend, failure, live, pages, safety};

/// The router of the pages, to be served at the root or nested anywhere: by `nest_service`, which hands it `/jobs/` as it
/// does `/jobs`. By `nest` the address with a slash at its end is nobody's, since axum gives no route for it away.
///
/// A GET of each page answers 200, without a redirect.
pub fn router(web: Web) -> Router {
    let site = Site::new(web);
    let pages = pages::routes()
        .merge(live::routes())
        .merge(extend::routes(&site))
        .fallback(failure::nothing_here)
        .method_not_allowed_fallback(failure::not_so);
    let guarded = pages.nest("/api/v1", api::routes());
    // Assets tell nothing of any job: they are for everybody, so that even a refusal has its style.
    let router = safety::guard(guarded, &site)
        .layer(middleware::from_fn_with_state(site.clone(), failure::framed))
        .nest("/assets", assets::routes());
    safety::headed(router).with_state(site)
}
