//! How many jobs an act would be done to, counted before it is done.

use sancho_core::{Cursor, Direction};

use super::list::List;
use super::wanted::Wanted;
use crate::failure::Failure;
use crate::frame::Frame;
use crate::pace::Pace;
use crate::site::Site;

/// Pages that one request reads to count the jobs that match.
const PAGES_MAX: usize = 64;

/// Jobs of each of these pages: each brings its row along, and the last page begins shortly before the time is up.
const PAGE: usize = 250;

/// How many jobs an act would be done to.
pub(super) struct Count {
    pub(super) jobs: u64,
    /// Where it goes on, where only a part was counted.
    pub(super) next: Option<Cursor>,
}

/// Counts on from where an earlier request stopped, if one did.
pub(super) async fn count(site: &Site, f: &Frame, list: &List, wanted: &Wanted) -> Result<Count, Failure> {
    if !wanted.all {
        return Ok(Count { jobs: wanted.picked.len() as u64, next: None });
    }
    if wanted.filter.is_all() {
        return Ok(Count { jobs: list.size(site, f.now).await?, next: None });
    }
    let (mut jobs, mut next) = (wanted.counted, wanted.count_from.clone());
    let mut pace = Pace::new(site, PAGES_MAX);
    while pace.goes_on() {
        let found = site.inspect.page(&list.set, &wanted.filter, Direction::Forward, next.as_ref(), PAGE).await?;
        jobs = jobs.saturating_add(found.rows.len() as u64);
        next = found.next;
        if next.is_none() {
            break;
        }
    }
    Ok(Count { jobs, next })
}
