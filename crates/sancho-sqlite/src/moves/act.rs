//! What people do to jobs and queues.

use sancho_core::inspect::Pausable;
use sancho_core::lifecycle::{Permitted, Refusal, is_there_already, permits};
use sancho_core::{
    Action, Applied, Direction, End, ErrorKind, Jid, Place, QueueName, Selection, State, Timestamp, limits,
};

use crate::failure::{Failure, Made};
use crate::row::{ENQUEUED, Job, Spot, named_queue};
use crate::unit::Unit;

impl Unit<'_> {
    /// As [`Inspect::apply`](sancho_core::Inspect::apply).
    pub(crate) fn apply(
        &mut self,
        action: &Action,
        selection: &Selection,
        limit: usize,
        now: Timestamp,
    ) -> Made<Applied> {
        let (ids, next) = match selection {
            Selection::Jid(jid) => (self.find_id(jid)?.into_iter().collect(), None),
            Selection::Key(key) => (self.find_key(key)?.into_iter().collect(), None),
            Selection::All { set, filter, after } => {
                self.matching(set, filter, Direction::Forward, after.as_ref(), limit)?
            }
            _ => return Err(Failure::Said(ErrorKind::Unsupported, "no such selection".to_owned())),
        };
        let mut applied = Applied { next, ..Applied::default() };
        for id in ids {
            let Some(job) = self.job(id)? else { continue };
            let at = Some(Timestamp::from_unix_micros(job.spot.at));
            if matches!(selection, Selection::All { .. }) && is_there_already(job.state()?, at, action) {
                continue;
            }
            match self.act(&job, action, now)? {
                Ok(()) => applied.done += 1,
                Err(refusal) => applied.refused.push((job.jid, refusal)),
            }
        }
        Ok(applied)
    }

    fn act(&mut self, job: &Job, action: &Action, now: Timestamp) -> Made<Result<(), Refusal>> {
        let state = job.state()?;
        let permitted = match permits(state, action) {
            Ok(permitted) => permitted,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let place = match permitted {
            Permitted::Enqueue => {
                if let Some(holder) = self.other_holder(job)? {
                    return Ok(Err(Refusal::KeyTaken { holder }));
                }
                let queue = match named_queue(job.payload.as_bytes()) {
                    Some(queue) => queue,
                    None => self.queue_name(job.spot.queue)?,
                };
                Place::Queue { queue, end: End::Back }
            }
            Permitted::Bury => Place::Dead,
            Permitted::Remove => {
                self.remove(job)?;
                return Ok(Ok(()));
            }
            Permitted::Wait { at } if state == State::Retries => Place::Retries { at },
            Permitted::Wait { at } => Place::Scheduled { at },
        };
        self.leave(job.id, job.spot)?;
        if let Some(spot) = self.enter(job.id, &place, job.payload.as_bytes(), Some(job.spot.queue), now)? {
            self.record_away(job.id, spot)?;
        }
        match &job.lapsed_key {
            _ if place == Place::Dead => self.lapse_key(job.id)?,
            Some(_) => self.take_key_again(job.id)?,
            None => {}
        }
        Ok(Ok(()))
    }

    /// The job that has taken the key of a dead one meanwhile.
    fn other_holder(&mut self, job: &Job) -> Made<Option<Jid>> {
        let Some(key) = &job.lapsed_key else { return Ok(None) };
        let Some(id) = self.find_key(key)? else { return Ok(None) };
        Ok(self.job(id)?.map(|holder| holder.jid))
    }

    fn take_key_again(&mut self, id: i64) -> Made<()> {
        self.sql("UPDATE sancho_jobs SET key = lapsed_key, lapsed_key = NULL WHERE id = ?1")?.execute([id])?;
        Ok(())
    }

    /// Removes a job that nobody runs.
    pub(crate) fn remove(&mut self, job: &Job) -> Made<()> {
        self.leave(job.id, job.spot)?;
        self.forget_away(job.id)?;
        self.erase(job.id)
    }

    /// As [`Inspect::pause`](sancho_core::Inspect::pause).
    pub(crate) fn pause(&mut self, what: &Pausable) -> Made<()> {
        match what {
            Pausable::Queue(queue) => {
                let id = self.queue_id(queue)?;
                self.sql("UPDATE sancho_queues SET paused = 1 WHERE id = ?1")?.execute([id])?;
            }
            Pausable::Class(class) => {
                self.sql("INSERT OR IGNORE INTO sancho_paused_classes (class) VALUES (?1)")?.execute([class])?;
            }
            _ => return Err(Failure::Said(ErrorKind::Unsupported, "this cannot be paused".to_owned())),
        }
        Ok(())
    }

    /// As [`Inspect::resume`](sancho_core::Inspect::resume).
    pub(crate) fn resume(&mut self, what: &Pausable) -> Made<()> {
        match what {
            Pausable::Queue(queue) => {
                self.sql("UPDATE sancho_queues SET paused = 0 WHERE name = ?1")?.execute([queue.as_str()])?;
                self.changes.rings.ready.insert(queue.clone());
            }
            Pausable::Class(class) => {
                self.sql("DELETE FROM sancho_paused_classes WHERE class = ?1")?.execute([class])?;
            }
            _ => return Err(Failure::Said(ErrorKind::Unsupported, "this cannot be resumed".to_owned())),
        }
        Ok(())
    }

    /// As [`Inspect::paused`](sancho_core::Inspect::paused).
    pub(crate) fn paused(&self) -> Made<Vec<Pausable>> {
        let mut find = self.sql("SELECT name FROM sancho_queues WHERE paused = 1 ORDER BY name")?;
        let names: Vec<String> = find.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
        let queues = names.into_iter().filter_map(|name| QueueName::new(name).ok()).map(Pausable::Queue);
        Ok(queues.chain(self.paused_classes()?.into_iter().map(Pausable::Class)).collect())
    }

    /// As [`Inspect::clear`](sancho_core::Inspect::clear).
    pub(crate) fn clear(&mut self, queue: &QueueName, limit: usize) -> Made<usize> {
        let Some(queue) = self.find_queue(queue)? else { return Ok(0) };
        let most = i64::try_from(limit.min(limits::JOBS_PER_SCAN_MAX)).expect("a scan is bounded");
        let mut find = self.sql("SELECT ord, id FROM sancho_ready WHERE queue = ?1 ORDER BY ord LIMIT ?2")?;
        let rows = find.query_map((queue, most), |row| Ok((row.get(0)?, row.get(1)?)))?;
        let jobs: Vec<(i64, i64)> = rows.collect::<Result<_, _>>()?;
        for (ord, id) in &jobs {
            self.leave(*id, Spot { state: ENQUEUED, queue, ord: *ord, at: 0 })?;
            self.forget_away(*id)?;
            self.erase(*id)?;
        }
        self.sql(
            "UPDATE sancho_queues SET known = 0 \
             WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM sancho_ready WHERE queue = ?1)",
        )?
        .execute([queue])?;
        self.known.remove(&queue);
        Ok(jobs.len())
    }
}
