//! Adding jobs: repeats, keys and conflicts.

use super::jobs::{Job, Spot};
use super::{Model, Place};
use crate::{ErrorKind, NewJob, OnConflict, Pushed, State, StoreError, StoreResult, Timestamp, limits};

impl Model {
    /// As [`Store::push`](crate::Store::push).
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`] for more than [`limits::JOBS_PER_PUSH_MAX`] jobs.
    pub fn push(&mut self, jobs: &[NewJob], now: Timestamp) -> StoreResult<Vec<Pushed>> {
        if jobs.len() > limits::JOBS_PER_PUSH_MAX {
            return Err(StoreError::new("push", ErrorKind::Invalid, "too many jobs for one push: split the batch"));
        }
        let Some(first) = jobs.first() else { return Ok(Vec::new()) };
        self.pushes.retain(|_, at| now.since(*at) <= limits::PUSH_REPEAT);
        if self.pushes.contains_key(&first.jid) {
            return Ok(vec![Pushed::Repeated; jobs.len()]);
        }
        self.pushes.insert(first.jid.clone(), now);
        self.jobs.open_front(jobs.len());
        Ok(jobs.iter().map(|job| self.push_one(job, now)).collect())
    }

    pub(super) fn push_one(&mut self, new: &NewJob, now: Timestamp) -> Pushed {
        if self.jobs.by_jid(&new.jid).is_some() {
            return Pushed::Repeated;
        }
        let answer = match self.free_key(new) {
            Ok(answer) => answer,
            Err(answer) => return answer,
        };
        let job = Job {
            id: self.jobs.next_id(),
            jid: new.jid.clone(),
            key: new.key.clone(),
            payload: new.payload.clone(),
            queue: new.payload.envelope().ok().and_then(|e| e.queue()).unwrap_or_default(),
            at: now,
            spot: Spot::Scheduled,
            checkpoint: None,
        };
        self.put(job, &new.place, now);
        answer
    }

    /// Frees the key of a new job, as it asks: `Ok` with the answer for a job that is to be added, `Err` with
    /// the answer for one that is not.
    fn free_key(&mut self, new: &NewJob) -> Result<Pushed, Pushed> {
        let takes_key = !matches!(new.place, Place::Gone | Place::Dead);
        let Some(holder) = new.key.as_ref().filter(|_| takes_key).and_then(|key| self.jobs.by_key(key)) else {
            return Ok(Pushed::Added);
        };
        let (id, jid, state) = (holder.id, holder.jid.clone(), holder.state());
        if state == State::Busy && new.pushed_by.as_ref() == Some(&jid) {
            let mut holder = self.jobs.take(id);
            holder.key = None;
            self.jobs.keep(holder);
            return Ok(Pushed::Added);
        }
        match new.on_conflict {
            OnConflict::Keep => Err(Pushed::Kept { holder: jid, state }),
            OnConflict::Replace if state != State::Busy => {
                self.jobs.take(id);
                Ok(Pushed::Replaced { holder: jid })
            }
            OnConflict::Replace | OnConflict::Refuse => Err(Pushed::Refused { holder: jid, state }),
        }
    }
}
