//! Adding jobs that only go to the back of a queue, as nearly all do: many in a statement, and nothing looked for before.
//!
//! Whether the row that a jid names is free shows when it is taken.

use std::sync::LazyLock;

use rusqlite::ffi;
use sancho_core::{End, NewJob, Place, Pushed, QueueName, Timestamp};

use crate::failure::Made;
use crate::row::ENQUEUED;
use crate::rows::{Insert, pieces};
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
    /// Adds jobs to the back of the queue that all of them name, and appends the answers.
    pub(super) fn push_straight(
        &mut self,
        jobs: &[NewJob],
        name: &QueueName,
        now: Timestamp,
        answers: &mut Vec<Pushed>,
    ) -> Made<()> {
        let queue = self.queue_id(name)?;
        for piece in pieces(jobs) {
            if self.push_piece(piece, queue, now)? {
                self.make_known(queue, name)?;
                answers.resize(answers.len() + piece.len(), Pushed::Added);
                continue;
            }
            for job in piece {
                answers.push(self.push_one(job, now)?);
            }
        }
        Ok(())
    }

    /// Adds one piece. Answers `false`, and has done nothing, if there may be a job with the jid of one of them, or if
    /// another job has its row.
    fn push_piece(&mut self, piece: &[NewJob], queue: i64, now: Timestamp) -> Made<bool> {
        let first = self.next_backs(queue, piece.len())?;
        let mut jobs = self.sql(INSERT_JOBS.of(piece))?;
        jobs.raw_bind_parameter(1, queue)?;
        jobs.raw_bind_parameter(2, now.as_unix_micros())?;
        jobs.raw_bind_parameter(3, first)?;
        let mut ready = self.sql(INSERT_READY.of(piece))?;
        ready.raw_bind_parameter(1, queue)?;
        ready.raw_bind_parameter(2, first)?;
        for (row, job) in piece.iter().enumerate() {
            let Some(id) = job.jid.time_prefix() else { return Ok(false) };
            if self.find_foreign(&job.jid)?.is_some() {
                return Ok(false);
            }
            jobs.raw_bind_parameter(4 + 3 * row, id)?;
            jobs.raw_bind_parameter(5 + 3 * row, job.jid.as_str())?;
            jobs.raw_bind_parameter(6 + 3 * row, job.payload.as_bytes())?;
            ready.raw_bind_parameter(3 + row, id)?;
        }
        match jobs.raw_execute() {
            Ok(_) => {}
            // SQLite has undone the whole statement, and no more than that.
            Err(error) if is_taken(&error) => return Ok(false),
            Err(error) => return Err(error.into()),
        }
        ready.raw_execute()?;
        Ok(true)
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
