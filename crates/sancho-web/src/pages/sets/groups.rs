//! The failures of a list, grouped by class and error: what went wrong, rather than what it went wrong with.

use std::collections::BTreeMap;

use askama::Template;
use axum::response::Response;
use sancho_core::filter::term;
use sancho_core::{Direction, Filter, JobRow};

use super::list::List;
use crate::failure::Failure;
use crate::figure::Figure;
use crate::find::Find;
use crate::frame::{Frame, page};
use crate::pace::Pace;
use crate::site::Site;

/// Pages of jobs that are looked at.
const PAGES_MAX: usize = 8;

/// Jobs of each of these pages.
const PAGE: usize = 500;

/// Groups that are shown, the largest ones.
const GROUPS_MAX: usize = 100;

#[derive(Template)]
#[template(path = "groups.html")]
struct GroupsPage {
    f: Frame,
    list: List,
    size: u64,
    find: Find,
    groups: Vec<Group>,
    most: u64,
    /// How many jobs were looked at, where there are more.
    looked_at: Option<u64>,
}

impl GroupsPage {
    fn is_grouped(&self) -> bool {
        true
    }
}

/// Jobs of one class that ended in the same error.
struct Group {
    /// Nothing where payloads cannot be read.
    class: Option<String>,
    error: String,
    /// The message of one of them.
    message: String,
    jobs: u64,
    /// The list of these jobs.
    address: String,
}

pub(super) async fn show(site: Site, f: Frame, list: List, asked: String) -> Result<Response, Failure> {
    let size = list.size(&site, f.now).await?;
    let (mut groups, mut looked_at, mut after) = (BTreeMap::new(), 0, None);
    let slip = match Filter::parse(&asked, f.now) {
        Err(slip) => Some(slip),
        Ok(filter) => {
            let mut pace = Pace::new(&site, PAGES_MAX);
            while pace.goes_on() {
                let found = site.inspect.page(&list.set, &filter, Direction::Forward, after.as_ref(), PAGE).await?;
                looked_at += found.rows.len() as u64;
                found.rows.iter().for_each(|row| add(&mut groups, &f, &list, &asked, row));
                after = found.next;
                if after.is_none() {
                    break;
                }
            }
            None
        }
    };
    let mut groups: Vec<Group> = groups.into_values().collect();
    groups.sort_by_key(|group| std::cmp::Reverse(group.jobs));
    groups.truncate(GROUPS_MAX);
    let most = groups.first().map_or(1, |group| group.jobs);
    let find = Find::new(&f, &asked, slip);
    Ok(page(&GroupsPage { f, list, size, find, groups, most, looked_at: after.map(|_| looked_at) }))
}

/// Jobs are of one group when they pass the same terms, so that a group has the jobs that its link leads to.
fn add(groups: &mut BTreeMap<String, Group>, f: &Frame, list: &List, asked: &str, row: &JobRow) {
    let terms = terms(row);
    if let Some(group) = groups.get_mut(&terms) {
        group.jobs += 1;
        return;
    }
    let figure = Figure::of(f, row);
    let (error, message) = figure.error.map_or_else(Default::default, |error| (error.class, error.message));
    let query = crate::text::segment(&joined(asked, &terms));
    let address = f.to(&format!("{}?q={query}", list.address));
    let class = figure.class.filter(|class| !class.is_empty());
    groups.insert(terms, Group { class, error, message, jobs: 1, address });
}

/// The filter that this job's group passes: what is done to all that match is done to them and to no others.
fn terms(row: &JobRow) -> String {
    let envelope = row.payload.envelope().ok();
    let class = envelope.as_ref().map(|envelope| envelope.display_class()).filter(|class| !class.is_empty());
    // Of a payload that cannot be read, no error is known.
    let Some(class) = class else { return "-display_class:*".to_owned() };
    let error = envelope.as_ref().and_then(|envelope| envelope.error_class()).filter(|error| !error.is_empty());
    let error = error.map_or_else(|| "-error_class:*".to_owned(), |error| term("error_class", &error));
    format!("{} {error}", term("display_class", &class))
}

/// What was asked for, and these terms behind it where neither says the other already.
fn joined(asked: &str, terms: &str) -> String {
    let asked = asked.trim();
    if asked.is_empty() || terms.ends_with(&format!(" {asked}")) {
        return terms.to_owned();
    }
    if asked == terms || asked.ends_with(&format!(" {terms}")) {
        return asked.to_owned();
    }
    format!("{asked} {terms}")
}
