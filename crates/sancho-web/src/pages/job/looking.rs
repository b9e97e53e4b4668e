//! Looking for the job of an address: a step a request, where the store has no index that leads to it.

use askama::Template;
use axum::response::Response;
use sancho_core::{Cursor, Jid, JobRow, Sought};

use crate::failure::Failure;
use crate::fields::Fields;
use crate::figure::Figure;
use crate::frame::{Frame, Tab, page};
use crate::site::Site;
use crate::text::{segment, visible};

/// The member of an address that says where looking goes on.
const AFTER: &str = "after";

/// What one request comes to.
pub(super) enum Looked {
    Found(Box<JobRow>),
    /// The page that says so, and goes on.
    Further(Response),
}

#[derive(Template)]
#[template(path = "looking.html")]
struct LookingPage<'a> {
    f: &'a Frame,
    jid: String,
    next: String,
    /// The key of a sentence about what the request was for.
    said: Option<&'static str>,
}

/// Makes the step that an address asks for: the first, or the one that goes on from its cursor. Where that does not
/// bring the job, the page of it has `said`.
pub(super) async fn look(site: &Site, f: &Frame, jid: String, said: Option<&'static str>) -> Result<Looked, Failure> {
    let gone = || Failure::not_found("job.gone");
    let jid = Jid::new(jid).map_err(|_| gone())?;
    let fields = Fields::from(f.query.clone());
    let after = Some(fields.get(AFTER)).filter(|after| !after.is_empty()).map(|after| Cursor(after.to_owned()));
    match site.inspect.seek(&jid, after.as_ref()).await? {
        Sought::Found(row) => Ok(Looked::Found(row)),
        Sought::Gone => Err(gone()),
        Sought::Further(Cursor(cursor)) => {
            let f = f.clone().on(Tab::None);
            let next = f.here([(AFTER, cursor.as_str())]);
            let jid = visible(jid.as_str()).into_owned();
            Ok(Looked::Further(page(&LookingPage { f: &f, jid, next, said })))
        }
    }
}

/// The address of a job that a page was found at. Another process of the pages has not seen it, and would have to look
/// from the beginning.
pub(super) fn address(f: &Frame, job: &Figure) -> String {
    let fields = Fields::from(f.query.clone());
    match fields.get(AFTER) {
        "" => f.to(&job.address),
        after => f.to(&format!("{}?{AFTER}={}", job.address, segment(after))),
    }
}
