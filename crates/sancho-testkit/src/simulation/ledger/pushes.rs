//! Pushes, promotions, and what is pruned.

use std::collections::btree_map;

use sancho_core::{Jid, NewJob, Promoted, Pushed, limits};

use super::{Call, Entry, Holds, Ledger, Spot, broken};

impl Ledger {
    pub(super) fn pushed(&mut self, call: &Call<'_>, jobs: &[NewJob], answers: &[Pushed]) -> Holds {
        if jobs.len() != answers.len() {
            return broken(
                "a push is answered for each job",
                format!("{} jobs, {} answers", jobs.len(), answers.len()),
            );
        }
        self.forgot_by = self.forgot_by.max(call.now);
        for (job, answer) in jobs.iter().zip(answers) {
            self.pushed_one(call, job, answer)?;
        }
        Ok(())
    }

    pub(super) fn pushed_one(&mut self, call: &Call<'_>, job: &NewJob, answer: &Pushed) -> Holds {
        let before = self.pushed.contains_key(&job.jid);
        let forgotten = self.is_forgotten(&job.jid);
        if !before || forgotten {
            self.pushed.insert(job.jid.clone(), call.now);
        }
        match answer {
            Pushed::Repeated if before => Ok(()),
            Pushed::Repeated => broken(
                "only what was pushed before is a repetition",
                format!("{} was never pushed, and is answered as repeated", job.jid),
            ),
            _ if before && !forgotten => broken(
                "a repeated push adds nothing",
                format!("{} was pushed before, and is answered as {answer:?}", job.jid),
            ),
            Pushed::Added => self.add(call, job),
            Pushed::Replaced { holder } => {
                let number = self.holder(job, holder)?;
                if matches!(self.entries[number].spot, Spot::Busy(..)) {
                    return broken("a job that has started is not replaced", format!("#{number} is busy"));
                }
                self.put(number, Spot::Gone, call.at_ms);
                self.add(call, job)
            }
            Pushed::Kept { holder, .. } | Pushed::Refused { holder, .. } => self.holder(job, holder).map(|_| ()),
            other => broken("a push is answered in one of five ways", format!("{other:?}")),
        }
    }

    /// Whether a store may have forgotten a push by now, and has no job of it.
    fn is_forgotten(&self, jid: &Jid) -> bool {
        let is_old = self.pushed.get(jid).is_some_and(|at| self.forgot_by.since(*at) > limits::PUSH_REPEAT);
        is_old && self.number(jid).is_none_or(|number| self.entries[number].spot == Spot::Gone)
    }

    /// The job that holds the key of a new one, which must be the one that was answered.
    fn holder(&self, job: &NewJob, answered: &Jid) -> Holds<usize> {
        let holder = job.key.as_ref().and_then(|key| self.keys.get(key)).copied();
        match holder.filter(|number| self.entries[*number].jid == *answered) {
            Some(number) => Ok(number),
            None => broken(
                "a key points at its job",
                format!("{:?} is answered as taken by {answered}, and is held by {holder:?}", job.key),
            ),
        }
    }

    fn add(&mut self, call: &Call<'_>, job: &NewJob) -> Holds {
        let number = self.entries.len();
        if let Some(key) = &job.key
            && let btree_map::Entry::Occupied(held) = self.keys.entry(key.clone())
        {
            let holder = *held.get();
            let holder = &mut self.entries[holder];
            let passes_on = matches!(holder.spot, Spot::Busy(..)) && job.pushed_by.as_ref() == Some(&holder.jid);
            if !passes_on {
                let detail = format!("{key} is held by {}, and {} was added with it", holder.jid, job.jid);
                return broken("a key belongs to one job", detail);
            }
            holder.key = None;
            held.remove();
        }
        let envelope = job.payload.envelope().ok();
        let class = envelope.as_ref().map(|envelope| envelope.class().to_owned()).unwrap_or_default();
        self.by_jid.insert(job.jid.clone(), number);
        if envelope.is_none() {
            self.by_payload.insert(job.payload.as_bytes().to_vec(), number);
        }
        self.entries.push(Entry {
            jid: job.jid.clone(),
            spot: Spot::Gone,
            since_ms: call.at_ms,
            queue: sancho_core::QueueName::default(),
            named_queue: envelope.as_ref().and_then(sancho_core::Envelope::queue),
            key: job.key.clone(),
            is_known: class != crate::simulation::pusher::STRANGER,
            is_readable: envelope.is_some(),
            orphaned: 0,
            taken_over: false,
            runs: Vec::new(),
        });
        self.put(number, Spot::from(&job.place), call.at_ms);
        Ok(())
    }

    pub(super) fn promoted(&mut self, call: &Call<'_>, limit: usize, promoted: Promoted) -> Holds {
        let is_due = |entry: &Entry| match entry.spot {
            Spot::Scheduled(at) | Spot::Retries(at) => at <= call.now,
            _ => false,
        };
        let due: Vec<usize> = (0..self.entries.len()).filter(|number| is_due(&self.entries[*number])).collect();
        if promoted.moved + promoted.buried != due.len() || due.len() > limit {
            let detail = format!("{} jobs are due by {:?}: {due:?}; it did {promoted:?}", due.len(), call.now);
            return broken("every due job is promoted, and no other", detail);
        }
        for number in due {
            let spot = self.entries[number].named_queue.clone().map_or(Spot::Dead, Spot::Queue);
            self.put(number, spot, call.at_ms);
        }
        Ok(())
    }

    /// A client was told that its push is safe.
    pub(in crate::simulation) fn acknowledged(&self, jid: &Jid) -> Holds {
        if self.pushed.contains_key(jid) {
            return Ok(());
        }
        broken("an acknowledged push is in the store", format!("{jid} was acknowledged, and never came to the store"))
    }
}
