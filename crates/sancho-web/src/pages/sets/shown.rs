//! One page of a list.

use askama::Template;
use axum::response::Response;
use sancho_core::{Filter, Page, limits};

use super::list::{self, List};
use super::view::View;
use super::{groups, told};
use crate::act::SPANS;
use crate::failure::Failure;
use crate::fields::Fields;
use crate::figure::Figure;
use crate::find::Find;
use crate::frame::{Frame, Tab, page};
use crate::pages::queues;
use crate::site::Site;

#[derive(Template)]
#[template(path = "list.html")]
struct ListPage {
    f: Frame,
    list: List,
    view: View,
    find: Find,
    size: u64,
    is_paused: bool,
    /// Classes that are paused, where the list has their jobs.
    paused_classes: Vec<String>,
    /// What was done just now.
    did: Vec<String>,
    jobs: Vec<Figure>,
    next: Option<String>,
    /// About how many jobs were looked at so far, where the store has more to look at than one request does.
    looked_at: Option<u64>,
}

impl ListPage {
    fn is_grouped(&self) -> bool {
        false
    }

    fn spans(&self) -> [(u64, &'static str); 5] {
        SPANS
    }

    /// Whether it changes by itself: what takes a search is not asked for again and again.
    fn is_live(&self) -> bool {
        self.view.asked.is_empty()
    }
}

pub(super) async fn show(site: Site, f: Frame, list: List) -> Result<Response, Failure> {
    let f = f.on(list.tab);
    let fields = Fields::from(f.query.clone());
    let view = View::of(&f, &list);
    if fields.get("by") == "error" && list.has_errors() {
        return groups::show(site, f, list, view.asked).await;
    }
    let row = list.row(&site, f.now).await?;
    let size = match &row {
        Some(row) => row.size,
        None => list.size(&site, f.now).await?,
    };
    let (found, slip) = match Filter::parse(&view.asked, f.now) {
        Ok(filter) => {
            let direction = list.direction(view.order);
            (site.inspect.page(&list.set, &filter, direction, view.after.as_ref(), view.rows).await?, None)
        }
        Err(slip) => (Page::default(), Some(slip)),
    };
    // A page that is short and not the last ended since so many jobs had been looked at.
    let is_cut = found.next.is_some() && found.rows.len() < view.rows;
    let looked_at = is_cut.then(|| view.seen.saturating_add(limits::JOBS_PER_SCAN_MAX as u64).min(size));
    Ok(page(&ListPage {
        find: Find::new(&f, &view.asked, slip),
        is_paused: list::is_paused(row.as_ref()),
        paused_classes: if list.tab == Tab::Held { queues::paused_classes(&site).await? } else { Vec::new() },
        did: told::read(&f, fields.get("did")),
        jobs: found.rows.iter().map(|row| Figure::of(&f, row)).collect(),
        next: found.next.map(|cursor| view.next(&f, &cursor, looked_at.unwrap_or(0))),
        looked_at,
        size,
        view,
        list,
        f,
    }))
}
