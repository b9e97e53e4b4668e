//! Clearing a queue: with a count before, in steps, and with progress meanwhile.

use askama::Template;
use axum::response::{IntoResponse, Redirect, Response};
use sancho_core::{QueueName, limits};

use crate::failure::Failure;
use crate::fields::Fields;
use crate::frame::{Frame, page};
use crate::pace::Pace;
use crate::queues::known;
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
    let is_sure = fields.get("sure") == "yes";
    let of = match fields.number("of").filter(|_| is_sure) {
        Some(agreed) => agreed,
        None => size(site, &f, queue).await?,
    };
    if !is_sure {
        return Ok(page(&ClearPage { queue: name, of, done: None, f }));
    }
    // Jobs that were pushed since are not what the person agreed to.
    let before: u64 = fields.number("done").unwrap_or(0);
    let (done, result) = steps(site, &f, queue, of.saturating_sub(before)).await;
    // Also where the store failed half-way.
    if done > 0 || result.is_ok() {
        let many = usize::try_from(done).unwrap_or(usize::MAX);
        audit(&f.person, "clear", &format!("queue {}", visible(queue.as_str())), many);
    }
    let is_over = result?;
    let done = done.saturating_add(before);
    if is_over {
        return Ok(Redirect::to(&f.to(&format!("queues?cleared={done}"))).into_response());
    }
    Ok(page(&ClearPage { queue: name, of, done: Some(done), f }))
}

/// How many jobs the queue has.
async fn size(site: &Site, f: &Frame, queue: &QueueName) -> Result<u64, Failure> {
    let rows = known(site, f.now).await?;
    Ok(rows.into_iter().find(|row| row.name == *queue).map_or(0, |row| row.size))
}

/// The steps of one request, for at most so many jobs: how many they deleted, and whether that is all, since no more
/// are wanted or the queue is empty.
async fn steps(site: &Site, f: &Frame, queue: &QueueName, wanted: u64) -> (u64, Result<bool, Failure>) {
    let mut done = 0;
    let mut pace = Pace::new(site, STEPS_PER_REQUEST);
    while done < wanted && pace.goes_on() {
        let left = usize::try_from(wanted - done).unwrap_or(usize::MAX);
        let step = left.min(limits::JOBS_PER_MOVE_MAX);
        match site.inspect.clear(queue, step, f.now).await {
            Err(error) => return (done, Err(error.into())),
            Ok(cleared) => {
                done += cleared as u64;
                if cleared < step {
                    return (done, Ok(true));
                }
            }
        }
    }
    (done, Ok(done >= wanted))
}
