//! Looking: totals, queues, pages, processes.

use std::time::Duration;

use super::jobs::{JobId, Shelf};
use super::{Met, Model};
use crate::inspect::{About, DayStats, Paused, ProcessRow};
use crate::{
    Cursor, Direction, ErrorKind, Filter, Invalid, Jid, JobRow, Key, Page, QueueName, QueueRow, Set, State, Stats,
    StoreError, StoreResult, Timestamp, UnknownClass, limits,
};

impl Model {
    /// As [`Inspect::stats`](crate::Inspect::stats).
    pub fn stats(&self, now: Timestamp) -> Stats {
        let mut stats = Stats { processed: self.processed, failed: self.failed, ..Stats::default() };
        for job in self.jobs.iter() {
            let count = match job.state() {
                State::Enqueued => &mut stats.enqueued,
                State::Busy => &mut stats.busy,
                State::Scheduled => &mut stats.scheduled,
                State::Retries => &mut stats.retries,
                State::Dead => &mut stats.dead,
                State::Held => &mut stats.held,
            };
            *count += 1;
        }
        stats.processes = self.processes.values().filter(|process| process.lives(now)).count() as u64;
        stats
    }

    /// As [`Inspect::history`](crate::Inspect::history).
    pub fn history(&self, days: u32, now: Timestamp) -> Vec<DayStats> {
        let day = |back: u32| {
            let unix_day = now.unix_day() - i64::from(back);
            DayStats { unix_day, ..self.days.get(&unix_day).copied().unwrap_or_default() }
        };
        (0..days).map(day).collect()
    }

    /// As [`Inspect::queues`](crate::Inspect::queues).
    pub fn queues(&self, now: Timestamp) -> Vec<QueueRow> {
        let row = |name: &QueueName| {
            let mut ids = self.jobs.shelf(Shelf::Queue(name.clone())).map(|(_, id)| id).peekable();
            let latency = ids.peek().map_or(Duration::ZERO, |id| now.since(self.jobs.get(*id).at));
            let paused = if self.paused_queues.contains(name) { Paused::Yes } else { Paused::No };
            QueueRow { name: name.clone(), size: ids.count() as u64, latency, paused }
        };
        self.queues.iter().map(row).collect()
    }

    /// As [`Inspect::page`](crate::Inspect::page).
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`] for a cursor that the store did not give, or gave in the other direction.
    pub fn page(
        &self,
        set: &Set,
        filter: &Filter,
        direction: Direction,
        cursor: Option<&Cursor>,
        limit: usize,
    ) -> StoreResult<Page> {
        let (ids, next) = self.matching(set, filter, direction, cursor, limit)?;
        Ok(Page { rows: ids.into_iter().map(|id| self.jobs.get(id).row()).collect(), next })
    }

    /// The jobs of a page, and where to go on.
    pub(super) fn matching(
        &self,
        set: &Set,
        filter: &Filter,
        direction: Direction,
        cursor: Option<&Cursor>,
        limit: usize,
    ) -> StoreResult<(Vec<JobId>, Option<Cursor>)> {
        let falling = (*set == Set::Dead) != (direction == Direction::Backward);
        let mut ranks: Vec<_> = self.jobs.shelf(set.into()).collect();
        if falling {
            ranks.reverse();
        }
        let start = match cursor.map(|cursor| read_cursor(cursor, direction)).transpose()? {
            None => 0,
            Some(after) if falling => ranks.partition_point(|rank| *rank >= after),
            Some(after) => ranks.partition_point(|rank| *rank <= after),
        };
        let (mut found, mut last) = (Vec::new(), None);
        let rest = &ranks[start..];
        for rank in rest.iter().take(limits::JOBS_PER_SCAN_MAX) {
            if found.len() == limit {
                break;
            }
            last = Some(*rank);
            if filter.matches(&self.jobs.get(rank.1).payload) {
                found.push(rank.1);
            }
        }
        let write = |(rank, id): (i64, JobId)| Cursor::new(direction, format!("{rank}.{id}"));
        let next = if last == rest.last().copied() { None } else { last.map(write).or_else(|| cursor.cloned()) };
        Ok((found, next))
    }

    /// As [`Inspect::find`](crate::Inspect::find).
    pub fn find(&self, jid: &Jid) -> Option<JobRow> {
        self.jobs.by_jid(jid).map(super::jobs::Job::row)
    }

    /// As [`Inspect::find_key`](crate::Inspect::find_key).
    pub fn find_key(&self, key: &Key) -> Option<JobRow> {
        self.jobs.by_key(key).map(super::jobs::Job::row)
    }

    /// As [`Inspect::processes`](crate::Inspect::processes).
    pub fn processes(&self, now: Timestamp) -> Vec<ProcessRow> {
        let living = self.processes.values().filter(|process| process.lives(now));
        let row = |process: &super::Process| ProcessRow {
            info: process.info.clone(),
            beat_at: process.beat_at,
            quiet: process.quiet,
            busy: process.running,
            rss_bytes: process.rss_bytes,
            round_trip: process.round_trip,
        };
        living.map(row).collect()
    }

    /// As [`Inspect::unknown_classes`](crate::Inspect::unknown_classes).
    pub fn unknown_classes(&self, now: Timestamp) -> Vec<UnknownClass> {
        let kept = self.unknown_classes.iter().filter(|(_, met)| now.since(met.last) <= limits::UNKNOWN_CLASS_FORGET);
        let told = kept.take(limits::UNKNOWN_CLASSES_TOLD_MAX);
        let row = |((class, queue), met): (&(String, QueueName), &Met)| UnknownClass {
            class: class.clone(),
            queue: queue.clone(),
            since: met.first,
            last: met.last,
        };
        told.map(row).collect()
    }

    /// As [`Inspect::about`](crate::Inspect::about).
    pub fn about(&self) -> About {
        About {
            kind: "model",
            version: env!("CARGO_PKG_VERSION").to_owned(),
            place: "memory".to_owned(),
            bytes: self.jobs.iter().map(|job| job.payload.as_bytes().len() as u64).sum(),
        }
    }
}

fn read_cursor(cursor: &Cursor, direction: Direction) -> StoreResult<(i64, JobId)> {
    let invalid = |invalid| StoreError::new("page", ErrorKind::Invalid, invalid);
    let mark = cursor.mark(direction).map_err(invalid)?;
    let parts = mark.split_once('.');
    let rank = parts.and_then(|(rank, id)| Some((rank.parse().ok()?, id.parse().ok()?)));
    rank.ok_or_else(|| invalid(Invalid::new(format!("no such cursor: {:?}", cursor.0))))
}
