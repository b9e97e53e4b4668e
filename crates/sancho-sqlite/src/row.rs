//! The rows of a job: the only place that knows how its columns say where it is.

use rusqlite::types::{Type, ValueRef};
use rusqlite::{OptionalExtension, Row};
use sancho_core::inspect::JobRow;
use sancho_core::{Checkpointed, End, ErrorKind, Incarnation, Jid, Key, Payload, Place, QueueName, State, Timestamp};

use crate::failure::{Failure, Made};
use crate::unit::Unit;

pub(crate) const ENQUEUED: i64 = 0;
pub(crate) const SCHEDULED: i64 = 2;
pub(crate) const RETRIES: i64 = 3;
pub(crate) const DEAD: i64 = 4;
pub(crate) const HELD: i64 = 5;

/// Where a job is that nobody runs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Spot {
    pub(crate) state: i64,
    /// The queue that it is in, will go to, or came from.
    pub(crate) queue: i64,
    /// Its rank in its queue; zero elsewhere.
    pub(crate) ord: i64,
    pub(crate) at: i64,
}

/// One job, read whole.
#[derive(Debug)]
pub(crate) struct Job {
    pub(crate) id: i64,
    pub(crate) jid: Jid,
    pub(crate) key: Option<Key>,
    pub(crate) lapsed_key: Option<Key>,
    pub(crate) payload: Payload,
    /// Where it is, or, if it is busy, where it was.
    pub(crate) spot: Spot,
    pub(crate) held: Option<String>,
    pub(crate) busy: Option<Busy>,
}

/// Who runs a job.
#[derive(Debug)]
pub(crate) struct Busy {
    incarnation: Incarnation,
    queue: i64,
    at: i64,
}

impl Job {
    pub(crate) fn state(&self) -> Made<State> {
        if self.busy.is_some() {
            return Ok(State::Busy);
        }
        state_of(self.spot.state)
    }
}

fn state_of(number: i64) -> Made<State> {
    Ok(match number {
        ENQUEUED => State::Enqueued,
        SCHEDULED => State::Scheduled,
        RETRIES => State::Retries,
        DEAD => State::Dead,
        HELD => State::Held,
        other => return Err(Failure::Said(ErrorKind::Corrupt, format!("no state has the number {other}"))),
    })
}

/// The queue that a payload names, if it can be read and names a valid one.
pub(crate) fn named_queue(payload: &[u8]) -> Option<QueueName> {
    Payload::from_bytes(payload).envelope().ok()?.queue()
}

/// The bytes of a payload: whatever somebody put there by hand, no queue is to wait behind it.
pub(crate) fn payload_of(row: &Row<'_>, index: usize) -> rusqlite::Result<Payload> {
    Ok(match row.get_ref(index)? {
        ValueRef::Blob(bytes) | ValueRef::Text(bytes) => Payload::from_bytes(bytes),
        ValueRef::Integer(number) => Payload::from_bytes(number.to_string().into_bytes()),
        ValueRef::Real(number) => Payload::from_bytes(number.to_string().into_bytes()),
        ValueRef::Null => Payload::from_bytes(Vec::new()),
    })
}

/// Erases a job's own row.
pub(crate) const ERASE: &str = "DELETE FROM sancho_jobs WHERE id = ?1";

impl Unit<'_> {
    /// The number of a queue, given to it when it is first spoken of.
    pub(crate) fn queue_id(&mut self, name: &QueueName) -> Made<i64> {
        if let Some(id) = self.queues.get(name) {
            return Ok(*id);
        }
        let id = match self.find_queue(name)? {
            Some(id) => id,
            None => self.sql("INSERT INTO sancho_queues (name) VALUES (?1)")?.insert([name.as_str()])?,
        };
        self.queues.insert(name.clone(), id);
        Ok(id)
    }

    /// The number of a queue, if it was ever spoken of.
    pub(crate) fn find_queue(&self, name: &QueueName) -> Made<Option<i64>> {
        let mut find = self.sql("SELECT id FROM sancho_queues WHERE name = ?1")?;
        Ok(find.query_row([name.as_str()], |row| row.get(0)).optional()?)
    }

    /// The name of a queue.
    pub(crate) fn queue_name(&mut self, id: i64) -> Made<QueueName> {
        if let Some(name) = self.names.get(&id) {
            return Ok(name.clone());
        }
        let text: Option<String> =
            self.sql("SELECT name FROM sancho_queues WHERE id = ?1")?.query_row([id], |row| row.get(0)).optional()?;
        let name = text.and_then(|text| QueueName::new(text).ok());
        let name = name.ok_or_else(|| Failure::Said(ErrorKind::Corrupt, format!("no queue has the number {id}")))?;
        self.names.insert(id, name.clone());
        Ok(name)
    }

    /// Writes the small row of a job's next place, and answers with its spot, which the caller records in the
    /// job's own row or beside it; `None` for a job that is to go.
    ///
    /// `queue` is the queue that the job is of so far.
    pub(crate) fn enter(
        &mut self,
        id: i64,
        place: &Place,
        payload: &[u8],
        queue: Option<i64>,
        now: Timestamp,
    ) -> Made<Option<Spot>> {
        let at_now = now.as_unix_micros();
        let (state, at, reason) = match place {
            Place::Gone => return Ok(None),
            Place::Queue { queue, end } => return self.enter_queue(id, queue, *end, at_now).map(Some),
            Place::Scheduled { at } => (SCHEDULED, at.as_unix_micros(), None),
            Place::Retries { at } => (RETRIES, at.as_unix_micros(), None),
            Place::Dead => (DEAD, at_now, None),
            Place::Held { reason } => (HELD, at_now, Some(reason.as_str())),
        };
        let waits = matches!(state, SCHEDULED | RETRIES);
        let named = match waits || queue.is_none() {
            true => named_queue(payload).map(|name| self.queue_id(&name)).transpose()?,
            false => None,
        };
        let of = if waits { named.or(queue) } else { queue.or(named) };
        let queue = match of {
            Some(queue) => queue,
            None => self.queue_id(&QueueName::default())?,
        };
        self.sql("INSERT INTO sancho_waiting (state, at, id, queue, reason) VALUES (?1, ?2, ?3, ?4, ?5)")?
            .execute((state, at, id, named, reason))?;
        if waits {
            self.changes.due_at = Some(self.changes.due_at.map_or(at, |earlier| earlier.min(at)));
        }
        Ok(Some(Spot { state, queue, ord: 0, at }))
    }

    fn enter_queue(&mut self, id: i64, name: &QueueName, end: End, at: i64) -> Made<Spot> {
        let queue = self.queue_id(name)?;
        let ord = match end {
            End::Front => self.next_front(queue)?,
            End::Back => self.next_backs(queue, 1)?,
        };
        self.sql("INSERT INTO sancho_ready (queue, ord, id) VALUES (?1, ?2, ?3)")?.execute((queue, ord, id))?;
        self.make_known(queue, name)?;
        Ok(Spot { state: ENQUEUED, queue, ord, at })
    }

    /// A queue that a job has come to is known, and whoever waits for it is told.
    pub(crate) fn make_known(&mut self, queue: i64, name: &QueueName) -> Made<()> {
        if self.known.insert(queue) {
            self.sql("UPDATE sancho_queues SET known = 1 WHERE id = ?1 AND known = 0")?.execute([queue])?;
        }
        if !self.changes.rings.ready.contains(name) {
            self.changes.rings.ready.insert(name.clone());
        }
        Ok(())
    }

    /// The first of so many ranks at the back of a queue, which are given away with that.
    pub(crate) fn next_backs(&mut self, queue: i64, jobs: usize) -> Made<i64> {
        let last = match self.backs.get(&queue) {
            Some(last) => *last,
            None => self
                .sql("SELECT max(ord) FROM sancho_ready WHERE queue = ?1")?
                .query_row([queue], |row| row.get::<_, Option<i64>>(0))?
                .unwrap_or(0),
        };
        self.backs.insert(queue, i64::try_from(jobs).ok().and_then(|jobs| last.checked_add(jobs)).ok_or_else(no_room)?);
        Ok(last + 1)
    }

    fn next_front(&mut self, queue: i64) -> Made<i64> {
        let next = match self.fronts.next.get(&queue) {
            Some(next) => *next,
            None => {
                let first: Option<i64> = self
                    .sql("SELECT min(ord) FROM sancho_ready WHERE queue = ?1")?
                    .query_row([queue], |row| row.get(0))?;
                if first.is_none() {
                    // What comes to the back meanwhile keeps out of the room at the front, though no job stands there yet.
                    let back = self.backs.entry(queue).or_insert(0);
                    *back = 0.max(*back);
                }
                first.unwrap_or(0).checked_sub(self.fronts.room).ok_or_else(no_room)?
            }
        };
        self.fronts.next.insert(queue, next.checked_add(1).ok_or_else(no_room)?);
        Ok(next)
    }

    /// Takes a job out of the small table that it is in.
    pub(crate) fn leave(&mut self, id: i64, spot: Spot) -> Made<()> {
        if spot.state == ENQUEUED {
            self.sql("DELETE FROM sancho_ready WHERE queue = ?1 AND ord = ?2")?.execute((spot.queue, spot.ord))?;
        } else {
            self.sql("DELETE FROM sancho_waiting WHERE state = ?1 AND at = ?2 AND id = ?3")?
                .execute((spot.state, spot.at, id))?;
        }
        Ok(())
    }

    /// Records where a job is now, without touching its fat row.
    pub(crate) fn record_away(&mut self, id: i64, spot: Spot) -> Made<()> {
        self.sql("INSERT OR REPLACE INTO sancho_away (id, state, queue, ord, at) VALUES (?1, ?2, ?3, ?4, ?5)")?
            .execute((id, spot.state, spot.queue, spot.ord, spot.at))?;
        Ok(())
    }

    /// Records where a job is now in its own row, which is written anew with other bytes.
    pub(crate) fn record_home(&mut self, id: i64, spot: Spot, payload: &[u8]) -> Made<()> {
        self.sql("UPDATE sancho_jobs SET state = ?2, queue = ?3, ord = ?4, at = ?5, payload = ?6 WHERE id = ?1")?
            .execute((id, spot.state, spot.queue, spot.ord, spot.at, payload))?;
        Ok(())
    }

    pub(crate) fn forget_away(&mut self, id: i64) -> Made<()> {
        self.sql("DELETE FROM sancho_away WHERE id = ?1")?.execute([id])?;
        Ok(())
    }

    /// A job that is buried gives its key back, and remembers it.
    pub(crate) fn lapse_key(&mut self, id: i64) -> Made<()> {
        self.sql("UPDATE sancho_jobs SET lapsed_key = key, key = NULL WHERE id = ?1 AND key IS NOT NULL")?
            .execute([id])?;
        Ok(())
    }

    /// Removes a job that is in no small table any more, and all that was kept for it.
    pub(crate) fn erase(&mut self, id: i64) -> Made<()> {
        self.sql(ERASE)?.execute([id])?;
        self.erase_beside(id)
    }

    /// Erases what is kept of a job beside its own row.
    pub(crate) fn erase_beside(&mut self, id: i64) -> Made<()> {
        if self.has_checkpoints()? {
            self.sql("DELETE FROM sancho_checkpoints WHERE id = ?1")?.execute([id])?;
        }
        if id < 0 {
            self.sql("DELETE FROM sancho_foreign_jids WHERE id = ?1")?.execute([id])?;
        }
        Ok(())
    }

    pub(crate) fn has_checkpoints(&mut self) -> Made<bool> {
        if self.has_checkpoints.is_none() {
            self.has_checkpoints = Some(self.sql("SELECT 1 FROM sancho_checkpoints LIMIT 1")?.exists([])?);
        }
        Ok(self.has_checkpoints == Some(true))
    }

    pub(crate) fn checkpoint_of(&mut self, id: i64) -> Made<Option<Box<[u8]>>> {
        if !self.has_checkpoints()? {
            return Ok(None);
        }
        let bytes: Option<Vec<u8>> = self
            .sql("SELECT bytes FROM sancho_checkpoints WHERE id = ?1")?
            .query_row([id], |row| row.get(0))
            .optional()?;
        Ok(bytes.map(Vec::into_boxed_slice))
    }

    /// The row number of a job.
    pub(crate) fn find_id(&mut self, jid: &Jid) -> Made<Option<i64>> {
        if let Some(id) = jid.time_prefix() {
            let mut find = self.sql("SELECT 1 FROM sancho_jobs WHERE id = ?1 AND jid = ?2")?;
            if find.exists((id, jid.as_str()))? {
                return Ok(Some(id));
            }
        }
        self.find_foreign(jid)
    }

    /// The row number of a job whose jid does not name it by its head.
    pub(crate) fn find_foreign(&mut self, jid: &Jid) -> Made<Option<i64>> {
        if !self.has_foreign_jids()? {
            return Ok(None);
        }
        let mut find = self.sql("SELECT id FROM sancho_foreign_jids WHERE jid = ?1")?;
        Ok(find.query_row([jid.as_str()], |row| row.get(0)).optional()?)
    }

    pub(crate) fn has_foreign_jids(&mut self) -> Made<bool> {
        if self.has_foreign_jids.is_none() {
            self.has_foreign_jids = Some(self.sql("SELECT 1 FROM sancho_foreign_jids LIMIT 1")?.exists([])?);
        }
        Ok(self.has_foreign_jids == Some(true))
    }

    /// The row number of the job that holds a key.
    pub(crate) fn find_key(&mut self, key: &Key) -> Made<Option<i64>> {
        let mut find = self.sql("SELECT id FROM sancho_jobs WHERE key = ?1")?;
        Ok(find.query_row([key.as_str()], |row| row.get(0)).optional()?)
    }

    /// One job, whole.
    pub(crate) fn job(&mut self, id: i64) -> Made<Option<Job>> {
        let mut find = self.sql(include_str!("sql/job.sql"))?;
        Ok(find.query_row([id], |row| read_job(id, row)).optional()?)
    }

    /// A job as people see it.
    pub(crate) fn job_row(&mut self, job: Job) -> Made<JobRow> {
        let state = job.state()?;
        let kept = self.checkpoint_of(job.id)?.as_deref().map(Checkpointed::read).unwrap_or_default();
        let (queue, at) = job.busy.as_ref().map_or((job.spot.queue, job.spot.at), |busy| (busy.queue, busy.at));
        Ok(JobRow {
            jid: job.jid,
            state,
            queue: self.queue_name(queue)?,
            at: Some(Timestamp::from_unix_micros(at)),
            key: job.key,
            held: job.held.filter(|_| state == State::Held),
            incarnation: job.busy.map(|busy| busy.incarnation),
            kept,
            payload: job.payload,
        })
    }
}

/// A queue whose jobs are numbered up to the end of all numbers, which takes longer than there are years.
fn no_room() -> Failure {
    Failure::Said(ErrorKind::Corrupt, "a job stands at the end of all numbers: somebody moved it by hand".to_owned())
}

fn read_job(id: i64, row: &Row<'_>) -> rusqlite::Result<Job> {
    let jid: String = row.get(0)?;
    let spot = Spot { state: row.get(3)?, queue: row.get(4)?, ord: row.get(5)?, at: row.get(6)? };
    let owner: Option<String> = row.get(8)?;
    let busy = match owner {
        Some(owner) => Some(Busy { incarnation: Incarnation::new(owner), queue: row.get(9)?, at: row.get(10)? }),
        None => None,
    };
    Ok(Job {
        id,
        jid: Jid::new(jid)
            .map_err(|invalid| rusqlite::Error::FromSqlConversionFailure(0, Type::Text, Box::new(invalid)))?,
        key: row.get::<_, Option<String>>(1)?.and_then(|key| Key::new(key).ok()),
        lapsed_key: row.get::<_, Option<String>>(11)?.and_then(|key| Key::new(key).ok()),
        payload: payload_of(row, 2)?,
        spot,
        held: row.get(7)?,
        busy,
    })
}
