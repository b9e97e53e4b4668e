//! All the rules of what may become of a job, as pure functions.
//!
//! [`place`] says where a new job goes, [`decide`] what follows an outcome, [`permits`] what people may do.
//! Stores apply what these say and decide nothing themselves. docs/lifecycle.md shows the same as a table.

mod decide;

pub use decide::{Attempt, Decision, Failure, Outcome, Policy, Verdict, decide, performed};

use crate::inspect::Action;
use crate::{Payload, QueueName, Timestamp};

/// Where a job is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum State {
    /// In a queue.
    Enqueued,
    /// In a process's hands.
    Busy,
    /// Waiting for its time.
    Scheduled,
    /// Failed, and waiting for its next try.
    Retries,
    /// Given up, kept for people to look at.
    Dead,
    /// Kept back for a reason.
    Held,
}

impl State {
    /// The word for it, as pages, commands and JSON have it.
    pub fn as_str(self) -> &'static str {
        match self {
            State::Enqueued => "enqueued",
            State::Busy => "busy",
            State::Scheduled => "scheduled",
            State::Retries => "retries",
            State::Dead => "dead",
            State::Held => "held",
        }
    }
}

impl std::fmt::Display for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Where a job goes. Open to no surprise: a new place has to break every store's build.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// Nowhere: it is gone, and its key is free.
    Gone,
    /// To one end of a queue.
    Queue {
        /// The queue.
        queue: QueueName,
        /// Which end.
        end: End,
    },
    /// To the scheduled set; then to the queue that its payload names.
    Scheduled {
        /// When it is due.
        at: Timestamp,
    },
    /// To the retries; then to the queue that its payload names.
    Retries {
        /// When it is due.
        at: Timestamp,
    },
    /// To the dead set; its key is free.
    Dead,
    /// Out of the way until somebody lets it go on.
    Held {
        /// Why.
        reason: String,
    },
}

impl Place {
    /// The state of a job in this place; `None` when it is gone.
    pub fn state(&self) -> Option<State> {
        Some(match self {
            Place::Gone => return None,
            Place::Queue { .. } => State::Enqueued,
            Place::Scheduled { .. } => State::Scheduled,
            Place::Retries { .. } => State::Retries,
            Place::Dead => State::Dead,
            Place::Held { .. } => State::Held,
        })
    }
}

/// An end of a queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum End {
    /// The job runs next. Of several put there in one call, the first of the call runs first.
    Front,
    /// The job runs after those that are there.
    Back,
}

/// What a claimed job becomes: its next place, its bytes there, and what is counted, in one step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transition {
    /// Where it goes.
    pub place: Place,
    /// Its new bytes; `None` leaves them as they are, to the byte.
    pub payload: Option<Payload>,
    /// What is counted, for the store's whole life and for the day.
    pub tally: Tally,
}

/// What a transition adds to the counters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Added to the jobs processed: zero or one.
    pub processed: u8,
    /// Added to the failures: zero or one.
    pub failed: u8,
}

/// Where a new job goes: to its queue, or, when `at` is in the future, to the scheduled set.
pub fn place(queue: &QueueName, at: Option<Timestamp>, now: Timestamp) -> Place {
    match at {
        Some(at) if at > now => Place::Scheduled { at },
        _ => Place::Queue { queue: queue.clone(), end: End::Back },
    }
}

/// What an action does to a job. Open to no surprise, as [`Place`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Permitted {
    /// It goes to the back of the queue that its payload names.
    Enqueue,
    /// It goes to the dead set.
    Bury,
    /// It goes away.
    Remove,
    /// It waits until then: in the retries if it came from there, else scheduled.
    Wait {
        /// When it is due.
        at: Timestamp,
    },
}

/// Why an action is not done to a job.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// A process has it.
    #[error("it has started: only `cancel --running` reaches a running job")]
    Started,
    /// It is where the action would bring it, or has nothing to do with it.
    #[error("it is {0}, where this has no meaning")]
    Senseless(State),
    /// It would take a key that another job has taken meanwhile.
    #[error("its key is taken by job {holder}: cancel that one first")]
    KeyTaken {
        /// The job that holds the key.
        holder: crate::Jid,
    },
}

/// Whether a job is already where an action would bring it: due then.
///
/// An action on a whole set passes over such jobs. Rescheduled jobs stay in their set, and it may meet them again at
/// their new place: without this it would move them twice, or never come to an end.
pub fn is_there_already(state: State, at: Option<Timestamp>, action: &Action) -> bool {
    match action {
        Action::Reschedule { at: wanted } => matches!(state, State::Scheduled | State::Retries) && at == Some(*wanted),
        _ => false,
    }
}

/// What an action does to a job in a state.
///
/// # Errors
/// [`Refusal`], when the state does not allow it: nothing is changed then.
pub fn permits(state: State, action: &Action) -> Result<Permitted, Refusal> {
    use State::{Busy, Dead, Enqueued, Held, Retries, Scheduled};
    match (action, state) {
        (_, Busy) => Err(Refusal::Started),
        (Action::RunNow, Scheduled | Retries | Dead | Held) => Ok(Permitted::Enqueue),
        (Action::Kill, Enqueued | Scheduled | Retries | Held) => Ok(Permitted::Bury),
        (Action::Delete, Enqueued | Scheduled | Retries | Held | Dead) => Ok(Permitted::Remove),
        (Action::Cancel, Enqueued | Scheduled | Retries | Held) => Ok(Permitted::Remove),
        (Action::Reschedule { at }, Enqueued | Scheduled | Retries | Held) => Ok(Permitted::Wait { at: *at }),
        (Action::RunNow, Enqueued) => Err(Refusal::Senseless(state)),
        (Action::Kill | Action::Cancel | Action::Reschedule { .. }, Dead) => Err(Refusal::Senseless(state)),
    }
}
