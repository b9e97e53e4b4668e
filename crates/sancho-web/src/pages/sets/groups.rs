//! The failures of a list, grouped by class and error: what went wrong, rather than what it went wrong with.

use std::collections::BTreeMap;

use askama::Template;
use axum::response::Response;
use sancho_core::{Direction, Filter, JobRow};

use super::List;
use crate::failure::Failure;
use crate::figure::Figure;
use crate::frame::{Frame, page};
use crate::site::Site;
use crate::text::term;

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
    asked: String,
    slip: Option<String>,
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
    let (mut groups, mut looked_at, mut after, mut slip) = (BTreeMap::new(), 0, None, None);
    match Filter::parse(&asked, f.now) {
        Err(invalid) => slip = Some(invalid.to_string()),
        Ok(filter) => {
            for _ in 0..PAGES_MAX {
                let found = site.inspect.page(&list.set, &filter, Direction::Forward, after.as_ref(), PAGE).await?;
                looked_at += found.rows.len() as u64;
                found.rows.iter().for_each(|row| add(&mut groups, &f, &list, &asked, row));
                after = found.next;
                if after.is_none() {
                    break;
                }
            }
        }
    }
    let mut groups: Vec<Group> = groups.into_values().collect();
    groups.sort_by_key(|group| std::cmp::Reverse(group.jobs));
    groups.truncate(GROUPS_MAX);
    let most = groups.first().map_or(1, |group| group.jobs);
    Ok(page(&GroupsPage { f, list, size, asked, slip, groups, most, looked_at: after.map(|_| looked_at) }))
}

fn add(groups: &mut BTreeMap<(Option<String>, String), Group>, f: &Frame, list: &List, asked: &str, row: &JobRow) {
    let envelope = row.payload.envelope().ok();
    let class = envelope.as_ref().map(|envelope| envelope.display_class().into_owned());
    let error = envelope.as_ref().and_then(|envelope| envelope.error_class()).unwrap_or_default().into_owned();
    let group = groups.entry((class.clone(), error.clone())).or_insert_with(|| {
        let figure = Figure::of(f, row);
        let class = class.map(|class| term("class", &class));
        let error = Some(error).filter(|error| !error.is_empty()).map(|error| term("error", &error));
        // What was asked for already is not asked for twice.
        let new = [class, error].into_iter().flatten().filter(|term| !asked.contains(term.as_str()));
        let asked = Some(asked.to_owned()).filter(|asked| !asked.is_empty());
        let terms: Vec<String> = asked.into_iter().chain(new).collect();
        let (error, message) = figure.error.map_or_else(Default::default, |error| (error.class, error.message));
        let address = f.to(&format!("{}?q={}", list.address, crate::text::segment(&terms.join(" "))));
        Group { class: figure.class, error, message, jobs: 0, address }
    });
    group.jobs += 1;
}
