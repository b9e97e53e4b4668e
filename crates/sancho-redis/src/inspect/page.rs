//! Pages of sets: reading on from a mark, though jobs have come and gone.
//!
//! A mark names the last job looked at by a digest of its bytes, and says where it stood.

mod busy;
mod queue;
mod queue_backward;
mod sorted;

use sancho_core::{Cursor, Direction, ErrorKind, Filter, Page, Set, StoreError, StoreResult, limits};

use crate::row::Seen;
use crate::store::RedisStore;
use crate::wire::keys;

/// Jobs that are read at once: large payloads make more too much for one reply.
const JOBS_PER_READ: usize = 200;

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
        let seen: Vec<Seen> = looked.found.into_iter().map(|(_, seen)| seen).collect();
        Ok(Page { rows: self.rows("page", &seen).await?, next: next.filter(|_| looked.more) })
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
