//! The data plane: the small set of atomic, batched moves that the client and the server make.

use std::time::Duration;

use crate::claim::{Checkpoint, Claim, ClaimRequest, Incarnation, Kept, SettleAnswer, Settlement, Standing};
use crate::lifecycle::{Place, State};
use crate::process::{Beat, BeatAnswer};
use crate::{BoxFuture, Jid, Key, OnConflict, Payload, QueueName, StoreResult, Timestamp};

/// Where jobs are kept and moved.
///
/// Every move takes and answers a batch, is atomic as its doc says, and is given the time as `now`: a store has
/// no clock of its own, never sleeps, logs or retries. A future of a move that is dropped may or may not have
/// moved.
///
/// # Errors
/// Every move fails with a [`StoreError`](crate::StoreError) whose kind says what the caller does next.
pub trait Store: Send + Sync + std::fmt::Debug + 'static {
    /// Adds jobs, each to the place it names: all of them, or none on an error.
    ///
    /// Once the call has answered, the jobs survive what the store promises to survive. Jobs of one call that
    /// go to one queue run in the order given. A batch is known by its first jid: repeated within
    /// [`limits::PUSH_REPEAT`](crate::limits::PUSH_REPEAT) it adds nothing, even if its jobs have run, and
    /// answers [`Pushed::Repeated`] for each. After that time a store that still knows the batch, or a job with the
    /// same jid, may answer so too, and no store has to. A taken key is an answer, not an error. Two jobs of one batch may
    /// share a key: the later meets the earlier.
    fn push<'a>(&'a self, jobs: &'a [NewJob], now: Timestamp) -> BoxFuture<'a, StoreResult<Vec<Pushed>>>;

    /// Settles what has finished and claims what there is room for, in one round trip.
    ///
    /// Each settlement is one atomic step with its counters and its `then` jobs. Claims skip paused queues,
    /// give a job to one claimant, take each queue from its front, and hand out unreadable payloads as bytes.
    /// An incarnation that the store does not know claims nothing, and its settlements are
    /// [`SettleAnswer::Lost`]. Answers are in the order of the settlements.
    fn exchange<'a>(
        &'a self,
        settlements: &'a [Settlement],
        claim: Option<&'a ClaimRequest>,
        now: Timestamp,
    ) -> BoxFuture<'a, StoreResult<Exchanged>>;

    /// How many jobs are worth a second exchange of one caller while another is under way; [`usize::MAX`] where none is
    /// begun before the other has been answered.
    ///
    /// A hint, never needed for correctness. It pays where the store works on its own while the caller's jobs run, and an
    /// exchange costs little beside the jobs that it brings.
    fn jobs_worth_a_second_exchange(&self) -> usize {
        usize::MAX
    }

    /// Moves due scheduled and retrying jobs (`at` not after `now`) to the back of the queues that their
    /// payloads name, earliest first, at most `limit`, each in one atomic step.
    ///
    /// A due job whose payload cannot be read, or names no valid queue, goes to the dead set as it is. Where other
    /// programs push jobs too, one that names none at all may go to `default`.
    fn promote(&self, limit: usize, now: Timestamp) -> BoxFuture<'_, StoreResult<Promoted>>;

    /// Records a process and what it runs, and extends its lease to `now` and the beat's lease.
    fn beat<'a>(&'a self, beat: &'a Beat, now: Timestamp) -> BoxFuture<'a, StoreResult<BeatAnswer>>;

    /// Gives the claims of incarnations whose lease ended before `now` to `by`, at most `limit`, numbered from
    /// `first_number`; those incarnations are unknown from then on.
    ///
    /// Claims of an incarnation that the store does not know at all are taken over too. `by` must be known, or
    /// nothing is taken. It settles each claim at once, as *orphaned*. Where `by` holds claims numbered from
    /// `first_number` already, the call repeats one of unknown outcome: it answers with these, and takes no more.
    fn take_over<'a>(
        &'a self,
        by: &'a Incarnation,
        first_number: u64,
        limit: usize,
        now: Timestamp,
    ) -> BoxFuture<'a, StoreResult<TakenOver>>;

    /// Keeps what running jobs want kept, each only if its claim is still held. Answers in order.
    fn checkpoint<'a>(&'a self, checkpoints: &'a [Checkpoint], now: Timestamp)
    -> BoxFuture<'a, StoreResult<Vec<Kept>>>;

    /// Says goodbye: the incarnation is unknown from now on. Claims that it still holds can be taken over at once.
    fn retire<'a>(&'a self, incarnation: &'a Incarnation, now: Timestamp) -> BoxFuture<'a, StoreResult<()>>;

    /// Brings the dead set (oldest first), history and other records down to their limits, at most `limit` jobs.
    fn prune<'a>(
        &'a self,
        retention: &'a Retention,
        limit: usize,
        now: Timestamp,
    ) -> BoxFuture<'a, StoreResult<Pruned>>;

    /// Every queue that has ever been pushed to and not been removed since, sorted by name.
    fn queue_names(&self) -> BoxFuture<'_, StoreResult<Vec<QueueName>>>;

    /// When each class, not known to a process, was first met on its queue: recorded as `now` where it was not,
    /// or not within [`limits::UNKNOWN_CLASS_FORGET`](crate::limits::UNKNOWN_CLASS_FORGET). Answers in order.
    fn meet_unknown<'a>(
        &'a self,
        met: &'a [(String, QueueName)],
        now: Timestamp,
    ) -> BoxFuture<'a, StoreResult<Vec<Timestamp>>>;

    /// The point in the stream of wake-ups that has been reached. Cheap; no I/O.
    ///
    /// Take it before a move, and wait from it afterwards: what happens between is not missed.
    fn mark(&self) -> Mark;

    /// Resolves when something of interest may have happened after `after`; may resolve for no reason.
    ///
    /// A hint, never needed for correctness: callers also ask again after a time. A store may call a queue ready
    /// for as long as jobs are in it: callers leave out a queue whose jobs they mean to leave there for now.
    fn wait<'a>(&'a self, interest: &'a Interest, after: Mark) -> BoxFuture<'a, ()>;
}

/// A job to be added.
#[derive(Clone, Debug)]
pub struct NewJob {
    /// The job's id, the same as in its payload; no two jobs have the same.
    pub jid: Jid,
    /// Where it goes. As a retry, or dead, go only jobs that come from another store, or for show.
    pub place: Place,
    /// The caller's own name for it, the same as in its payload; none where the payload cannot be read.
    pub key: Option<Key>,
    /// What happens when the key is taken.
    pub on_conflict: OnConflict,
    /// The running job that pushes this one: if it holds the key, the key passes on to this job.
    pub pushed_by: Option<Jid>,
    /// What the store keeps.
    pub payload: Payload,
}

/// What a push did with one job.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Pushed {
    /// It was added.
    Added,
    /// Nothing: the batch was pushed before, or a job with this jid is there.
    Repeated,
    /// Nothing: its key is taken by this job, in this state, and was to be kept.
    Kept {
        /// The job that holds the key.
        holder: Jid,
        /// Where that job was when it was looked for.
        state: State,
    },
    /// It was added, and this job, which had not started, was removed.
    Replaced {
        /// The job that held the key.
        holder: Jid,
    },
    /// Nothing: its key is taken by this job, and the push asked to be refused, or to replace one that has started.
    Refused {
        /// The job that holds the key.
        holder: Jid,
        /// Where that job is.
        state: State,
    },
}

/// What an exchange did.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Exchanged {
    /// One answer for each settlement, in order.
    pub answers: Vec<SettleAnswer>,
    /// The jobs claimed, in the order that they should start.
    pub claims: Vec<Claim>,
    /// Whether the store knows the incarnation that asked for claims; good where none was asked for.
    pub standing: Standing,
}

impl Exchanged {
    /// For stores: what an exchange did.
    pub fn new(answers: Vec<SettleAnswer>, claims: Vec<Claim>, standing: Standing) -> Self {
        Exchanged { answers, claims, standing }
    }
}

/// What a promotion did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Promoted {
    /// Jobs moved to their queues.
    pub moved: usize,
    /// Jobs that could not be read, moved to the dead set.
    pub buried: usize,
    /// When the next job is due; not after `now` when more are due than the limit allowed.
    pub next_due: Option<Timestamp>,
}

/// What a take-over did.
#[derive(Clone, Debug, Default)]
pub struct TakenOver {
    /// The claims, now of the one who took them over.
    pub claims: Vec<Claim>,
    /// Incarnations that became unknown by this call.
    pub ended: Vec<Incarnation>,
}

/// How much of what is over and done with is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Retention {
    /// Jobs in the dead set.
    pub dead_jobs_max: u64,
    /// The age of a job in the dead set, from its death.
    pub dead_kept_for: Duration,
    /// The age of counters by day.
    pub history_kept_for: Duration,
}

impl Default for Retention {
    fn default() -> Self {
        use crate::limits;
        Retention {
            dead_jobs_max: limits::DEAD_JOBS_MAX,
            dead_kept_for: limits::DEAD_KEPT_FOR,
            history_kept_for: limits::HISTORY_KEPT_FOR,
        }
    }
}

/// What a pruning did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pruned {
    /// Jobs removed from the dead set.
    pub dead: usize,
}

/// A point in a store's stream of wake-ups.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mark(pub u64);

/// What a wait is for.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Interest {
    /// A job may be ready in one of these queues, or one of them was resumed.
    Ready(Vec<QueueName>),
    /// A job may be due earlier than was known.
    Due,
    /// An order may have come for this incarnation.
    Orders(Incarnation),
}
