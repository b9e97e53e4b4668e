//! The control plane: what people look at, and what they do to jobs from outside.

mod held;
mod pausable;

use std::time::Duration;

use crate::checkpointed::Checkpointed;
use crate::checkup::Finding;
use crate::claim::Incarnation;
pub use crate::cursor::{Cursor, Direction};
pub use crate::filter::Filter;
use crate::lifecycle::{Refusal, State};
use crate::metrics::{DeployMark, Metrics, MetricsRequest};
use crate::process::{Order, ProcessInfo, Quiet};
use crate::{BoxFuture, ErrorKind, Jid, Key, Payload, QueueName, StoreError, StoreResult, Timestamp};

pub use held::run_held;
pub use pausable::{Pausable, with_paused};

/// What people see of a store, and do to it.
///
/// Looking never blocks the moves of [`Store`](crate::Store); acting goes the same way as they do. Every call is
/// bounded: what would take longer answers with a cursor to go on from. Where a store has no index of ids,
/// [`Inspect::find`] is not, nor is [`Inspect::apply`] to one job by an id that was neither sought nor listed before.
///
/// # Errors
/// Every call fails with a [`StoreError`] whose kind says what the caller does next.
pub trait Inspect: Send + Sync + std::fmt::Debug + 'static {
    /// Totals: counters since the store was made, and the size of each set now.
    fn stats(&self, now: Timestamp) -> BoxFuture<'_, StoreResult<Stats>>;

    /// Counters of each of the last `days` days in UTC, today first; days without jobs included.
    fn history(&self, days: u32, now: Timestamp) -> BoxFuture<'_, StoreResult<Vec<DayStats>>>;

    /// Every queue to which something was pushed, sorted by name; [`with_paused`] adds those that are paused besides.
    fn queues(&self, now: Timestamp) -> BoxFuture<'_, StoreResult<Vec<QueueRow>>>;

    /// One page of a set's jobs that match, at most `limit`, after `cursor`.
    ///
    /// A queue is in the order that it runs; scheduled, retries and held by time, earliest first; dead by time,
    /// latest first; busy by start. [`Direction::Backward`] is the exact reverse of each, from its other end, at the
    /// same cost. At most [`limits::JOBS_PER_SCAN_MAX`](crate::limits::JOBS_PER_SCAN_MAX) jobs are looked at, or
    /// fewer where payloads are large: a page may be short, even empty, and still have a `next`. Jobs that come or go between two pages may be missed or
    /// shown twice, and in a queue may push others across the border of a page.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`] for a cursor that the store did not give, or gave in the
    /// other direction.
    fn page<'a>(
        &'a self,
        set: &'a Set,
        filter: &'a Filter,
        direction: Direction,
        cursor: Option<&'a Cursor>,
        limit: usize,
    ) -> BoxFuture<'a, StoreResult<Page>>;

    /// One step of looking for the job with this id, wherever it is.
    ///
    /// A store that has an index of ids answers at once, with [`Sought::Found`] or [`Sought::Gone`]. Another one looks
    /// first where that is quick, and then through one place after the other, in a step about
    /// [`limits::JOBS_PER_SEEK_MAX`](crate::limits::JOBS_PER_SEEK_MAX) jobs at most, or fewer where payloads are large.
    /// [`Sought::Further`] has the cursor to go on from, for the same id. An id that is nowhere is gone after finitely
    /// many steps.
    ///
    /// The places are gone through in the order in which jobs do: the scheduled, the retries and the held, then queues,
    /// then what runs, then the dead. So a job that moves on meanwhile is met further on. One that moves back may be
    /// missed, and then counts as gone, though it is not: whoever must know begins anew.
    ///
    /// One that another program's process runs is found as [`Set::Busy`] lists it.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`] for a cursor that the store did not give for a search.
    fn seek<'a>(&'a self, jid: &'a Jid, after: Option<&'a Cursor>) -> BoxFuture<'a, StoreResult<Sought>>;

    /// The job with this id, wherever it is; `None` when it is gone.
    ///
    /// It [seeks](Inspect::seek) until it knows, so it is not bounded: in a store without an index of ids it may read
    /// every job.
    fn find<'a>(&'a self, jid: &'a Jid) -> BoxFuture<'a, StoreResult<Option<JobRow>>> {
        Box::pin(async move {
            let mut after = None;
            loop {
                match self.seek(jid, after.as_ref()).await? {
                    Sought::Found(row) => return Ok(Some(*row)),
                    Sought::Gone => return Ok(None),
                    Sought::Further(cursor) => after = Some(cursor),
                }
            }
        })
    }

    /// The job that holds this key; `None` when the key is free.
    fn find_key<'a>(&'a self, key: &'a Key) -> BoxFuture<'a, StoreResult<Option<JobRow>>>;

    /// Every process whose lease has not ended by `now`, sorted by identity.
    ///
    /// Where processes of other programs share the store, which know no leases, those that live are shown too:
    /// their identity is the incarnation, and their version names the program, such as `sidekiq 8.1.7`.
    fn processes(&self, now: Timestamp) -> BoxFuture<'_, StoreResult<Vec<ProcessRow>>>;

    /// Classes that processes met in queues and do not know, as [`Store::meet_unknown`](crate::Store::meet_unknown)
    /// was told of them: those not forgotten by `now`, sorted by class, then queue.
    ///
    /// At most [`limits::UNKNOWN_CLASSES_TOLD_MAX`](crate::limits::UNKNOWN_CLASSES_TOLD_MAX) of them: the names come
    /// from payloads, and where there are more, any may be left out.
    fn unknown_classes(&self, now: Timestamp) -> BoxFuture<'_, StoreResult<Vec<UnknownClass>>>;

    /// What was performed, by class and by queue, in the steps that are asked for, as the beats told of it, each in the
    /// step of its own `now`; and the sizes of the sets, of the first beat of each step. What is older than it is kept
    /// may be left out before it is pruned.
    fn metrics<'a>(&'a self, request: &'a MetricsRequest, now: Timestamp) -> BoxFuture<'a, StoreResult<Metrics>>;

    /// Marks a deploy, for those who look at the metrics. Answers with the mark that stands: this one, or one that was
    /// there. A minute has one mark, the first; and one that [repeats](DeployMark::repeats) another adds none, so that
    /// each process of a deploy may tell of it.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`] for a label that [is none](DeployMark::new).
    fn mark_deploy<'a>(&'a self, label: &'a str, now: Timestamp) -> BoxFuture<'a, StoreResult<DeployMark>>;

    /// The deploys marked since a time, earliest first: the latest
    /// [`limits::MARKS_MAX`](crate::limits::MARKS_MAX), and none that is older than
    /// [`limits::MARKS_KEPT_FOR`](crate::limits::MARKS_KEPT_FOR).
    fn deploys(&self, since: Timestamp, now: Timestamp) -> BoxFuture<'_, StoreResult<Vec<DeployMark>>>;

    /// Does `action` to the selected jobs, at most `limit`, each in one atomic step, as
    /// [`lifecycle::permits`](crate::lifecycle::permits) allows. Of a whole set it passes over those that are
    /// [there already](crate::lifecycle::is_there_already).
    fn apply<'a>(
        &'a self,
        action: &'a Action,
        selection: &'a Selection,
        limit: usize,
        now: Timestamp,
    ) -> BoxFuture<'a, StoreResult<Applied>>;

    /// Stops a queue or a class from being claimed; what is enqueued stays. Pausing twice is harmless.
    fn pause<'a>(&'a self, what: &'a Pausable, now: Timestamp) -> BoxFuture<'a, StoreResult<()>>;

    /// Lets a queue or a class be claimed again. Jobs held for a class are run by [`Inspect::apply`], and
    /// by [`run_held`] all of them.
    fn resume<'a>(&'a self, what: &'a Pausable, now: Timestamp) -> BoxFuture<'a, StoreResult<()>>;

    /// What is paused: queues, then classes, each sorted by name.
    fn paused(&self) -> BoxFuture<'_, StoreResult<Vec<Pausable>>>;

    /// Deletes the jobs enqueued in a queue, at most `limit`; answers how many, and whether any is left is seen
    /// by calling again. A queue that is empty then is forgotten.
    fn clear<'a>(&'a self, queue: &'a QueueName, limit: usize, now: Timestamp) -> BoxFuture<'a, StoreResult<usize>>;

    /// Leaves an order for a process, which hears it at its next beat, or at once where it waits for orders.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] when no such process lives;
    /// [`ErrorKind::Unsupported`] when it is another program's, and that has no such
    /// order; [`ErrorKind::Invalid`] when the order itself [cannot be
    /// given](Order::words).
    fn order<'a>(
        &'a self,
        incarnation: &'a Incarnation,
        order: &'a Order,
        now: Timestamp,
    ) -> BoxFuture<'a, StoreResult<()>>;

    /// What the store is: for a page's foot and a doctor's report.
    fn about(&self) -> BoxFuture<'_, StoreResult<About>>;

    /// What the store itself can say about its health, good things too, in no particular order; never nothing.
    ///
    /// Changes nothing, and is bounded: what was too much to look at is said as a notice. `now` is the caller's clock,
    /// which a store that has one of its own compares with it.
    fn checkup(&self, now: Timestamp) -> BoxFuture<'_, StoreResult<Vec<Finding>>>;
}

/// Totals of a store.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Jobs performed, whatever came of it.
    pub processed: u64,
    /// Jobs that failed, each time they did.
    pub failed: u64,
    /// Jobs that run now; of other programs' processes, where they share the store, as many as they say.
    pub busy: u64,
    /// Jobs in queues.
    pub enqueued: u64,
    /// Jobs scheduled for later.
    pub scheduled: u64,
    /// Jobs that failed and wait for their next try.
    pub retries: u64,
    /// Jobs in the dead set.
    pub dead: u64,
    /// Jobs that are held.
    pub held: u64,
    /// Processes that live, as [`Inspect::processes`] shows them.
    pub processes: u64,
}

/// Counters of one day.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DayStats {
    /// Whole days since the epoch, in UTC.
    pub unix_day: i64,
    /// Jobs performed.
    pub processed: u64,
    /// Jobs that failed.
    pub failed: u64,
}

/// One queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueueRow {
    /// Its name.
    pub name: QueueName,
    /// Jobs in it.
    pub size: u64,
    /// How long its next job has waited; zero when it is empty.
    pub latency: Duration,
    /// Whether it is claimed from.
    pub paused: Paused,
}

/// Whether a queue is claimed from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Paused {
    /// It is.
    #[default]
    No,
    /// It is not.
    Yes,
}

/// A set of jobs that can be looked at.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Set {
    /// One queue.
    Queue(QueueName),
    /// Jobs that run. Where processes of other programs share the store, those that they run too: as each told at its
    /// last beat, so that one that has just ended may still be listed, and one that has just begun not yet.
    Busy,
    /// Jobs scheduled for later.
    Scheduled,
    /// Jobs that failed and wait.
    Retries,
    /// Jobs that are given up.
    Dead,
    /// Jobs that are held.
    Held,
}

/// One job, as it is kept.
#[derive(Clone, Debug)]
pub struct JobRow {
    /// Its id; for a payload that cannot be read, one that the store made, by which it is found while it stays there.
    pub jid: Jid,
    /// Where it is.
    pub state: State,
    /// Its queue, or the one that it will go to or came from.
    pub queue: QueueName,
    /// When it is due, or died, or started, by its state; when it came to its queue if enqueued; since when held.
    /// As the store or else the payload has it: `None` where neither does, as with another program's job in a queue.
    pub at: Option<Timestamp>,
    /// The key that it holds now.
    pub key: Option<Key>,
    /// Why it is held, if it is.
    pub held: Option<String>,
    /// Who runs it, if it is busy: for another program's process its identity.
    pub incarnation: Option<Incarnation>,
    /// What its run has kept so far, or the last one has: how far it is, and at which step. Nothing for a job whose
    /// payload names no id.
    pub kept: Checkpointed,
    /// What the store keeps.
    pub payload: Payload,
}

/// One page of jobs.
#[derive(Clone, Debug, Default)]
pub struct Page {
    /// The jobs.
    pub rows: Vec<JobRow>,
    /// Where to go on; `None` at the end.
    pub next: Option<Cursor>,
}

/// What a step of [looking for a job](Inspect::seek) comes to: one of these three, whatever the store.
#[derive(Clone, Debug)]
pub enum Sought {
    /// The job.
    Found(Box<JobRow>),
    /// It is nowhere.
    Gone,
    /// It was not met yet, and there is more to look through: where to go on.
    Further(Cursor),
}

impl Sought {
    /// What a store answers that knows at once: it never gives a cursor, so it takes none.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`] where `after` is one.
    pub fn at_once(after: Option<&Cursor>, row: Option<JobRow>) -> StoreResult<Self> {
        match (after, row) {
            (Some(Cursor(mark)), _) => {
                let detail = format!("no such cursor: {mark:?}: look for the job without one");
                Err(StoreError::new("find", ErrorKind::Invalid, detail))
            }
            (None, Some(row)) => Ok(Sought::Found(Box::new(row))),
            (None, None) => Ok(Sought::Gone),
        }
    }
}

/// What a person does to jobs.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Action {
    /// To the back of its queue, now.
    RunNow,
    /// To another time.
    Reschedule {
        /// When it is due.
        at: Timestamp,
    },
    /// To the dead set.
    Kill,
    /// Away, from wherever it is but a process's hands.
    Delete,
    /// Away, if it has not started: what its pusher wanted is off.
    Cancel,
}

/// Which jobs an action is for.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Selection {
    /// The one with this id.
    Jid(Jid),
    /// The one that holds this key.
    Key(Key),
    /// All of a set that match, after a cursor.
    All {
        /// The set.
        set: Set,
        /// Which of its jobs.
        filter: Filter,
        /// Where to go on, [forward](Direction::Forward).
        after: Option<Cursor>,
    },
}

/// What an action did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Applied {
    /// Jobs that it was done to.
    pub done: usize,
    /// Jobs that it was not done to, and why; a job that is gone is in neither list.
    pub refused: Vec<(Jid, Refusal)>,
    /// Where to go on; `None` at the end.
    pub next: Option<Cursor>,
}

/// A process, as of its last beat.
#[derive(Clone, Debug)]
pub struct ProcessRow {
    /// What is true of it for all of its life.
    pub info: ProcessInfo,
    /// When it last beat.
    pub beat_at: Timestamp,
    /// Whether it takes jobs.
    pub quiet: Quiet,
    /// Jobs that it runs.
    pub busy: usize,
    /// Resident memory, in bytes.
    pub rss_bytes: u64,
    /// How long its last beat took.
    pub round_trip: Duration,
}

/// A class that a process met in a queue and does not know.
///
/// Its jobs go back to the queue unchanged, until [`limits::UNKNOWN_CLASS_AFTER`](crate::limits::UNKNOWN_CLASS_AFTER)
/// (or what a server was told) has passed since the first meeting; then they die.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct UnknownClass {
    /// The class, as payloads name it.
    pub class: String,
    /// The queue that it was met in.
    pub queue: QueueName,
    /// When it was first met there, since it was last forgotten.
    pub since: Timestamp,
    /// When it was last met there: a class that is not met for
    /// [`limits::UNKNOWN_CLASS_FORGET`](crate::limits::UNKNOWN_CLASS_FORGET) is forgotten.
    pub last: Timestamp,
}

/// What a store is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct About {
    /// The kind: `sqlite`, `redis`, `model`.
    pub kind: &'static str,
    /// The version of the program behind it.
    pub version: String,
    /// Where it is, without credentials.
    pub place: String,
    /// Bytes that it takes, on disk or in memory.
    pub bytes: u64,
}
