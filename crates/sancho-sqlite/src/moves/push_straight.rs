//! Adding jobs that only go to the back of a queue, as nearly all do: many in a statement, and nothing looked for before.
//!
//! Whether the row that a jid names is free shows when it is taken.

use std::sync::LazyLock;

use rusqlite::ffi;
use sancho_core::{End, NewJob, Place, QueueName, Timestamp};

use crate::failure::Made;
use crate::row::ENQUEUED;
use crate::rows::Insert;
use crate::unit::Unit;

/// Adds the rows of jobs. Input: 1 queue, 2 since when, 3 rank of the first; of each job its id, jid and payload.
static INSERT_JOBS: LazyLock<Insert> = LazyLock::new(|| {
    Insert::new("sancho_jobs (id, jid, state, queue, ord, at, payload)", |row| {
        let [id, jid, payload] = [0, 1, 2].map(|column| 4 + 3 * row + column);
        format!("(?{id}, ?{jid}, {ENQUEUED}, ?1, ?3 + {row}, ?2, ?{payload})")
    })
});

/// Brings jobs to their queue. Input: 1 queue, 2 rank of the first; of each job its id.
static INSERT_READY: LazyLock<Insert> =
    LazyLock::new(|| Insert::new("sancho_ready (queue, ord, id)", |row| format!("(?1, ?2 + {row}, ?{})", 3 + row)));

impl Unit<'_> {
    /// Adds a piece of a batch to the back of its queue. Answers `false`, and has done nothing, if there may be a job
    /// with the jid of one of them, or if another job has its row.
    pub(super) fn push_straight(&mut self, piece: &[NewJob], name: &QueueName, now: Timestamp) -> Made<bool> {
        let mut ids = Vec::with_capacity(piece.len());
        for job in piece {
            match job.jid.time_prefix() {
                Some(prefix) if self.find_foreign(&job.jid)?.is_none() => ids.push(prefix),
                _ => return Ok(false),
            }
        }
        let queue = self.queue_id(name)?;
        let first = self.next_backs(queue, ids.len())?;
        if !self.insert_jobs(piece, &ids, (queue, first), now)? {
            return Ok(false);
        }
        let mut insert = self.sql(INSERT_READY.of(&ids))?;
        insert.raw_bind_parameter(1, queue)?;
        insert.raw_bind_parameter(2, first)?;
        for (row, id) in ids.iter().enumerate() {
            insert.raw_bind_parameter(3 + row, id)?;
        }
        insert.raw_execute()?;
        self.make_known(queue, name)?;
        Ok(true)
    }

    /// Whether the rows of all jobs were free, and are theirs now. `at` is the queue, and the rank of the first.
    fn insert_jobs(&self, piece: &[NewJob], ids: &[i64], at: (i64, i64), now: Timestamp) -> Made<bool> {
        let mut insert = self.sql(INSERT_JOBS.of(ids))?;
        insert.raw_bind_parameter(1, at.0)?;
        insert.raw_bind_parameter(2, now.as_unix_micros())?;
        insert.raw_bind_parameter(3, at.1)?;
        let mut parameter = 4;
        for (job, id) in piece.iter().zip(ids) {
            insert.raw_bind_parameter(parameter, id)?;
            insert.raw_bind_parameter(parameter + 1, job.jid.as_str())?;
            insert.raw_bind_parameter(parameter + 2, job.payload.as_bytes())?;
            parameter += 3;
        }
        match insert.raw_execute() {
            Ok(_) => Ok(true),
            // SQLite has undone the whole statement, and no more than that.
            Err(error) if is_taken(&error) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }
}

/// The queue to whose back a job goes, if that is all that it asks for.
pub(super) fn only_queue(job: &NewJob) -> Option<&QueueName> {
    match &job.place {
        Place::Queue { queue, end: End::Back } if job.key.is_none() => Some(queue),
        _ => None,
    }
}

/// Whether a job could not be added because another has its row.
fn is_taken(error: &rusqlite::Error) -> bool {
    error.sqlite_extended_error_code() == Some(ffi::SQLITE_CONSTRAINT_PRIMARYKEY)
}
