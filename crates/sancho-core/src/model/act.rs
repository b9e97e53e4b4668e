//! Acting: what people do to jobs and queues.

use super::jobs::{JobId, Shelf};
use super::{Model, Ring};
use crate::lifecycle::{Permitted, Refusal, is_there_already, permits};
use crate::{Action, Applied, Direction, End, Pausable, Place, QueueName, Selection, State, StoreResult, Timestamp};

impl Model {
    /// As [`Inspect::apply`](crate::Inspect::apply).
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`](crate::ErrorKind::Invalid) for a cursor that the store did not give.
    pub fn apply(
        &mut self,
        action: &Action,
        selection: &Selection,
        limit: usize,
        now: Timestamp,
    ) -> StoreResult<Applied> {
        let (ids, next) = match selection {
            Selection::Jid(jid) => (self.jobs.by_jid(jid).map(|job| job.id).into_iter().collect(), None),
            Selection::Key(key) => (self.jobs.by_key(key).map(|job| job.id).into_iter().collect(), None),
            Selection::All { set, filter, after } => {
                let (mut ids, next) = self.matching(set, filter, Direction::Forward, after.as_ref(), limit)?;
                ids.retain(|id| {
                    let job = self.jobs.get(*id);
                    !is_there_already(job.state(), Some(job.at), action)
                });
                (ids, next)
            }
        };
        let mut applied = Applied { next, ..Applied::default() };
        for id in ids {
            match self.act(id, action, now) {
                Ok(()) => applied.done += 1,
                Err((jid, refusal)) => applied.refused.push((jid, refusal)),
            }
        }
        Ok(applied)
    }

    fn act(&mut self, id: JobId, action: &Action, now: Timestamp) -> Result<(), (crate::Jid, Refusal)> {
        let job = self.jobs.get(id);
        let permitted = permits(job.state(), action).map_err(|refusal| (job.jid.clone(), refusal))?;
        let place = match permitted {
            Permitted::Enqueue => {
                // Only a dead job has a key that it does not hold.
                if let Some(holder) = job.key.as_ref().and_then(|key| self.jobs.by_key(key)).filter(|it| it.id != id) {
                    return Err((job.jid.clone(), Refusal::KeyTaken { holder: holder.jid.clone() }));
                }
                let queue = job.named_queue().unwrap_or_else(|| job.queue.clone());
                Place::Queue { queue, end: End::Back }
            }
            Permitted::Bury => Place::Dead,
            Permitted::Remove => Place::Gone,
            Permitted::Wait { at } if job.state() == State::Retries => Place::Retries { at },
            Permitted::Wait { at } => Place::Scheduled { at },
        };
        let job = self.jobs.take(id);
        self.put(job, &place, now);
        Ok(())
    }

    /// As [`Inspect::pause`](crate::Inspect::pause).
    pub fn pause(&mut self, what: &Pausable) {
        match what {
            Pausable::Queue(queue) => _ = self.paused_queues.insert(queue.clone()),
            Pausable::Class(class) => _ = self.paused_classes.insert(class.clone()),
        }
    }

    /// As [`Inspect::resume`](crate::Inspect::resume).
    pub fn resume(&mut self, what: &Pausable) {
        match what {
            Pausable::Class(class) => _ = self.paused_classes.remove(class),
            Pausable::Queue(queue) => {
                self.paused_queues.remove(queue);
                self.rings.push(Ring::Ready(queue.clone()));
            }
        }
    }

    /// As [`Inspect::paused`](crate::Inspect::paused).
    pub fn paused(&self) -> Vec<Pausable> {
        let queues = self.paused_queues.iter().cloned().map(Pausable::Queue);
        queues.chain(self.paused_classes.iter().cloned().map(Pausable::Class)).collect()
    }

    /// As [`Inspect::clear`](crate::Inspect::clear).
    pub fn clear(&mut self, queue: &QueueName, limit: usize) -> usize {
        let shelf = Shelf::Queue(queue.clone());
        let ids: Vec<JobId> = self.jobs.shelf(shelf.clone()).map(|(_, id)| id).take(limit).collect();
        for id in &ids {
            self.jobs.take(*id);
        }
        if self.jobs.shelf(shelf.clone()).next().is_none() {
            self.queues.remove(queue);
        }
        ids.len()
    }
}
