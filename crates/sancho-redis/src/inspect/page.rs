//! Pages of sets: reading on from a mark, though jobs have come and gone.
//!
//! A mark names the last job looked at by a digest of its id, and says where it stood. Never by one of its payload:
//! cursors stand in addresses, and a short value that the pages hide could be guessed from it.

mod busy;
mod mark;
mod queue;
mod sorted;

use sancho_core::{Cursor, Direction, ErrorKind, Filter, Page, Set, StoreError, StoreResult, limits};

use super::portion::BYTES_PER_LOOK_MAX;
use crate::listed::LISTED_MAX;
use crate::row::Seen;
use crate::store::RedisStore;
use crate::wire::keys;

pub(super) use mark::Way;
use mark::{Mark, Stood};

/// Jobs that are read at once where they are small, so that a long look takes few round trips. Redis is held up by them
/// for less than a millisecond.
const JOBS_PER_READ_MAX: usize = 1_000;

/// What was looked at for a page.
#[derive(Debug, Default)]
pub(super) struct Looked {
    /// A mark for each job looked at, in order.
    pub(super) marks: Vec<Mark>,
    /// The jobs that match, each with the index of its mark.
    pub(super) found: Vec<(usize, Seen)>,
    /// Whether there are more jobs behind.
    pub(super) more: bool,
    /// How large the payloads are that were looked at.
    bytes: usize,
}

impl Looked {
    /// Whether a page is full, or has looked at as much as one may.
    fn is_full(&self, limit: usize) -> bool {
        self.found.len() >= limit || self.marks.len() >= limits::JOBS_PER_SCAN_MAX || self.bytes >= BYTES_PER_LOOK_MAX
    }

    fn look(&mut self, filter: &Filter, stood: Stood, seen: Seen) {
        self.bytes += seen.payload.as_bytes().len();
        let mark = Mark::new(stood, seen.payload.clone());
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
        let next = looked.marks.last().map(|mark| Cursor::new(direction, mark.written())).or_else(|| cursor.cloned());
        let (marks, seen): (Vec<usize>, Vec<Seen>) = looked.found.into_iter().unzip();
        let rows = self.rows("page", &seen).await?;
        if limit <= LISTED_MAX {
            let before = |mark: usize| match mark.checked_sub(1) {
                Some(before) => Some(Cursor::new(direction, looked.marks[before].written())),
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
        match set {
            Set::Queue(queue) => self.look_at_queue(op, queue.as_str(), filter, direction, after, limit).await,
            Set::Busy => self.look_at_busy(op, filter, direction, after, limit).await,
            set => match keys::sorted(set) {
                Some(sorted) => self.look_at_sorted(op, sorted, filter, direction, after, limit).await,
                None => Err(StoreError::new(op, ErrorKind::Unsupported, "this set is not known here")),
            },
        }
    }
}
