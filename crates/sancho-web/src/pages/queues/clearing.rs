//! Clearing a queue: with a count before, in steps, and with progress meanwhile.

use askama::Template;
use axum::response::{IntoResponse, Redirect, Response};
use sancho_core::{QueueName, limits};

use super::known;
use crate::failure::Failure;
use crate::fields::Fields;
use crate::frame::{Frame, page};
use crate::pace::Pace;
use crate::safety::{audit, visible};
use crate::site::Site;

/// Steps of a clearing that one request makes.
const STEPS_PER_REQUEST: usize = 4;

#[derive(Template)]
#[template(path = "clear.html")]
struct ClearPage {
    f: Frame,
    queue: String,
    /// How many there were when the person was asked.
    of: u64,
    done: Option<u64>,
}

pub(super) async fn clear(site: &Site, f: Frame, queue: &QueueName, fields: &Fields) -> Result<Response, Failure> {
    let name = queue.as_str().to_owned();
    if fields.get("sure") != "yes" {
        let rows = known(site, f.now).await?;
        let of = rows.into_iter().find(|row| row.name == *queue).map_or(0, |row| row.size);
        return Ok(page(&ClearPage { queue: name, of, done: None, f }));
    }
    let (done, result) = steps(site, &f, queue).await;
    // Also where the store failed half-way.
    if done > 0 || result.is_ok() {
        let many = usize::try_from(done).unwrap_or(usize::MAX);
        audit(&f.person, "clear", &format!("queue {}", visible(queue.as_str())), many);
    }
    let is_empty = result?;
    // What earlier requests have done; it is shown, and nothing else depends on it.
    let done = done.saturating_add(fields.number("done").unwrap_or(0));
    if is_empty {
        return Ok(Redirect::to(&f.to(&format!("queues?cleared={done}"))).into_response());
    }
    let of = fields.number("of").unwrap_or(0).max(done);
    Ok(page(&ClearPage { queue: name, of, done: Some(done), f }))
}

/// The steps of one request: how many jobs they deleted, and whether the queue is empty then.
async fn steps(site: &Site, f: &Frame, queue: &QueueName) -> (u64, Result<bool, Failure>) {
    let mut done = 0;
    let mut pace = Pace::new(site, STEPS_PER_REQUEST);
    while pace.goes_on() {
        match site.inspect.clear(queue, limits::JOBS_PER_MOVE_MAX, f.now).await {
            Err(error) => return (done, Err(error.into())),
            Ok(cleared) => {
                done += cleared as u64;
                if cleared < limits::JOBS_PER_MOVE_MAX {
                    return (done, Ok(true));
                }
            }
        }
    }
    (done, Ok(false))
}
