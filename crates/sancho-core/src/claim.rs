//! Claims: who holds a job while it runs, and how it is given back.

use std::any::Any;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use crate::lifecycle::Transition;
use crate::store::NewJob;
use crate::{Payload, QueueName, Timestamp};

/// One life of a process, as the store knows it; a process that lost its lease starts another.
///
/// Its text is `hostname:pid:nonce`, as Sidekiq names processes. Cheap to clone.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Incarnation(Arc<str>);

impl Incarnation {
    /// The incarnation with this identity; the caller sees to it that no other has the same.
    pub fn new(identity: impl AsRef<str>) -> Self {
        Incarnation(identity.as_ref().into())
    }

    /// The identity.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Incarnation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Incarnation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Proof of a claim: whoever settles shows it, and a claim that is no longer held changes nothing.
///
/// Only a store makes one that means something: it is the incarnation and the claim's number, which never
/// repeats within the incarnation. What the store notes on it beside these does not count when receipts are
/// compared.
#[derive(Clone)]
pub struct Receipt {
    incarnation: Incarnation,
    number: u64,
    locator: i64,
    note: Option<Arc<dyn Any + Send + Sync>>,
}

impl Receipt {
    /// For stores: the receipt of claim `number` of `incarnation`. `locator` is the store's own, and finds the
    /// job again without an index (a row number); zero where the store needs none.
    pub fn mint(incarnation: Incarnation, number: u64, locator: i64) -> Self {
        Receipt { incarnation, number, locator, note: None }
    }

    /// For stores: the same receipt with a note of the store's own, which its clones share: what a settlement
    /// needs to know of the job and cannot look up in one step. A receipt may always come without one.
    pub fn with_note(self, note: Arc<dyn Any + Send + Sync>) -> Self {
        Receipt { note: Some(note), ..self }
    }

    /// Who holds the claim.
    pub fn incarnation(&self) -> &Incarnation {
        &self.incarnation
    }

    /// The claim's number within its incarnation.
    pub fn number(&self) -> u64 {
        self.number
    }

    /// The store's own locator.
    pub fn locator(&self) -> i64 {
        self.locator
    }

    /// The store's own note, if there is one of this type.
    pub fn note<T: Any + Send + Sync>(&self) -> Option<&T> {
        self.note.as_ref()?.downcast_ref()
    }
}

impl PartialEq for Receipt {
    fn eq(&self, other: &Self) -> bool {
        (self.number, self.locator) == (other.number, other.locator) && self.incarnation == other.incarnation
    }
}

impl Eq for Receipt {}

impl Hash for Receipt {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.number.hash(state);
        self.incarnation.hash(state);
    }
}

impl fmt::Debug for Receipt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}#{}", self.incarnation, self.number)
    }
}

/// A job in the hands of one incarnation.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Claim {
    /// Proof of the claim.
    pub receipt: Receipt,
    /// The queue that the job was taken from.
    pub queue: QueueName,
    /// The job's bytes, readable or not.
    pub payload: Payload,
    /// When the job came to its queue, where the store keeps that beside the payload.
    pub enqueued_at: Option<Timestamp>,
    /// What the job's earlier run last kept by a checkpoint.
    pub checkpoint: Option<Box<[u8]>>,
}

impl Claim {
    /// For stores: a claim without a checkpoint.
    pub fn new(receipt: Receipt, queue: QueueName, payload: Payload, enqueued_at: Option<Timestamp>) -> Self {
        Claim { receipt, queue, payload, enqueued_at, checkpoint: None }
    }
}

/// What a process asks for: so many jobs, from these queues, in this order.
///
/// A claim first takes up to each source's quota, in the order of the sources, and then, if
/// `fill_in_order` says so, fills up to `limit` in the order of the sources.
#[derive(Clone, Debug)]
pub struct ClaimRequest {
    /// Who asks. It must have beaten before.
    pub incarnation: Incarnation,
    /// The number of the first claim: the others follow. The caller never gives a number twice, except to
    /// repeat a request of unknown outcome.
    pub first_number: u64,
    /// Whether this repeats a request whose outcome is unknown. A repeated request answers with the claims
    /// that the first call made and that are still held, and makes new ones only if the first made none.
    pub repeated: Repeated,
    /// The queues, in order.
    pub sources: Vec<Source>,
    /// What happens when the quotas leave room.
    pub fill: Fill,
    /// How many jobs at most, at most [`limits::JOBS_PER_CLAIM_MAX`](crate::limits::JOBS_PER_CLAIM_MAX).
    pub limit: usize,
}

/// Whether a claim request is made for the first time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Repeated {
    /// It is made for the first time.
    #[default]
    No,
    /// It was made before, with the same first number, and its outcome is unknown.
    Yes,
}

/// What happens when the quotas of a claim leave room.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Fill {
    /// The room is filled from the sources, in order.
    #[default]
    InOrder,
    /// The room stays.
    No,
}

/// One queue to claim from.
#[derive(Clone, Debug)]
pub struct Source {
    /// The queue.
    pub queue: QueueName,
    /// How many jobs it gives before the filling; zero leaves it to the filling.
    pub quota: usize,
}

/// What became of a claimed job, and the jobs that follow it, as one atomic step.
#[derive(Clone, Debug)]
pub struct Settlement {
    /// Proof of the claim.
    pub receipt: Receipt,
    /// Where the job goes, as [`lifecycle::decide`](crate::lifecycle::decide) says, and what is counted.
    pub transition: Transition,
    /// Jobs that are pushed in the same step, after the job's own key is free; none of them if the claim is
    /// no longer held.
    pub then: Vec<NewJob>,
}

/// What a settlement did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SettleAnswer {
    /// The transition took effect now.
    Settled,
    /// It took effect before: this call repeats one whose outcome was unknown.
    AlreadySettled,
    /// The claim is no longer held; nothing changed. Somebody else has the job.
    Lost,
}

/// Whether the store still knows an incarnation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Standing {
    /// It does.
    Good,
    /// Its lease ended and others may have its jobs, or it never beat: it must stop its jobs and take a new
    /// incarnation.
    Lost,
}

/// What a running job wants kept for its next run, should this one be interrupted. A job whose payload cannot be
/// read never runs, and keeps none.
#[derive(Clone, Debug)]
pub struct Checkpoint {
    /// Proof of the claim.
    pub receipt: Receipt,
    /// A cursor, or progress; the store does not look inside.
    pub bytes: Box<[u8]>,
}

/// What became of a checkpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Kept {
    /// It is kept, until the job leaves for good.
    Kept,
    /// The claim is no longer held; nothing changed.
    Lost,
}
