//! Lists of jobs: scheduled, retries, dead, held, and what is in one queue.

mod acting;
mod groups;

use askama::Template;
use axum::Router;
use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::get;
use sancho_core::inspect::Paused;
use sancho_core::{Cursor, Direction, Filter, QueueName, QueueRow, Set, State as Stands, Timestamp};

use crate::act::{Act, SPANS};
use crate::failure::Failure;
use crate::fields::Fields;
use crate::figure::{Figure, time_word};
use crate::frame::{Frame, Tab, page};
use crate::site::Site;
use crate::text::segment;

/// Jobs of one page of a list, unless the query asks for fewer or more.
const ROWS: usize = 50;

/// Jobs of one page of a list at most.
const ROWS_MAX: usize = 200;

/// The routes of all lists.
pub(crate) fn routes() -> Router<Site> {
    let mut router = Router::new().route("/queues/{name}", get(show_queue).post(act_queue));
    for (address, set) in
        [("/scheduled", Set::Scheduled), ("/retries", Set::Retries), ("/dead", Set::Dead), ("/held", Set::Held)]
    {
        let (shown, acted) = (set.clone(), set);
        router = router.route(
            address,
            get(move |State(site): State<Site>, f: Frame| show(site, f, List::of(shown))).post(
                move |State(site): State<Site>, f: Frame, fields: Fields| acting::act(site, f, List::of(acted), fields),
            ),
        );
    }
    router
}

async fn show_queue(State(site): State<Site>, Path(name): Path<String>, f: Frame) -> Result<Response, Failure> {
    show(site, f, List::of(Set::Queue(queue_named(&name)?))).await
}

async fn act_queue(
    State(site): State<Site>,
    Path(name): Path<String>,
    f: Frame,
    fields: Fields,
) -> Result<Response, Failure> {
    acting::act(site, f, List::of(Set::Queue(queue_named(&name)?)), fields).await
}

fn queue_named(name: &str) -> Result<QueueName, Failure> {
    QueueName::new(name).map_err(|invalid| Failure::not_found(invalid.to_string()))
}

/// One of the lists.
#[derive(Clone, Debug)]
pub(crate) struct List {
    set: Set,
    tab: Tab,
    state: Stands,
    /// Where it is, from the root of the pages.
    address: String,
    acts: &'static [Act],
}

impl List {
    fn of(set: Set) -> List {
        const WAITING: &[Act] = &[Act::Run, Act::Reschedule, Act::Kill, Act::Delete];
        let (tab, state, acts) = match &set {
            Set::Scheduled => (Tab::Scheduled, Stands::Scheduled, WAITING),
            Set::Retries => (Tab::Retries, Stands::Retries, WAITING),
            Set::Held => (Tab::Held, Stands::Held, WAITING),
            Set::Dead => (Tab::Dead, Stands::Dead, &[Act::Run, Act::Delete] as _),
            _ => (Tab::Queues, Stands::Enqueued, &[Act::Reschedule, Act::Kill, Act::Delete] as _),
        };
        let address = match &set {
            Set::Queue(queue) => format!("queues/{}", segment(queue.as_str())),
            _ => tab.address().to_owned(),
        };
        List { set, tab, state, address, acts }
    }

    fn queue(&self) -> Option<&QueueName> {
        if let Set::Queue(queue) = &self.set { Some(queue) } else { None }
    }

    /// What the list is called.
    fn title(&self, f: &Frame) -> String {
        self.queue().map_or_else(|| f.t(self.tab.word()).to_owned(), |queue| queue.as_str().to_owned())
    }

    fn time_word(&self) -> &'static str {
        time_word(self.state)
    }

    fn has_errors(&self) -> bool {
        matches!(self.set, Set::Retries | Set::Dead)
    }

    /// How many jobs it has in all.
    async fn size(&self, site: &Site, now: Timestamp) -> Result<u64, Failure> {
        if self.queue().is_some() {
            return Ok(self.row(site, now).await?.map_or(0, |row| row.size));
        }
        let stats = site.inspect.stats(now).await?;
        Ok(match self.state {
            Stands::Scheduled => stats.scheduled,
            Stands::Retries => stats.retries,
            Stands::Dead => stats.dead,
            _ => stats.held,
        })
    }

    async fn row(&self, site: &Site, now: Timestamp) -> Result<Option<QueueRow>, Failure> {
        let rows = site.inspect.queues(now).await?;
        Ok(rows.into_iter().find(|row| Some(&row.name) == self.queue()))
    }
}

#[derive(Template)]
#[template(path = "list.html")]
struct ListPage {
    f: Frame,
    list: List,
    size: u64,
    /// The queue, where the list is one that is known.
    row: Option<QueueRow>,
    asked: String,
    /// What is wrong with what was asked for.
    slip: Option<String>,
    /// What was done just now.
    did: Vec<String>,
    jobs: Vec<Figure>,
    is_first: bool,
    next: Option<String>,
}

impl ListPage {
    fn is_grouped(&self) -> bool {
        false
    }

    fn spans(&self) -> [(u64, &'static str); 5] {
        SPANS
    }

    fn is_paused(&self) -> bool {
        self.row.as_ref().is_some_and(|row| row.paused == Paused::Yes)
    }
}

async fn show(site: Site, f: Frame, list: List) -> Result<Response, Failure> {
    let f = f.on(list.tab);
    let fields = Fields::from(f.query.clone());
    let asked = fields.get("q").to_owned();
    if fields.get("by") == "error" && list.has_errors() {
        return groups::show(site, f, list, asked).await;
    }
    let rows: usize = fields.number("rows").unwrap_or(ROWS).clamp(1, ROWS_MAX);
    let cursor = Some(fields.get("after")).filter(|after| !after.is_empty()).map(|after| Cursor(after.to_owned()));
    let row = if list.queue().is_some() { list.row(&site, f.now).await? } else { None };
    let size = match &row {
        Some(row) => row.size,
        None => list.size(&site, f.now).await?,
    };
    let (found, slip) = match Filter::parse(&asked, f.now) {
        Ok(filter) => (site.inspect.page(&list.set, &filter, Direction::Forward, cursor.as_ref(), rows).await?, None),
        Err(invalid) => (Default::default(), Some(invalid.to_string())),
    };
    let jobs = found.rows.iter().map(|row| Figure::of(&f, row)).collect();
    let next = found.next.map(|Cursor(after)| f.here([("after", after.as_str()), ("did", "")]));
    let did = acting::told(&f, fields.get("did"));
    Ok(page(&ListPage { did, size, row, asked, slip, jobs, is_first: cursor.is_none(), next, list, f }))
}
