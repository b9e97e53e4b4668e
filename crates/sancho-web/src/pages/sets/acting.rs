//! Acting on a list: on the jobs that were picked, or on all that match, with a count before and progress meanwhile.

use askama::Template;
use axum::response::{IntoResponse, Redirect, Response};
use sancho_core::{Action, Cursor, Direction, Filter, Jid, Selection, Timestamp, limits};

use super::{List, ROWS_MAX};
use crate::act::Act;
use crate::failure::Failure;
use crate::fields::Fields;
use crate::frame::{Frame, page};
use crate::safety::audit;
use crate::site::Site;
use crate::text::{segment, visible};

/// Steps of an action over many jobs that one request makes.
const STEPS_PER_REQUEST: usize = 4;

/// Pages that are read to count the jobs that match, before one is told of "more than".
const COUNTED_PAGES_MAX: usize = 8;

/// Jobs of each of these pages.
const COUNTED_PAGE: usize = 500;

/// What a person wants done.
struct Wanted {
    act: Act,
    action: Action,
    asked: String,
    filter: Filter,
    /// When the filter's ages count from, and what the action's span is added to: when the person first asked.
    as_of: Timestamp,
    /// The jobs that were picked; none where all are meant.
    picked: Vec<Jid>,
    all: bool,
}

impl Wanted {
    fn read(fields: &Fields, f: &Frame, list: &List) -> Result<Wanted, Failure> {
        let act = Act::named(fields.get("act")).filter(|act| list.acts.contains(act));
        let act = act.ok_or_else(|| Failure::invalid("this list knows no such act"))?;
        let as_of = fields.number("as_of").map_or(f.now, Timestamp::from_unix_micros);
        let asked = fields.get("q").to_owned();
        let filter = Filter::parse(&asked, as_of)?;
        let all = fields.get("scope") == "all";
        let picked = if all { Vec::new() } else { picked(fields)? };
        Ok(Wanted { act, action: act.action(fields, as_of)?, asked, filter, as_of, picked, all })
    }
}

fn picked(fields: &Fields) -> Result<Vec<Jid>, Failure> {
    let picked: Result<Vec<Jid>, _> = fields.all("jid").take(ROWS_MAX).map(Jid::new).collect();
    let picked = picked?;
    if picked.is_empty() {
        return Err(Failure::invalid("no job was selected: select some, or choose all that match"));
    }
    Ok(picked)
}

/// How many jobs an act would be done to.
struct Count {
    jobs: u64,
    /// Whether there may be more.
    or_more: bool,
}

#[derive(Template)]
#[template(path = "ask.html")]
struct AskPage {
    f: Frame,
    list: List,
    wanted: Wanted,
    fields: Fields,
    count: Count,
}

#[derive(Template)]
#[template(path = "going.html")]
struct GoingPage {
    f: Frame,
    list: List,
    wanted: Wanted,
    fields: Fields,
    next: String,
    done: u64,
    refused: u64,
}

/// What a form that was sent to a list asks for.
pub(super) async fn act(site: Site, f: Frame, list: List, fields: Fields) -> Result<Response, Failure> {
    let f = f.on(list.tab);
    f.may_act()?;
    let wanted = Wanted::read(&fields, &f, &list)?;
    let is_sure = fields.get("sure") == "yes";
    if !is_sure && (wanted.all || wanted.act.destroys()) {
        let count = count(&site, &f, &list, &wanted).await?;
        return Ok(page(&AskPage { f, list, wanted, fields, count }));
    }
    if wanted.all { all(site, f, list, wanted, fields).await } else { each(&site, &f, &list, &wanted).await }
}

async fn count(site: &Site, f: &Frame, list: &List, wanted: &Wanted) -> Result<Count, Failure> {
    if !wanted.all {
        return Ok(Count { jobs: wanted.picked.len() as u64, or_more: false });
    }
    if wanted.filter.is_all() {
        return Ok(Count { jobs: list.size(site, f.now).await?, or_more: false });
    }
    let (mut jobs, mut after) = (0, None);
    for _ in 0..COUNTED_PAGES_MAX {
        let found =
            site.inspect.page(&list.set, &wanted.filter, Direction::Forward, after.as_ref(), COUNTED_PAGE).await?;
        jobs += found.rows.len() as u64;
        after = found.next;
        if after.is_none() {
            return Ok(Count { jobs, or_more: false });
        }
    }
    Ok(Count { jobs, or_more: true })
}

async fn each(site: &Site, f: &Frame, list: &List, wanted: &Wanted) -> Result<Response, Failure> {
    let (mut done, mut refused) = (0, 0);
    for jid in &wanted.picked {
        let applied = site.inspect.apply(&wanted.action, &Selection::Jid(jid.clone()), 1, f.now).await?;
        done += applied.done as u64;
        refused += applied.refused.len() as u64;
    }
    told_to(f, list, wanted, done);
    Ok(back(f, list, wanted, done, refused))
}

async fn all(site: Site, f: Frame, list: List, wanted: Wanted, fields: Fields) -> Result<Response, Failure> {
    let after = fields.get("cursor");
    let mut after = Some(after).filter(|after| !after.is_empty()).map(|after| Cursor(after.to_owned()));
    let (mut done, mut refused) = (0, 0);
    for _ in 0..STEPS_PER_REQUEST {
        let selection = Selection::All { set: list.set.clone(), filter: wanted.filter.clone(), after };
        let applied = site.inspect.apply(&wanted.action, &selection, limits::JOBS_PER_MOVE_MAX, f.now).await?;
        done += applied.done as u64;
        refused += applied.refused.len() as u64;
        after = applied.next;
        if after.is_none() {
            break;
        }
    }
    told_to(&f, &list, &wanted, done);
    // What earlier requests of the same act have done; it is shown, and nothing else depends on it.
    done += fields.number("done").unwrap_or(0);
    refused += fields.number("refused").unwrap_or(0);
    match after {
        None => Ok(back(&f, &list, &wanted, done, refused)),
        Some(Cursor(next)) => Ok(page(&GoingPage { f, list, wanted, fields, next, done, refused })),
    }
}

fn told_to(f: &Frame, list: &List, wanted: &Wanted, done: u64) {
    let what = if wanted.all {
        format!("{}: all that match {:?}", list.address, wanted.asked)
    } else {
        let picked: Vec<&str> = wanted.picked.iter().map(Jid::as_str).collect();
        format!("{}: {}", list.address, picked.join(" "))
    };
    audit(&f.person, wanted.act.name(), &visible(&what), usize::try_from(done).unwrap_or(usize::MAX));
}

/// The list again, which then says what was done.
fn back(f: &Frame, list: &List, wanted: &Wanted, done: u64, refused: u64) -> Response {
    let asked = if wanted.asked.is_empty() { String::new() } else { format!("&q={}", segment(&wanted.asked)) };
    let did = format!("{}.{done}.{refused}", wanted.act.name());
    Redirect::to(&f.to(&format!("{}?did={did}{asked}", list.address))).into_response()
}

/// What was done, from the word that [`back`] left in the address.
pub(super) fn told(f: &Frame, did: &str) -> Vec<String> {
    let parts: Vec<&str> = did.split('.').collect();
    let &[act, done, refused] = parts.as_slice() else { return Vec::new() };
    let (Some(act), Ok(done), Ok(refused)) = (Act::named(act), done.parse::<u64>(), refused.parse::<u64>()) else {
        return Vec::new();
    };
    let refused = (refused > 0).then(|| f.count("did.refused", refused));
    [f.count(act.done(), done)].into_iter().chain(refused).collect()
}
