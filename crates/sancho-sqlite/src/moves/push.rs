//! Adding jobs: repeats, keys and conflicts.

use rusqlite::OptionalExtension;
use sancho_core::{ErrorKind, NewJob, OnConflict, Place, Pushed, State, Timestamp, limits};

use super::push_straight::only_queue;
use crate::failure::{Failure, Made};
use crate::row::Spot;
use crate::unit::Unit;

/// Remembered batches that each push forgets when they are too old, so that they go as fast as they come.
const BATCHES_FORGOTTEN: i64 = 4;

/// What the head of a jid names.
enum Head {
    /// A row that is free.
    Free(i64),
    /// The row of a job with this very jid.
    Same,
    /// No row, or that of another job.
    Taken,
}

impl Unit<'_> {
    /// As [`Store::push`](sancho_core::Store::push).
    pub(crate) fn push(&mut self, jobs: &[NewJob], now: Timestamp) -> Made<Vec<Pushed>> {
        if jobs.len() > limits::JOBS_PER_PUSH_MAX {
            let said = format!("a push has at most {} jobs: split the batch", limits::JOBS_PER_PUSH_MAX);
            return Err(Failure::Said(ErrorKind::Invalid, said));
        }
        let Some(first) = jobs.first() else { return Ok(Vec::new()) };
        if !self.remember_batch(first.jid.as_str(), now)? {
            return Ok(vec![Pushed::Repeated; jobs.len()]);
        }
        self.fronts.room = i64::try_from(jobs.len()).expect("a push has few jobs");
        let mut answers = Vec::with_capacity(jobs.len());
        let mut rest = jobs;
        while let Some(next) = rest.first() {
            let Some(queue) = only_queue(next) else {
                answers.push(self.push_one(next, now)?);
                rest = &rest[1..];
                continue;
            };
            let end = rest.iter().position(|job| only_queue(job) != Some(queue)).unwrap_or(rest.len());
            let (same, others) = rest.split_at(end);
            self.push_straight(same, queue, now, &mut answers)?;
            rest = others;
        }
        Ok(answers)
    }

    /// Whether a batch is new; it is known from now on.
    fn remember_batch(&mut self, jid: &str, now: Timestamp) -> Made<bool> {
        let name = batch_name(jid);
        let bucket = bucket(now);
        let mut find = self.sql("SELECT at FROM sancho_batches WHERE bucket = ?1 AND jid = ?2")?;
        for bucket in [bucket, bucket - 1, bucket + 1] {
            let at: Option<i64> = find.query_row((bucket, &name), |row| row.get(0)).optional()?;
            if at.is_some_and(|at| now.since(Timestamp::from_unix_micros(at)) <= limits::PUSH_REPEAT) {
                return Ok(false);
            }
        }
        self.forget_batches(BATCHES_FORGOTTEN, now)?;
        self.sql("INSERT OR REPLACE INTO sancho_batches (bucket, jid, at) VALUES (?1, ?2, ?3)")?.execute((
            bucket,
            &name,
            now.as_unix_micros(),
        ))?;
        Ok(true)
    }

    /// Forgets batches that are too old to be repeated, at most `limit`.
    pub(crate) fn forget_batches(&mut self, limit: i64, now: Timestamp) -> Made<()> {
        // As a rule there is none; asking is far cheaper than a deletion that finds nothing to delete.
        if !self.sql("SELECT 1 FROM sancho_batches WHERE bucket < ?1 LIMIT 1")?.exists([bucket(now) - 1])? {
            return Ok(());
        }
        self.sql(
            "DELETE FROM sancho_batches WHERE (bucket, jid) IN \
             (SELECT bucket, jid FROM sancho_batches WHERE bucket < ?1 LIMIT ?2)",
        )?
        .execute((bucket(now) - 1, limit))?;
        Ok(())
    }

    /// Adds one job, without regard to its batch.
    pub(crate) fn push_one(&mut self, new: &NewJob, now: Timestamp) -> Made<Pushed> {
        let head = match self.head_of(new)? {
            Head::Same => return Ok(Pushed::Repeated),
            Head::Free(id) => Some(id),
            Head::Taken => None,
        };
        if self.find_foreign(&new.jid)?.is_some() {
            return Ok(Pushed::Repeated);
        }
        let answer = match self.free_key(new)? {
            Ok(answer) => answer,
            Err(answer) => return Ok(answer),
        };
        if new.place == Place::Gone {
            return Ok(answer);
        }
        let id = match head {
            Some(id) => id,
            None => self.foreign_id(new)?,
        };
        let spot = self.enter(id, &new.place, new.payload.as_bytes(), None, now)?;
        if let Some(spot) = spot {
            self.insert(id, new, spot)?;
        }
        Ok(answer)
    }

    fn insert(&mut self, id: i64, new: &NewJob, spot: Spot) -> Made<()> {
        let key = new.key.as_ref().map(|key| key.as_str());
        let (held, lapsed) = if new.place == Place::Dead { (None, key) } else { (key, None) };
        self.sql(
            "INSERT INTO sancho_jobs (id, jid, state, queue, ord, at, key, lapsed_key, payload) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        )?
        .execute((
            id,
            new.jid.as_str(),
            spot.state,
            spot.queue,
            spot.ord,
            spot.at,
            held,
            lapsed,
            new.payload.as_bytes(),
        ))?;
        Ok(())
    }

    /// Whether the row that the head of a new job's jid names is free: then no index of jids is needed.
    fn head_of(&mut self, new: &NewJob) -> Made<Head> {
        let Some(id) = new.jid.time_prefix() else { return Ok(Head::Taken) };
        let mut find = self.sql("SELECT jid = ?2 FROM sancho_jobs WHERE id = ?1")?;
        let same: Option<bool> = find.query_row((id, new.jid.as_str()), |row| row.get(0)).optional()?;
        Ok(match same {
            None => Head::Free(id),
            Some(true) => Head::Same,
            Some(false) => Head::Taken,
        })
    }

    /// A row number for a job whose jid names none that is free.
    fn foreign_id(&mut self, new: &NewJob) -> Made<i64> {
        let last: Option<i64> =
            self.sql("SELECT max(id) FROM sancho_jobs WHERE id < 0")?.query_row([], |row| row.get(0))?;
        let id = last.map_or(i64::MIN, |last| last + 1);
        self.sql("INSERT INTO sancho_foreign_jids (jid, id) VALUES (?1, ?2)")?.execute((new.jid.as_str(), id))?;
        self.has_foreign_jids = Some(true);
        Ok(id)
    }

    /// Frees the key of a new job, as it asks: `Ok` with the answer for a job that is to be added, `Err` with
    /// the answer for one that is not.
    fn free_key(&mut self, new: &NewJob) -> Made<Result<Pushed, Pushed>> {
        let Some(key) = new.key.as_ref().filter(|_| !matches!(new.place, Place::Gone | Place::Dead)) else {
            return Ok(Ok(Pushed::Added));
        };
        let Some(id) = self.find_key(key)? else { return Ok(Ok(Pushed::Added)) };
        let Some(holder) = self.job(id)? else { return Ok(Ok(Pushed::Added)) };
        let state = holder.state()?;
        let jid = holder.jid.clone();
        if state == State::Busy && new.pushed_by.as_ref() == Some(&jid) {
            self.sql("UPDATE sancho_jobs SET key = NULL WHERE id = ?1")?.execute([id])?;
            return Ok(Ok(Pushed::Added));
        }
        Ok(match new.on_conflict {
            OnConflict::Keep => Err(Pushed::Kept { holder: jid, state }),
            OnConflict::Replace if state != State::Busy => {
                self.remove(&holder)?;
                Ok(Pushed::Replaced { holder: jid })
            }
            _ => Err(Pushed::Refused { holder: jid, state }),
        })
    }
}

/// The time of a push in units of the span within which it may be repeated.
fn bucket(now: Timestamp) -> i64 {
    let span = i64::try_from(limits::PUSH_REPEAT.as_micros()).expect("minutes fit");
    now.as_unix_micros().div_euclid(span)
}

/// What a batch is remembered by: the jid, in half the bytes where it is all hex.
fn batch_name(jid: &str) -> Vec<u8> {
    let digit = |byte: &u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    let digits: Option<Vec<u8>> = jid.as_bytes().iter().map(digit).collect();
    match digits {
        // Texts are told apart by a byte in front that no time of this age begins with.
        Some(digits) if digits.len() == 24 => digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect(),
        _ => std::iter::once(b'=').chain(jid.bytes()).collect(),
    }
}
