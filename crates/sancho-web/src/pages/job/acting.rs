//! Acting on one job from its page, with a question before what cannot be taken back.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use sancho_core::{JobRow, Order, Selection};

use super::looking::{Looked, address, look};
use super::tab;
use crate::act::Act;
use crate::failure::Failure;
use crate::fields::Fields;
use crate::figure::Figure;
use crate::foreign::runs_in_foreign;
use crate::frame::{Frame, Tab, page};
use crate::safety::audit;
use crate::site::Site;
use crate::text::{segment, visible};

#[derive(Template)]
#[template(path = "ask_job.html")]
struct AskPage {
    f: Frame,
    act: Act,
    job: Figure,
    /// Where the form goes: the job, found as it was found here.
    here: String,
}

pub(crate) async fn act(
    State(site): State<Site>,
    Path(jid): Path<String>,
    f: Frame,
    fields: Fields,
) -> Result<Response, Failure> {
    f.may_act()?;
    let row = match look(&site, &f, jid, Some("job.not_done")).await? {
        Looked::Found(row) => row,
        // What was meant is done from the job's own page, once it is found: it may have moved meanwhile.
        Looked::Further(page) => return Ok(page),
    };
    if fields.get("act") == "cancel" {
        return cancel(&site, &f, &row).await;
    }
    let act = Act::named(fields.get("act")).ok_or_else(|| Failure::invalid("act.unknown"))?;
    let action = act.action(&fields, f.now)?;
    if act.destroys() && fields.get("sure") != "yes" {
        let f = f.on(tab(row.state));
        let job = Figure::of(&f, &row);
        return Ok(page(&AskPage { here: address(&f, &job), f, act, job }));
    }
    let applied = site.inspect.apply(&action, &Selection::Jid(row.jid.clone()), 1, f.now).await?;
    audit(&f.person, act.name(), &visible(row.jid.as_str()), applied.done);
    if let Some((_, refusal)) = applied.refused.first() {
        return Err(Failure::refused(refusal));
    }
    if applied.done == 0 {
        // It went after it was found.
        return Err(Failure::not_found("job.gone"));
    }
    Ok(Redirect::to(&back(&f, act, &row)).into_response())
}

async fn cancel(site: &Site, f: &Frame, row: &JobRow) -> Result<Response, Failure> {
    let process = row.incarnation.as_ref().ok_or_else(|| Failure::invalid("job.not_running"))?;
    if runs_in_foreign(site, row, f.now).await? {
        return Err(Failure::unsupported("busy.cannot_cancel"));
    }
    site.inspect.order(process, &Order::Cancel(row.jid.clone()), f.now).await?;
    audit(&f.person, "cancel", &visible(row.jid.as_str()), 1);
    Ok(Redirect::to(&f.to("busy?did=cancel")).into_response())
}

/// The job's page. A job that is gone has none: the list that it was in says what was done.
fn back(f: &Frame, act: Act, row: &JobRow) -> String {
    match act {
        Act::Delete if tab(row.state) == Tab::Queues => f.to_queue(row.queue.as_str()),
        Act::Delete => f.to(&format!("{}?did=delete.1.0", tab(row.state).address())),
        _ => f.to(&format!("jobs/{}?did={}", segment(row.jid.as_str()), act.name())),
    }
}
