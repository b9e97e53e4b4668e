//! Moves at work: their connection, inside a transaction, and what they will have changed when that commits.

use std::collections::{BTreeMap, HashMap, HashSet};

use rusqlite::{CachedStatement, Connection};
use sancho_core::{QueueName, Tally, Timestamp};

use crate::failure::Made;
use crate::wake::Rings;

/// Moves inside a transaction that somebody else begins and ends. What it remembers of the file holds until then: nobody
/// else writes meanwhile. When one of its moves is undone, it goes too.
pub(crate) struct Unit<'c> {
    pub(crate) connection: &'c Connection,
    pub(crate) changes: Changes,
    pub(crate) fronts: Fronts,
    pub(crate) names: HashMap<i64, QueueName>,
    pub(crate) queues: HashMap<QueueName, i64>,
    /// The last ord that was given at the back of each queue.
    pub(crate) backs: HashMap<i64, i64>,
    /// Queues that are known by now.
    pub(crate) known: HashSet<i64>,
    pub(crate) has_checkpoints: Option<bool>,
    pub(crate) has_foreign_jids: Option<bool>,
}

/// What becomes true when the transaction commits.
#[derive(Debug, Default)]
pub(crate) struct Changes {
    pub(crate) rings: Rings,
    /// The earliest time at which a job was put to wait.
    pub(crate) due_at: Option<i64>,
    /// When the next job is due, if the move has looked.
    pub(crate) next_due: Option<Option<i64>>,
    /// Processed and failed, by day.
    tally: BTreeMap<i64, (u32, u32)>,
}

/// Room at the front of each queue for the jobs of one call, of which the first runs first.
#[derive(Debug, Default)]
pub(crate) struct Fronts {
    /// How many jobs one call can bring to a front.
    pub(crate) room: i64,
    /// The next ord in each queue.
    pub(crate) next: HashMap<i64, i64>,
}

impl<'c> Unit<'c> {
    pub(crate) fn new(connection: &'c Connection) -> Self {
        Unit {
            connection,
            changes: Changes::default(),
            fronts: Fronts::default(),
            names: HashMap::new(),
            queues: HashMap::new(),
            backs: HashMap::new(),
            known: HashSet::new(),
            has_checkpoints: None,
            has_foreign_jids: None,
        }
    }

    /// Ends a move, so that the next can begin: what the move has changed.
    pub(crate) fn end_move(&mut self) -> Changes {
        self.fronts = Fronts::default();
        std::mem::take(&mut self.changes)
    }

    /// A statement, kept prepared by its connection.
    pub(crate) fn sql(&self, text: &str) -> rusqlite::Result<CachedStatement<'c>> {
        self.connection.prepare_cached(text)
    }

    pub(crate) fn count(&mut self, tally: Tally, now: Timestamp) {
        if tally.processed != 0 || tally.failed != 0 {
            let (processed, failed) = self.changes.tally.entry(now.unix_day()).or_default();
            *processed += u32::from(tally.processed);
            *failed += u32::from(tally.failed);
        }
    }
}

impl Changes {
    pub(crate) fn merge(&mut self, other: Changes) {
        self.rings.merge(other.rings);
        self.due_at = self.due_at.into_iter().chain(other.due_at).min();
        self.next_due = other.next_due.or(self.next_due);
        for (day, (processed, failed)) in other.tally {
            let sum = self.tally.entry(day).or_default();
            sum.0 += processed;
            sum.1 += failed;
        }
    }

    /// Writes the counters: once for a group, in the transaction of what they count.
    pub(crate) fn write_tally(&self, connection: &Connection) -> Made<()> {
        for (day, (processed, failed)) in &self.tally {
            connection
                .prepare_cached("UPDATE sancho_totals SET processed = processed + ?1, failed = failed + ?2")?
                .execute((processed, failed))?;
            connection
                .prepare_cached(
                    "INSERT INTO sancho_days (day, processed, failed) VALUES (?1, ?2, ?3) \
                     ON CONFLICT (day) DO UPDATE SET processed = processed + ?2, failed = failed + ?3",
                )?
                .execute((day, processed, failed))?;
        }
        Ok(())
    }
}
