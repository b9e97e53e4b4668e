//! What time brings: due jobs, and the end of what is kept.

use super::Model;
use super::jobs::{JobId, Shelf};
use crate::{End, Place, Promoted, Pruned, QueueName, Retention, Timestamp, limits};

impl Model {
    /// As [`Store::promote`](crate::Store::promote).
    pub fn promote(&mut self, limit: usize, now: Timestamp) -> Promoted {
        let mut promoted = Promoted::default();
        let due = self.jobs.waiting().into_iter().filter(|id| self.jobs.get(*id).at <= now);
        for id in due.take(limit).collect::<Vec<JobId>>() {
            let job = self.jobs.take(id);
            match job.named_queue() {
                Some(queue) => {
                    self.put(job, &Place::Queue { queue, end: End::Back }, now);
                    promoted.moved += 1;
                }
                None => {
                    self.put(job, &Place::Dead, now);
                    promoted.buried += 1;
                }
            }
        }
        promoted.next_due = self.jobs.next_due();
        promoted
    }

    /// As [`Store::prune`](crate::Store::prune).
    pub fn prune(&mut self, retention: &Retention, limit: usize, now: Timestamp) -> Pruned {
        let dead: Vec<JobId> = self.jobs.shelf(Shelf::Dead).map(|(_, id)| id).collect();
        let kept = usize::try_from(retention.dead_jobs_max).unwrap_or(usize::MAX);
        let too_many = dead.len().saturating_sub(kept);
        let over = |(index, id): (usize, JobId)| {
            let too_old = now.since(self.jobs.get(id).at) > retention.dead_kept_for;
            (index < too_many || too_old).then_some(id)
        };
        let gone: Vec<JobId> = dead.into_iter().enumerate().filter_map(over).take(limit).collect();
        for id in &gone {
            self.jobs.take(*id);
        }
        let first_day = now.before(retention.history_kept_for).unix_day();
        self.days.retain(|day, _| *day >= first_day);
        self.pushes.retain(|_, at| now.since(*at) <= limits::PUSH_REPEAT);
        self.unknown_classes.retain(|_, met| now.since(met.last) <= limits::UNKNOWN_CLASS_FORGET);
        self.prune_metrics(now);
        Pruned { dead: gone.len() }
    }

    /// As [`Store::queue_names`](crate::Store::queue_names).
    pub fn queue_names(&self) -> Vec<QueueName> {
        self.queues.iter().cloned().collect()
    }

    /// As [`Store::meet_unknown`](crate::Store::meet_unknown).
    pub fn meet_unknown(&mut self, met: &[(String, QueueName)], now: Timestamp) -> Vec<Timestamp> {
        met.iter().map(|class_and_queue| self.meet_one(class_and_queue, now)).collect()
    }

    fn meet_one(&mut self, class_and_queue: &(String, QueueName), now: Timestamp) -> Timestamp {
        let anew = super::Met { first: now, last: now };
        let met = self.unknown_classes.entry(class_and_queue.clone()).or_insert(anew);
        if now.since(met.last) > limits::UNKNOWN_CLASS_FORGET {
            met.first = now;
        }
        met.last = now;
        met.first
    }
}
