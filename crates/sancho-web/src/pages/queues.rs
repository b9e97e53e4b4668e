//! All queues, what is paused, and what is done to queues as a whole.

mod clearing;
mod rate;
mod table;

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use sancho_core::Pausable;

use super::sets;
use crate::failure::Failure;
use crate::fields::Fields;
use crate::find::carried;
use crate::frame::{Frame, Tab, page};
use crate::queues::known;
use crate::safety::{audit, visible};
use crate::site::Site;
use crate::text::segment;

use table::{Row, Sort, Table};

#[derive(Template)]
#[template(path = "queues.html")]
struct QueuesPage {
    f: Frame,
    table: Table,
    rows: Vec<Row>,
    /// The page behind this one, and the one before.
    next: Option<String>,
    before: Option<String>,
    paused_classes: Vec<String>,
    /// Classes that were performed of late: what is offered to be paused.
    classes: Vec<String>,
    did: Option<String>,
    /// What the search for a name carries on.
    carried: Vec<(String, String)>,
    /// Where the forms go: this page, as it is looked at.
    here: String,
}

pub(crate) async fn show(State(site): State<Site>, f: Frame) -> Result<Response, Failure> {
    let f = f.on(Tab::Queues);
    let fields = Fields::from(f.query.clone());
    let metrics = rate::of_late(&site, f.now).await?;
    let rates = rate::by_queue(&metrics);
    let known: Vec<Row> = known(&site, f.now).await?.into_iter().map(|row| Row::of(row, &rates)).collect();
    let table = Table::of(&fields, known.len());
    let (rows, last) = table.shown(known);
    let at = |number: usize| {
        let number = if number == 1 { String::new() } else { number.to_string() };
        f.here([("page", number.as_str()), ("did", ""), ("of", ""), ("cleared", "")])
    };
    let classes = metrics.classes.iter().map(|class| class.total.class.clone());
    Ok(page(&QueuesPage {
        rows,
        next: (table.number < last).then(|| at(table.number + 1)),
        before: (table.number > 1).then(|| at(last.min(table.number - 1))),
        paused_classes: paused_classes(&site).await?,
        classes: classes.collect(),
        did: told(&f, &fields),
        carried: carried(&f, &["name", "page", "did", "of", "cleared"]),
        here: f.here([("did", ""), ("of", ""), ("cleared", "")]),
        table,
        f,
    }))
}

/// The classes that are paused, sorted by name.
pub(super) async fn paused_classes(site: &Site) -> Result<Vec<String>, Failure> {
    let paused = site.inspect.paused().await?;
    Ok(paused.iter().filter_map(Pausable::as_class).map(str::to_owned).collect())
}

/// What was done just now, as the address carries it.
fn told(f: &Frame, fields: &Fields) -> Option<String> {
    match (fields.number::<u64>("cleared"), fields.get("did")) {
        (Some(cleared), _) => Some(f.count("did.delete", cleared)),
        (None, "pause") => Some(f.with("did.pause", fields.get("of"))),
        (None, "pause_class") => Some(f.with("did.pause_class", fields.get("of"))),
        (None, "resume") => Some(f.with("did.resume", fields.get("of"))),
        _ => None,
    }
}

pub(crate) async fn act(State(site): State<Site>, f: Frame, fields: Fields) -> Result<Response, Failure> {
    let f = f.on(Tab::Queues);
    f.may_act()?;
    let act = fields.get("act");
    let what = named(&fields)?;
    match (act, &what) {
        ("pause", _) => site.inspect.pause(&what, f.now).await?,
        ("resume", _) => site.inspect.resume(&what, f.now).await?,
        ("clear", Pausable::Queue(queue)) => return clearing::clear(&site, f, queue, &fields).await,
        _ => return Err(Failure::invalid("queue.unknown_act")),
    }
    audit(&f.person, act, &visible(&what.to_string()), 1);
    if let ("resume", Pausable::Class(class)) = (act, &what)
        && site.inspect.stats(f.now).await?.held > 0
    {
        return sets::run_held(&site, f, class).await;
    }
    let did = if act == "pause" && what.as_class().is_some() { "pause_class" } else { act };
    // Back to where the button was.
    let back = match (&what, fields.get("from")) {
        (Pausable::Queue(queue), "queue") => f.to_queue(queue.as_str()),
        (Pausable::Class(class), "class") => f.to(&format!("metrics?class={}", segment(class))),
        _ => f.here([("did", did), ("of", what.name()), ("cleared", "")]),
    };
    Ok(Redirect::to(&back).into_response())
}

/// The queue or the class that a form names.
fn named(fields: &Fields) -> Result<Pausable, Failure> {
    match (fields.get("class"), fields.get("queue")) {
        ("", "") => Err(Failure::invalid("queue.name_one")),
        ("", queue) => Ok(Pausable::queue(queue)?),
        // No class has an empty name.
        (class, _) => Pausable::class(class).map_err(|_| Failure::invalid("queue.long_class")),
    }
}

impl QueuesPage {
    /// The address of the same page, sorted so.
    fn sorted(&self, sort: &Sort) -> String {
        self.f.here([("sort", sort.named()), ("page", ""), ("did", ""), ("of", ""), ("cleared", "")])
    }
}
