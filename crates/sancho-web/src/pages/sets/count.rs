//! How many jobs an act would be done to, counted before it is done.

use sancho_core::Direction;

use super::list::List;
use super::wanted::Wanted;
use crate::failure::Failure;
use crate::frame::Frame;
use crate::pace::Pace;
use crate::site::Site;

/// Pages that are read to count the jobs that match, before one is told of "more than".
const PAGES_MAX: usize = 16;

/// Jobs of each of these pages.
const PAGE: usize = 1_000;

/// How many jobs an act would be done to.
pub(super) struct Count {
    pub(super) jobs: u64,
    /// Whether there may be more.
    pub(super) or_more: bool,
}

pub(super) async fn count(site: &Site, f: &Frame, list: &List, wanted: &Wanted) -> Result<Count, Failure> {
    if !wanted.all {
        return Ok(Count { jobs: wanted.picked.len() as u64, or_more: false });
    }
    if wanted.filter.is_all() {
        return Ok(Count { jobs: list.size(site, f.now).await?, or_more: false });
    }
    let (mut jobs, mut after) = (0, None);
    let mut pace = Pace::new(site, PAGES_MAX);
    while pace.goes_on() {
        let found = site.inspect.page(&list.set, &wanted.filter, Direction::Forward, after.as_ref(), PAGE).await?;
        jobs += found.rows.len() as u64;
        after = found.next;
        if after.is_none() {
            return Ok(Count { jobs, or_more: false });
        }
    }
    Ok(Count { jobs, or_more: true })
}
