//! The jobs of the model, and the ways to find one.

use std::collections::{BTreeMap, BTreeSet};

use crate::inspect::{JobRow, Set};
use crate::{Checkpointed, Incarnation, Jid, Key, Payload, QueueName, Receipt, State, Timestamp};

/// A job's number within the model, in the order of coming.
pub(super) type JobId = u64;

/// One job, wherever it is.
#[derive(Debug)]
pub(super) struct Job {
    pub(super) id: JobId,
    pub(super) jid: Jid,
    /// Its own name; held unless it is dead, and none once it has passed on to a successor.
    pub(super) key: Option<Key>,
    pub(super) payload: Payload,
    /// The queue that it is in, will go to, or came from.
    pub(super) queue: QueueName,
    /// As [`JobRow::at`] has it.
    pub(super) at: Timestamp,
    pub(super) spot: Spot,
    pub(super) checkpoint: Option<Box<[u8]>>,
}

/// Where exactly a job is.
#[derive(Debug)]
pub(super) enum Spot {
    Queue { position: i64 },
    Busy { receipt: Receipt, enqueued_at: Timestamp },
    Scheduled,
    Retries,
    Dead,
    Held { reason: String },
}

/// A set of jobs that has an order.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Shelf {
    Queue(QueueName),
    Busy,
    Scheduled,
    Retries,
    Dead,
    Held,
}

impl From<&Set> for Shelf {
    fn from(set: &Set) -> Self {
        match set {
            Set::Queue(queue) => Shelf::Queue(queue.clone()),
            Set::Busy => Shelf::Busy,
            Set::Scheduled => Shelf::Scheduled,
            Set::Retries => Shelf::Retries,
            Set::Dead => Shelf::Dead,
            Set::Held => Shelf::Held,
        }
    }
}

impl Job {
    pub(super) fn state(&self) -> State {
        match self.spot {
            Spot::Queue { .. } => State::Enqueued,
            Spot::Busy { .. } => State::Busy,
            Spot::Scheduled => State::Scheduled,
            Spot::Retries => State::Retries,
            Spot::Dead => State::Dead,
            Spot::Held { .. } => State::Held,
        }
    }

    /// The queue that the payload names, if it can be read and names a valid one.
    pub(super) fn named_queue(&self) -> Option<QueueName> {
        self.payload.envelope().ok()?.queue()
    }

    /// The key that it holds now: a dead job holds none.
    pub(super) fn held_key(&self) -> Option<&Key> {
        self.key.as_ref().filter(|_| self.state() != State::Dead)
    }

    pub(super) fn row(&self) -> JobRow {
        JobRow {
            jid: self.jid.clone(),
            state: self.state(),
            queue: self.queue.clone(),
            at: Some(self.at),
            key: self.held_key().cloned(),
            held: match &self.spot {
                Spot::Held { reason } => Some(reason.clone()),
                _ => None,
            },
            incarnation: match &self.spot {
                Spot::Busy { receipt, .. } => Some(receipt.incarnation().clone()),
                _ => None,
            },
            kept: self.checkpoint.as_deref().map(Checkpointed::read).unwrap_or_default(),
            payload: self.payload.clone(),
        }
    }

    fn shelf(&self) -> Shelf {
        match self.spot {
            Spot::Queue { .. } => Shelf::Queue(self.queue.clone()),
            Spot::Busy { .. } => Shelf::Busy,
            Spot::Scheduled => Shelf::Scheduled,
            Spot::Retries => Shelf::Retries,
            Spot::Dead => Shelf::Dead,
            Spot::Held { .. } => Shelf::Held,
        }
    }

    /// Its place in the order of its shelf.
    fn rank(&self) -> (i64, JobId) {
        let first = match self.spot {
            Spot::Queue { position } => position,
            _ => self.at.as_unix_micros(),
        };
        (first, self.id)
    }
}

/// Every job of the store, with an index for each way to find one.
#[derive(Debug, Default)]
pub(super) struct Jobs {
    all: BTreeMap<JobId, Job>,
    by_jid: BTreeMap<Jid, JobId>,
    by_key: BTreeMap<Key, JobId>,
    by_claim: BTreeMap<(Incarnation, u64), JobId>,
    shelves: BTreeSet<(Shelf, (i64, JobId))>,
    last_id: JobId,
    /// Every position at the front is at least this.
    front_floor: i64,
    front: i64,
    back: i64,
}

impl Jobs {
    pub(super) fn next_id(&mut self) -> JobId {
        self.last_id += 1;
        self.last_id
    }

    /// Makes room at the front for the jobs of one call, of which the first runs first.
    pub(super) fn open_front(&mut self, jobs: usize) {
        self.front_floor -= i64::try_from(jobs).expect("a call has few jobs");
        self.front = self.front_floor;
    }

    /// The next of the positions that [`Jobs::open_front`] made.
    pub(super) fn front_position(&mut self) -> i64 {
        self.front += 1;
        self.front - 1
    }

    pub(super) fn back_position(&mut self) -> i64 {
        self.back += 1;
        self.back
    }

    /// Puts a job in, and into every index that its state asks for.
    pub(super) fn keep(&mut self, job: Job) {
        self.by_jid.insert(job.jid.clone(), job.id);
        self.shelves.insert((job.shelf(), job.rank()));
        if let Some(key) = job.held_key() {
            self.by_key.insert(key.clone(), job.id);
        }
        if let Spot::Busy { receipt, .. } = &job.spot {
            self.by_claim.insert((receipt.incarnation().clone(), receipt.number()), job.id);
        }
        self.all.insert(job.id, job);
    }

    /// Takes a job out, and out of every index.
    pub(super) fn take(&mut self, id: JobId) -> Job {
        let job = self.all.remove(&id).expect("the indexes name jobs that are there");
        self.by_jid.remove(&job.jid);
        self.shelves.remove(&(job.shelf(), job.rank()));
        if let Some(key) = job.held_key() {
            self.by_key.remove(key);
        }
        if let Spot::Busy { receipt, .. } = &job.spot {
            self.by_claim.remove(&(receipt.incarnation().clone(), receipt.number()));
        }
        job
    }

    pub(super) fn get(&self, id: JobId) -> &Job {
        &self.all[&id]
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Job> {
        self.all.values()
    }

    pub(super) fn by_jid(&self, jid: &Jid) -> Option<&Job> {
        self.by_jid.get(jid).map(|id| self.get(*id))
    }

    pub(super) fn by_key(&self, key: &Key) -> Option<&Job> {
        self.by_key.get(key).map(|id| self.get(*id))
    }

    pub(super) fn by_receipt(&self, receipt: &Receipt) -> Option<JobId> {
        self.by_claim.get(&(receipt.incarnation().clone(), receipt.number())).copied()
    }

    /// Every claim: who holds it, its number, and the job.
    pub(super) fn claims(&self) -> impl Iterator<Item = (&Incarnation, u64, JobId)> {
        self.by_claim.iter().map(|((incarnation, number), id)| (incarnation, *number, *id))
    }

    /// The ranks of a shelf, lowest first; the second part of a rank is the job's id.
    pub(super) fn shelf(&self, shelf: Shelf) -> impl DoubleEndedIterator<Item = (i64, JobId)> + use<'_> {
        let all = (shelf.clone(), (i64::MIN, JobId::MIN))..=(shelf, (i64::MAX, JobId::MAX));
        self.shelves.range(all).map(|(_, rank)| *rank)
    }

    /// Scheduled and retrying jobs, by the time that they are due.
    pub(super) fn waiting(&self) -> Vec<JobId> {
        let mut ranks: Vec<_> = self.shelf(Shelf::Scheduled).chain(self.shelf(Shelf::Retries)).collect();
        ranks.sort_unstable();
        ranks.into_iter().map(|(_, id)| id).collect()
    }

    /// When the next scheduled or retrying job is due.
    pub(super) fn next_due(&self) -> Option<Timestamp> {
        let first = |shelf| self.shelf(shelf).next().map(|(at, _)| at);
        let due = first(Shelf::Scheduled).into_iter().chain(first(Shelf::Retries)).min();
        due.map(Timestamp::from_unix_micros)
    }
}
