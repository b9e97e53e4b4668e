//! Pages of sets: reading on from a mark, though jobs have come and gone.
//!
//! A mark names the last job looked at by a digest of its bytes, and says where it stood.

mod busy;
mod queue;
mod queue_backward;
mod sorted;

use sancho_core::{Cursor, Direction, ErrorKind, Filter, Page, Set, StoreError, StoreResult, limits};

use crate::listed::LISTED_MAX;
use crate::row::Seen;
use crate::store::RedisStore;
use crate::wire::keys;

/// Jobs that are read at first: large payloads make more too much for one reply.
const JOBS_PER_READ: usize = 200;

/// Jobs that are read at once where they are small, so that a long look takes few round trips. Redis is held up by them
/// for less than a millisecond.
const JOBS_PER_READ_MAX: usize = 1_000;

/// Bytes of one reply that are little: where a read brings fewer than half of them, the next one asks for more jobs.
const BYTES_PER_READ: usize = 512 * 1024;

/// How many jobs the next read asks for, after one of so many that brought so many bytes.
fn next_read(jobs: usize, bytes: usize) -> usize {
    if bytes < BYTES_PER_READ / 2 { (2 * jobs).min(JOBS_PER_READ_MAX) } else { jobs.min(JOBS_PER_READ) }
}

/// What was looked at for a page.
#[derive(Debug, Default)]
pub(super) struct Looked {
    /// A mark for each job looked at, in order.
    pub(super) marks: Vec<String>,
    /// The jobs that match, each with the index of its mark.
    pub(super) found: Vec<(usize, Seen)>,
    /// Whether there are more jobs behind.
    pub(super) more: bool,
}

impl Looked {
    /// Whether a page is full, or has looked at as much as one may.
    fn is_full(&self, limit: usize) -> bool {
        self.found.len() >= limit || self.marks.len() >= limits::JOBS_PER_SCAN_MAX
    }

    fn look(&mut self, filter: &Filter, mark: String, seen: Seen) {
        if filter.matches(&seen.payload) {
            self.found.push((self.marks.len(), seen));
        }
        self.marks.push(mark);
    }
}

impl RedisStore {
    pub(super) async fn page_of(
        &self,
        set: &Set,
        filter: &Filter,
        direction: Direction,
        cursor: Option<&Cursor>,
        limit: usize,
    ) -> StoreResult<Page> {
        let looked = self.look("page", set, filter, direction, cursor, limit).await?;
        let next = looked.marks.last().map(|mark| Cursor::new(direction, mark)).or_else(|| cursor.cloned());
        let (marks, seen): (Vec<usize>, Vec<Seen>) = looked.found.into_iter().unzip();
        let rows = self.rows("page", &seen).await?;
        if limit <= LISTED_MAX {
            let before = |mark: usize| match mark.checked_sub(1) {
                Some(before) => Some(Cursor::new(direction, &looked.marks[before])),
                None => cursor.cloned(),
            };
            let listed = rows.iter().zip(marks).map(|(row, mark)| (&row.jid, before(mark)));
            self.inner.listed.remember(set, direction, listed);
        }
        Ok(Page { rows, next: next.filter(|_| looked.more) })
    }

    /// Looks at jobs of a set, in its order or the reverse, until `limit` of them match.
    pub(super) async fn look(
        &self,
        op: &'static str,
        set: &Set,
        filter: &Filter,
        direction: Direction,
        cursor: Option<&Cursor>,
        limit: usize,
    ) -> StoreResult<Looked> {
        let invalid = |invalid| StoreError::new(op, ErrorKind::Invalid, invalid);
        // An empty mark stands for the start, where what was looked at is gone.
        let mark = cursor.map(|cursor| cursor.mark(direction)).transpose().map_err(invalid)?;
        let after = mark.filter(|mark| !mark.is_empty());
        match (set, direction) {
            (Set::Queue(queue), Direction::Forward) => {
                self.look_at_queue(op, queue.as_str(), filter, after, limit).await
            }
            (Set::Queue(queue), Direction::Backward) => {
                self.look_at_queue_backward(op, queue.as_str(), filter, after, limit).await
            }
            (Set::Busy, _) => self.look_at_busy(op, filter, direction, after, limit).await,
            (set, _) => match keys::sorted(set) {
                Some(sorted) => self.look_at_sorted(op, sorted, filter, direction, after, limit).await,
                None => Err(StoreError::new(op, ErrorKind::Unsupported, "this set is not known here")),
            },
        }
    }
}

/// A place in a mark. Marks come back from outside: what is beyond any queue or set is no place.
fn place(text: &str) -> Option<usize> {
    text.parse::<u32>().ok().and_then(|place| usize::try_from(place).ok())
}

/// The way through a list to one of its jobs, as Redis goes it: from one end on, past all that stand before it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Way {
    /// Whether it begins at the far end, where jobs are pushed.
    pub(super) from_back: bool,
    /// How many jobs are passed.
    pub(super) passed: usize,
}

impl Way {
    /// From the nearer end to the job of a queue that a mark is of.
    pub(super) fn to(mark: &str) -> Way {
        let mut places = mark.splitn(3, '|').map(|part| place(part).unwrap_or(usize::MAX));
        let (in_front, behind) = (places.next().unwrap_or(usize::MAX), places.next().unwrap_or(usize::MAX));
        Way { from_back: behind < in_front, passed: in_front.min(behind) }
    }
}

fn sum(text: &str) -> Option<u64> {
    u64::from_str_radix(text, 16).ok()
}

fn read_mark<T>(
    op: &'static str,
    mark: &str,
    read: impl FnOnce(&mut std::str::SplitN<'_, char>) -> Option<T>,
) -> StoreResult<T> {
    read(&mut mark.splitn(3, '|'))
        .ok_or_else(|| StoreError::new(op, ErrorKind::Invalid, format!("no such cursor: {mark:?}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_to_a_job_of_a_queue_begins_at_the_nearer_end() {
        assert_eq!(Way::to("3|9|0"), Way { from_back: false, passed: 3 });
        assert_eq!(Way::to("9|3|0"), Way { from_back: true, passed: 3 });
        assert_eq!(Way::to("no mark"), Way { from_back: false, passed: usize::MAX });
    }
}
