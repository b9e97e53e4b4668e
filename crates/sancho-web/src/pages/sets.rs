//! Lists of jobs: scheduled, retries, dead, held, and what is in one queue.

mod acting;
mod count;
mod groups;
mod list;
mod shown;
mod told;
mod view;
mod wanted;

use axum::Router;
use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::get;
use sancho_core::{QueueName, Set};

use crate::failure::Failure;
use crate::fields::Fields;
use crate::frame::Frame;
use crate::site::Site;

pub(crate) use acting::run_held;
use list::List;

/// The routes of all lists.
pub(crate) fn routes() -> Router<Site> {
    let mut router = Router::new()
        .route("/queues/{name}", get(show_queue).post(act_queue))
        .route("/queue", get(show_odd_queue).post(act_odd_queue));
    for (address, set) in
        [("/scheduled", Set::Scheduled), ("/retries", Set::Retries), ("/dead", Set::Dead), ("/held", Set::Held)]
    {
        let (shown, acted) = (set.clone(), set);
        router = router.route(
            address,
            get(move |State(site): State<Site>, f: Frame| shown::show(site, f, List::of(shown))).post(
                move |State(site): State<Site>, f: Frame, fields: Fields| acting::act(site, f, List::of(acted), fields),
            ),
        );
    }
    router
}

async fn show_queue(State(site): State<Site>, Path(name): Path<String>, f: Frame) -> Result<Response, Failure> {
    shown::show(site, f, queue_named(&name)?).await
}

async fn act_queue(
    State(site): State<Site>,
    Path(name): Path<String>,
    f: Frame,
    fields: Fields,
) -> Result<Response, Failure> {
    acting::act(site, f, queue_named(&name)?, fields).await
}

/// A queue whose name no path can have: browsers take `.` and `..` for steps, however they are written.
async fn show_odd_queue(State(site): State<Site>, f: Frame) -> Result<Response, Failure> {
    let list = queue_asked(&f)?;
    shown::show(site, f, list).await
}

async fn act_odd_queue(State(site): State<Site>, f: Frame, fields: Fields) -> Result<Response, Failure> {
    let list = queue_asked(&f)?;
    acting::act(site, f, list, fields).await
}

fn queue_asked(f: &Frame) -> Result<List, Failure> {
    queue_named(Fields::from(f.query.clone()).get("name"))
}

fn queue_named(name: &str) -> Result<List, Failure> {
    let name =
        QueueName::new(name).map_err(|invalid| Failure::not_found("queue.no_name").in_detail(invalid.to_string()))?;
    Ok(List::of(Set::Queue(name)))
}
