//! All queues, and what is paused.

use std::time::Duration;

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use sancho_core::inspect::Paused;
use sancho_core::{Pausable, QueueName, QueueRow, limits};

use crate::failure::Failure;
use crate::fields::Fields;
use crate::frame::{Frame, Tab, page};
use crate::safety::audit;
use crate::site::Site;

/// Steps of a clearing that one request makes.
const STEPS_PER_REQUEST: usize = 4;

#[derive(Template)]
#[template(path = "queues.html")]
struct QueuesPage {
    f: Frame,
    rows: Vec<Row>,
    paused_classes: Vec<String>,
    did: Option<String>,
}

struct Row {
    name: String,
    size: u64,
    latency: Duration,
    is_paused: bool,
}

impl From<QueueRow> for Row {
    fn from(row: QueueRow) -> Self {
        let is_paused = row.paused == Paused::Yes;
        Row { name: row.name.as_str().to_owned(), size: row.size, latency: row.latency, is_paused }
    }
}

pub(crate) async fn show(State(site): State<Site>, f: Frame) -> Result<Response, Failure> {
    let f = f.on(Tab::Queues);
    let mut rows: Vec<Row> = site.inspect.queues(f.now).await?.into_iter().map(Row::from).collect();
    let mut paused_classes = Vec::new();
    for paused in site.inspect.paused().await? {
        match paused {
            Pausable::Class(class) => paused_classes.push(class),
            // A queue may be paused before anything is pushed to it.
            Pausable::Queue(queue) if !rows.iter().any(|row| row.name == queue.as_str()) => {
                rows.push(Row { name: queue.as_str().to_owned(), size: 0, latency: Duration::ZERO, is_paused: true });
            }
            _ => {}
        }
    }
    let did = Fields::from(f.query.clone()).number::<u64>("cleared").map(|done| f.count("did.delete", done));
    Ok(page(&QueuesPage { f, rows, paused_classes, did }))
}

#[derive(Template)]
#[template(path = "clear.html")]
struct ClearPage {
    f: Frame,
    queue: String,
    size: u64,
    done: Option<u64>,
}

pub(crate) async fn act(State(site): State<Site>, f: Frame, fields: Fields) -> Result<Response, Failure> {
    let f = f.on(Tab::Queues);
    f.may_act()?;
    let act = fields.get("act");
    let what = match fields.get("class") {
        "" => Pausable::Queue(QueueName::new(fields.get("queue"))?),
        class => Pausable::Class(class.to_owned()),
    };
    match (act, &what) {
        ("pause", _) => site.inspect.pause(&what, f.now).await?,
        ("resume", _) => site.inspect.resume(&what, f.now).await?,
        ("clear", Pausable::Queue(queue)) => return clear(&site, f, queue, &fields).await,
        _ => return Err(Failure::invalid("queues are paused, resumed and cleared, nothing else")),
    }
    audit(&f.person, act, &named(&what), 1);
    // Back to where the button was.
    let back = match (&what, fields.get("from")) {
        (Pausable::Queue(queue), "queue") => f.to_queue(queue.as_str()),
        _ => f.to("queues"),
    };
    Ok(Redirect::to(&back).into_response())
}

async fn clear(site: &Site, f: Frame, queue: &QueueName, fields: &Fields) -> Result<Response, Failure> {
    let size = |rows: Vec<QueueRow>| rows.into_iter().find(|row| row.name == *queue).map_or(0, |row| row.size);
    if fields.get("sure") != "yes" {
        let size = size(site.inspect.queues(f.now).await?);
        return Ok(page(&ClearPage { queue: queue.as_str().to_owned(), size, done: None, f }));
    }
    let mut done = 0;
    let mut is_empty = false;
    for _ in 0..STEPS_PER_REQUEST {
        let cleared = site.inspect.clear(queue, limits::JOBS_PER_MOVE_MAX, f.now).await?;
        done += cleared as u64;
        is_empty = cleared < limits::JOBS_PER_MOVE_MAX;
        if is_empty {
            break;
        }
    }
    audit(&f.person, "clear", &format!("queue {}", queue.as_str()), usize::try_from(done).unwrap_or(usize::MAX));
    // What earlier requests have done; it is shown, and nothing else depends on it.
    done += fields.number("done").unwrap_or(0);
    if is_empty {
        return Ok(Redirect::to(&f.to(&format!("queues?cleared={done}"))).into_response());
    }
    let size = size(site.inspect.queues(f.now).await?);
    Ok(page(&ClearPage { queue: queue.as_str().to_owned(), size, done: Some(done), f }))
}

fn named(what: &Pausable) -> String {
    match what {
        Pausable::Queue(queue) => format!("queue {}", queue.as_str()),
        Pausable::Class(class) => format!("class {}", crate::text::visible(class)),
        _ => String::new(),
    }
}
