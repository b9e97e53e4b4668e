//! Orders for processes: to one of them, or to all.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use sancho_core::{ErrorKind, Incarnation, Jid, Order};

use crate::failure::Failure;
use crate::fields::Fields;
use crate::foreign::is_foreign;
use crate::frame::{Frame, Tab, page};
use crate::safety::{audit, visible};
use crate::site::Site;

/// Asks before a process is stopped: it does not come back by itself.
#[derive(Template)]
#[template(path = "stop.html")]
struct StopPage {
    f: Frame,
    processes: usize,
    /// The one that is meant; empty for all of them.
    process: String,
    here: String,
}

/// Leaves an order for one process, or for all of them.
pub(crate) async fn act(State(site): State<Site>, f: Frame, fields: Fields) -> Result<Response, Failure> {
    f.may_act()?;
    let act = fields.get("act");
    let order = match act {
        "quiet" => Order::Quiet,
        "stop" => Order::Stop,
        "dump" => Order::Dump,
        "cancel" => Order::Cancel(Jid::new(fields.get("jid"))?),
        _ => return Err(Failure::invalid("busy.unknown_act")),
    };
    let one = fields.get("process");
    let to: Vec<Incarnation> = match one {
        "" if act == "cancel" => return Err(Failure::invalid("busy.whose_job")),
        "" => site.inspect.processes(f.now).await?.into_iter().map(|row| row.info.incarnation).collect(),
        one => vec![Incarnation::new(one)],
    };
    let here = f.here([("did", ""), ("not", "")]);
    if act == "stop" && fields.get("sure") != "yes" {
        let process = one.to_owned();
        return Ok(page(&StopPage { f: f.on(Tab::Busy), processes: to.len(), process, here }));
    }
    if let Order::Cancel(_) = order {
        refuse_foreign(&site, &f, one).await?;
    }
    let what = match fields.get("jid") {
        "" => one.to_owned(),
        jid => format!("{jid} of {one}"),
    };
    let (mut told, mut not) = (0, 0);
    for incarnation in &to {
        match site.inspect.order(incarnation, &order, f.now).await {
            Ok(()) => told += 1,
            // Of many, some may be gone meanwhile, and some may not listen: the others are told all the same.
            Err(error) if one.is_empty() && matches!(error.kind, ErrorKind::NotFound | ErrorKind::Unsupported) => {
                not += 1;
            }
            Err(error) => {
                if told > 0 {
                    audit(&f.person, act, &visible(&what), told);
                }
                return Err(error.into());
            }
        }
    }
    audit(&f.person, act, &visible(&what), told);
    let not = if not == 0 { String::new() } else { not.to_string() };
    Ok(Redirect::to(&f.here([("did", act), ("not", not.as_str())])).into_response())
}

/// Another program's job goes on whatever is said to its process: better to say so than to leave an order that nobody
/// hears.
async fn refuse_foreign(site: &Site, f: &Frame, process: &str) -> Result<(), Failure> {
    let rows = site.inspect.processes(f.now).await?;
    let row = rows.iter().find(|row| row.info.incarnation.as_str() == process);
    if row.is_some_and(|row| is_foreign(&row.info)) {
        return Err(Failure::unsupported("busy.cannot_cancel"));
    }
    Ok(())
}

/// What was ordered just now, as the address carries it.
pub(super) fn told(f: &Frame, fields: &Fields) -> Vec<String> {
    let said = match fields.get("did") {
        "quiet" => "did.quiet",
        "stop" => "did.stop",
        "dump" => "did.dump",
        "cancel" => "did.cancel",
        _ => return Vec::new(),
    };
    let not = fields.number::<u64>("not").filter(|not| *not > 0).map(|not| f.count("did.not_told", not));
    [f.t(said).to_owned()].into_iter().chain(not).collect()
}
