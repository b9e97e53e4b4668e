//! Pages of sets: reading on from a mark, though jobs have come and gone.
//!
//! A mark names the last job looked at by a digest of its bytes, and says where it stood.

mod queue;
mod sorted;

use sancho_core::{Cursor, ErrorKind, Filter, Page, Set, StoreError, StoreResult, limits};

use crate::row::{Seen, Spot};
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
        cursor: Option<&Cursor>,
        limit: usize,
    ) -> StoreResult<Page> {
        let looked = self.look("page", set, filter, cursor, limit).await?;
        let next = looked.marks.last().cloned().map(Cursor).or_else(|| cursor.cloned());
        let seen: Vec<Seen> = looked.found.into_iter().map(|(_, seen)| seen).collect();
        Ok(Page { rows: self.rows("page", &seen).await?, next: next.filter(|_| looked.more) })
    }

    /// Looks at jobs of a set, in its order, until `limit` of them match.
    pub(super) async fn look(
        &self,
        op: &'static str,
        set: &Set,
        filter: &Filter,
        cursor: Option<&Cursor>,
        limit: usize,
    ) -> StoreResult<Looked> {
        // An empty cursor stands for the start, where what was looked at is gone.
        let after = cursor.map(|cursor| cursor.0.as_str()).filter(|mark| !mark.is_empty());
        match set {
            Set::Queue(queue) => self.look_at_queue(op, queue.as_str(), filter, after, limit).await,
            Set::Busy => self.look_at_busy(op, filter, after, limit).await,
            set => match keys::sorted(set) {
                Some(sorted) => self.look_at_sorted(op, sorted, filter, after, limit).await,
                None => Err(StoreError::new(op, ErrorKind::Unsupported, "this set is not known here")),
            },
        }
    }

    async fn look_at_busy(
        &self,
        op: &'static str,
        filter: &Filter,
        after: Option<&str>,
        limit: usize,
    ) -> StoreResult<Looked> {
        let order = |seen: &Seen| match &seen.spot {
            Spot::Busy { holder, number, since, .. } => (since.as_unix_micros(), *number, holder.clone()),
            _ => (0, 0, String::new()),
        };
        let mut busy: Vec<_> = self.in_flight(op).await?.into_iter().map(|seen| (order(&seen), seen)).collect();
        busy.sort_by(|a, b| a.0.cmp(&b.0));
        let start = match after {
            None => 0,
            Some(mark) => {
                let last = read_mark(op, mark, |parts| {
                    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?, parts.next()?.to_owned()))
                })?;
                busy.partition_point(|(order, _)| *order <= last)
            }
        };
        let mut looked = Looked::default();
        for ((since, number, holder), seen) in busy.into_iter().skip(start) {
            if looked.is_full(limit) {
                looked.more = true;
                break;
            }
            looked.look(filter, format!("{since}|{number}|{holder}"), seen);
        }
        Ok(looked)
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
