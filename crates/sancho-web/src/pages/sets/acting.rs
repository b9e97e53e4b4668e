//! Acting on a list: on the jobs that were picked, or on all that match, with a count before and progress meanwhile.

use askama::Template;
use axum::response::{IntoResponse, Redirect, Response};
use sancho_core::filter::term;
use sancho_core::{Applied, Cursor, Jid, Selection, Set, limits};

use super::count::{Count, count};
use super::list::List;
use super::told::{self, Done};
use super::wanted::Wanted;
use crate::failure::Failure;
use crate::fields::Fields;
use crate::frame::{Frame, page};
use crate::pace::Pace;
use crate::safety::{audit, visible};
use crate::site::Site;

/// Steps of an action over many jobs that one request makes.
const STEPS_PER_REQUEST: usize = 4;

/// What the first button of the form does, which Enter presses where a field has the focus.
const NOTHING: &str = "nothing";

#[derive(Template)]
#[template(path = "ask.html")]
struct AskPage {
    f: Frame,
    list: List,
    wanted: Wanted,
    count: Count,
    /// Where the form goes: the list, as it was looked at.
    here: String,
}

#[derive(Template)]
#[template(path = "going.html")]
struct GoingPage {
    f: Frame,
    list: List,
    wanted: Wanted,
    next: String,
    so_far: Done,
    here: String,
    /// The list, which says what was done.
    stop: String,
}

impl GoingPage {
    /// How many of the jobs were met, and how many there are, where that is known.
    fn progress(&self) -> Option<(u64, u64)> {
        let met = self.so_far.done.saturating_add(self.so_far.refused);
        self.wanted.of.filter(|of| *of > 0).map(|of| (met.min(of), of))
    }
}

/// What a form that was sent to a list asks for.
pub(super) async fn act(site: Site, f: Frame, list: List, fields: Fields) -> Result<Response, Failure> {
    let f = f.on(list.tab);
    f.may_act()?;
    // Enter in a field of the form: nobody has said what is to be done.
    if fields.get("act") == NOTHING {
        return Ok(Redirect::to(&f.here([("did", "")])).into_response());
    }
    let mut wanted = Wanted::read(&fields, &f, &list)?;
    if !wanted.is_sure && (wanted.all || wanted.act.destroys()) {
        let count = count(&site, &f, &list, &wanted).await?;
        wanted.of = Some(count.jobs).filter(|_| count.next.is_none());
        let here = f.here([("did", "")]);
        return Ok(page(&AskPage { f, list, wanted, count, here }));
    }
    if wanted.all { all(&site, f, list, wanted, &fields).await } else { each(&site, &f, &list, &wanted).await }
}

/// Runs the jobs that are held of a class which is no longer paused: as many as one request does, and then it goes on
/// as every act on all jobs of a list does.
pub(crate) async fn run_held(site: &Site, f: Frame, class: &str) -> Result<Response, Failure> {
    let list = List::of(Set::Held);
    let wanted = Wanted::run_all(term("class", class), f.now)?;
    let mut f = f.on(list.tab);
    f.path = format!("/{}", list.address);
    f.query.clear();
    all(site, f, list, wanted, &Fields::default()).await
}

async fn each(site: &Site, f: &Frame, list: &List, wanted: &Wanted) -> Result<Response, Failure> {
    let mut met = Met::new(f, list, wanted);
    for jid in &wanted.picked {
        // Since the list was looked at, it may have gone on to where this act would mean something else.
        if !site.inspect.find(jid).await?.is_some_and(|row| list.has(&row)) {
            met.so_far.gone += 1;
            continue;
        }
        let selection = Selection::Jid(jid.clone());
        let applied = site.inspect.apply(&wanted.action, &selection, 1, f.now).await?;
        met.so_far.gone += u64::from(applied.done == 0 && applied.refused.is_empty());
        met.add(&applied);
    }
    let so_far = met.over();
    Ok(Redirect::to(&back(f, wanted, so_far)).into_response())
}

async fn all(site: &Site, f: Frame, list: List, wanted: Wanted, fields: &Fields) -> Result<Response, Failure> {
    let after = fields.get("cursor");
    let mut after = Some(after).filter(|after| !after.is_empty()).map(|after| Cursor(after.to_owned()));
    let mut met = Met::new(&f, &list, &wanted);
    let mut pace = Pace::new(site, STEPS_PER_REQUEST);
    while pace.goes_on() {
        let selection = Selection::All { set: list.set.clone(), filter: wanted.filter.clone(), after };
        let applied = site.inspect.apply(&wanted.action, &selection, limits::JOBS_PER_MOVE_MAX, f.now).await?;
        met.add(&applied);
        after = applied.next;
        if after.is_none() {
            break;
        }
    }
    let mut so_far = met.over();
    // What earlier requests of the same act have done; it is shown, and nothing else depends on it.
    so_far.done = so_far.done.saturating_add(fields.number("done").unwrap_or(0));
    so_far.refused = so_far.refused.saturating_add(fields.number("refused").unwrap_or(0));
    let stop = back(&f, &wanted, so_far);
    let Some(Cursor(next)) = after else { return Ok(Redirect::to(&stop).into_response()) };
    let here = f.here([("did", "")]);
    Ok(page(&GoingPage { f, list, wanted, next, so_far, here, stop }))
}

/// What an act has met. The audit is told of it when it is over, and also where the store fails half-way.
struct Met<'a> {
    f: &'a Frame,
    list: &'a List,
    wanted: &'a Wanted,
    so_far: Done,
    is_over: bool,
}

impl<'a> Met<'a> {
    fn new(f: &'a Frame, list: &'a List, wanted: &'a Wanted) -> Self {
        Met { f, list, wanted, so_far: Done::default(), is_over: false }
    }

    fn add(&mut self, applied: &Applied) {
        self.so_far.done += applied.done as u64;
        self.so_far.refused += applied.refused.len() as u64;
    }

    fn over(mut self) -> Done {
        self.is_over = true;
        self.so_far
    }
}

impl Drop for Met<'_> {
    fn drop(&mut self) {
        if !self.is_over && self.so_far.done == 0 {
            return;
        }
        let what = if self.wanted.all {
            format!("{}: all that match {:?}", self.list.address, self.wanted.asked)
        } else {
            let picked: Vec<&str> = self.wanted.picked.iter().map(Jid::as_str).collect();
            format!("{}: {}", self.list.address, picked.join(" "))
        };
        let done = usize::try_from(self.so_far.done).unwrap_or(usize::MAX);
        audit(&self.f.person, self.wanted.act.name(), &visible(&what), done);
    }
}

/// The list again as it was looked at, which then says what was done. After an act on all of it, from its start.
fn back(f: &Frame, wanted: &Wanted, done: Done) -> String {
    let did = told::written(wanted.act, done);
    let told = [("q", wanted.asked.as_str()), ("did", did.as_str())];
    if wanted.all {
        return f.here([told[0], told[1], ("after", ""), ("seen", "")]);
    }
    f.here(told)
}
