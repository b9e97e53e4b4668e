//! The dashboard: how everything is, and what needs attention.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use sancho_core::Stats;

use crate::failure::Failure;
use crate::frame::{Frame, Tab, page};
use crate::site::Site;

#[derive(Template)]
#[template(path = "dashboard.html")]
struct Dashboard {
    f: Frame,
    stats: Stats,
}

pub(crate) async fn show(State(site): State<Site>, f: Frame) -> Result<Response, Failure> {
    let f = f.on(Tab::Dashboard);
    let stats = site.inspect.stats(f.now).await?;
    Ok(page(&Dashboard { f, stats }))
}
