//! What follows an outcome.

use std::time::Duration;

use super::{End, Place, Tally, Transition};
use crate::job::{Backtrace, Bury, Envelope, Retry, WireTime};
use crate::retry::{Backoff, sidekiq_delay};
use crate::{Payload, QueueName, Timestamp, backtrace, limits};

/// What came of a claimed job.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Outcome {
    /// It was performed.
    Done,
    /// It returned an error, panicked, or took too long.
    Failed(Failure),
    /// It wants to be performed again later; no failure.
    Snooze(Duration),
    /// It wants to be dropped; no failure.
    Discard,
    /// It wants to be buried, for this reason.
    Kill(Failure),
    /// Its process stopped before it was done.
    Interrupted,
    /// It was canceled while it ran.
    Canceled,
    /// Its process died, or lost its lease, with the job in its hands.
    Orphaned,
    /// It came too late to be worth starting.
    Expired,
    /// Its class is paused.
    Paused,
    /// This build does not know its class; `first_met` is when a process first met it on that queue.
    UnknownClass {
        /// Since when the class has been met, and not known, on that queue.
        first_met: Timestamp,
    },
    /// Its payload cannot be read.
    Unreadable,
}

/// An error, as it is kept with a job.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Failure {
    /// The error's class: in Rust, the name of its type.
    pub class: String,
    /// Its message.
    pub message: String,
    /// Its backtrace, outermost call last; kept as far as the job asks.
    pub backtrace: Vec<String>,
    /// What the job's own back-off function says.
    pub backoff: Backoff,
    /// When it failed; `None` when that is not known better than by the time at which the outcome is decided.
    pub at: Option<Timestamp>,
}

/// A claimed job, as the rules see it.
#[derive(Clone, Copy, Debug)]
pub struct Attempt<'a> {
    /// Its bytes.
    pub payload: &'a Payload,
    /// The queue that it was taken from.
    pub queue: &'a QueueName,
    /// What is configured for it.
    pub policy: &'a Policy,
}

/// What a server is configured for, where the payload does not say.
#[derive(Clone, Debug)]
pub struct Policy {
    /// Retries of a job whose `retry` is `true`.
    pub retries: u32,
    /// What holds for a payload without `retry`: the class's own setting.
    pub retry: Retry,
    /// What holds for a payload that has neither `retry` nor `retry_for`: the class's own window, if it has one.
    pub retry_for: Option<Duration>,
    /// What holds for a payload without `retry_queue`.
    pub retry_queue: Option<QueueName>,
    /// What holds for a payload without `dead`.
    pub dead: Bury,
    /// What holds for a payload without `backtrace`.
    pub backtrace: Backtrace,
    /// How times are written.
    pub wire: WireTime,
}

impl Default for Policy {
    fn default() -> Self {
        Policy {
            retries: limits::RETRIES,
            retry: Retry::Never,
            retry_for: None,
            retry_queue: None,
            dead: Bury::Yes,
            backtrace: Backtrace::None,
            wire: WireTime::default(),
        }
    }
}

/// What follows an outcome, and what it means, for events and logs.
#[derive(Clone, Debug, PartialEq)]
pub struct Decision {
    /// What the store does.
    pub transition: Transition,
    /// What it means.
    pub verdict: Verdict,
}

/// What a decision means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Verdict {
    /// The job is done.
    Done,
    /// It failed and will be tried again.
    Retried {
        /// When.
        at: Timestamp,
        /// The count of retries after this failure: zero after the first.
        retry_count: u32,
    },
    /// It will not be tried again; death handlers are told.
    Died,
    /// It comes again later, without a failure.
    Postponed,
    /// It goes back to its queue, without a failure.
    Returned,
    /// It is dropped on purpose.
    Dropped,
    /// It is kept back.
    Held,
}

const NOTHING: Tally = Tally { processed: 0, failed: 0 };
const PROCESSED: Tally = Tally { processed: 1, failed: 0 };
const FAILED: Tally = Tally { processed: 1, failed: 1 };
const POISONED: Tally = Tally { processed: 0, failed: 1 };

/// What follows `outcome`. `chance`, between zero and one, spreads retries: it has no say in whether there is one.
///
/// A failure that says when it was is decided as of then, however much later that is: whoever asks again before the
/// outcome is settled gets the same answer.
pub fn decide(attempt: Attempt<'_>, outcome: Outcome, now: Timestamp, chance: f64) -> Decision {
    let Ok(envelope) = attempt.payload.envelope() else {
        return to(Place::Dead, None, NOTHING, Verdict::Died);
    };
    match outcome {
        Outcome::Done => performed(),
        Outcome::Discard | Outcome::Canceled => to(Place::Gone, None, PROCESSED, Verdict::Dropped),
        Outcome::Expired => to(Place::Gone, None, NOTHING, Verdict::Dropped),
        Outcome::Snooze(span) => {
            let payload = edited(attempt, |members| {
                members.set("queue", attempt.queue.as_str());
                members.remove("enqueued_at");
            });
            to(Place::Scheduled { at: now + span }, payload, PROCESSED, Verdict::Postponed)
        }
        Outcome::Kill(failure) => {
            let now = failure.at.unwrap_or(now);
            let payload = with_failure(attempt, &envelope, &failure, attempt.queue, envelope.retry_count(), now);
            to(Place::Dead, payload, PROCESSED, Verdict::Died)
        }
        Outcome::Failed(failure) => {
            let now = failure.at.unwrap_or(now);
            fail(attempt, &envelope, &failure, now, chance)
        }
        Outcome::Interrupted => to(front(attempt), None, NOTHING, Verdict::Returned),
        Outcome::Orphaned => orphan(attempt, &envelope, now),
        Outcome::Paused => {
            let reason = format!("class {} is paused", envelope.class());
            to(Place::Held { reason }, None, NOTHING, Verdict::Held)
        }
        Outcome::UnknownClass { first_met } if now.since(first_met) >= limits::UNKNOWN_CLASS_AFTER => {
            to(Place::Dead, None, NOTHING, Verdict::Died)
        }
        Outcome::UnknownClass { .. } => {
            let place = Place::Queue { queue: attempt.queue.clone(), end: End::Back };
            to(place, None, NOTHING, Verdict::Returned)
        }
        Outcome::Unreadable => to(Place::Dead, None, NOTHING, Verdict::Died),
    }
}

/// What follows [`Outcome::Done`], for those who have read the payload already: nearly every job's end, and [`decide`]
/// would read it once more.
pub fn performed() -> Decision {
    to(Place::Gone, None, PROCESSED, Verdict::Done)
}

fn to(place: Place, payload: Option<Payload>, tally: Tally, verdict: Verdict) -> Decision {
    Decision { transition: Transition { place, payload, tally }, verdict }
}

fn front(attempt: Attempt<'_>) -> Place {
    Place::Queue { queue: attempt.queue.clone(), end: End::Front }
}

fn fail(attempt: Attempt<'_>, envelope: &Envelope<'_>, failure: &Failure, now: Timestamp, chance: f64) -> Decision {
    let retry = envelope.retry().unwrap_or(attempt.policy.retry);
    if retry == Retry::Never {
        return to(Place::Gone, None, FAILED, Verdict::Died);
    }
    let retry_count = envelope.retry_count().map_or(0, |count| count.saturating_add(1));
    let retry_queue = envelope.retry_queue().or_else(|| attempt.policy.retry_queue.clone());
    let queue = retry_queue.unwrap_or_else(|| attempt.queue.clone());
    let payload = with_failure(attempt, envelope, failure, &queue, Some(retry_count), now);
    if failure.backoff == Backoff::Discard {
        return to(Place::Gone, None, FAILED, Verdict::Died);
    }
    if failure.backoff == Backoff::Kill || exhausted(attempt, envelope, retry, retry_count, now) {
        let bury = envelope.dead().map_or(attempt.policy.dead, Bury::from);
        let place = if bury == Bury::No { Place::Gone } else { Place::Dead };
        return to(place, payload, FAILED, Verdict::Died);
    }
    let at = match failure.backoff {
        Backoff::After(delay) => now + delay,
        Backoff::At(time) => time.max(now),
        _ => now + sidekiq_delay(retry_count, chance),
    };
    to(Place::Retries { at }, payload, FAILED, Verdict::Retried { at, retry_count })
}

fn exhausted(attempt: Attempt<'_>, envelope: &Envelope<'_>, retry: Retry, retry_count: u32, now: Timestamp) -> bool {
    // As Sidekiq 8.1 has it: with a window the count is ignored. A count or a window answer the same question, so a
    // payload that has one of them is not asked about the other.
    let is_silent = envelope.retry().is_none();
    if let Some(window) = envelope.retry_for().or(attempt.policy.retry_for.filter(|_| is_silent)) {
        return envelope.failed_at().unwrap_or(now) + window < now;
    }
    match retry {
        Retry::Limit(limit) => retry_count >= limit,
        _ => retry_count >= attempt.policy.retries,
    }
}

fn orphan(attempt: Attempt<'_>, envelope: &Envelope<'_>, now: Timestamp) -> Decision {
    let mut times = envelope.orphaned_at();
    times.retain(|time| now.since(*time) < limits::ORPHAN_WINDOW);
    times.push(now);
    let wire = attempt.policy.wire;
    let list = format!("[{}]", times.iter().map(|time| wire.write(*time)).collect::<Vec<_>>().join(","));
    let mark = |members: &mut crate::Members| {
        members.set_raw("orphaned_at", list.clone()).expect("an array of numbers is JSON");
    };
    if times.len() < limits::ORPHANED_MAX {
        return to(front(attempt), edited(attempt, mark), NOTHING, Verdict::Returned);
    }
    let payload = edited(attempt, |members| {
        mark(members);
        members.set("queue", attempt.queue.as_str());
        members.set("error_class", "Sancho::Poison");
        members.set("error_message", &format!("{} processes died with this job in their hands", times.len()));
        if envelope.failed_at().is_none() {
            set_time(members, "failed_at", now, wire);
        }
    });
    to(Place::Dead, payload, POISONED, Verdict::Died)
}

/// The payload with an error's members, as Sidekiq writes them.
fn with_failure(
    attempt: Attempt<'_>,
    envelope: &Envelope<'_>,
    failure: &Failure,
    queue: &QueueName,
    retry_count: Option<u32>,
    now: Timestamp,
) -> Option<Payload> {
    let wire = attempt.policy.wire;
    edited(attempt, |members| {
        members.set("queue", queue.as_str());
        members.set("error_message", first(&failure.message, limits::ERROR_MESSAGE_CHARS_MAX));
        members.set("error_class", first(&failure.class, limits::ERROR_CLASS_CHARS_MAX));
        if let Some(count) = retry_count {
            members.set("retry_count", &count);
        }
        let when = if envelope.failed_at().is_none() { "failed_at" } else { "retried_at" };
        set_time(members, when, now, wire);
        let lines = match envelope.backtrace().unwrap_or(attempt.policy.backtrace) {
            Backtrace::None => return,
            Backtrace::Lines(lines) => usize::try_from(lines).unwrap_or(usize::MAX),
            Backtrace::All => usize::MAX,
        };
        let kept = failure.backtrace.len().min(lines).min(limits::BACKTRACE_LINES_MAX);
        let lines = failure.backtrace[..kept].iter().map(|line| first(line, limits::BACKTRACE_LINE_CHARS_MAX));
        members.set("error_backtrace", &backtrace::write(&lines.collect::<Vec<_>>()));
    })
}

/// The first so many characters of a text.
fn first(text: &str, chars: usize) -> &str {
    text.char_indices().nth(chars).map_or(text, |(end, _)| &text[..end])
}

fn set_time(members: &mut crate::Members, name: &str, time: Timestamp, wire: WireTime) {
    members.set_raw(name, wire.write(time)).expect("a number is JSON");
}

fn edited(attempt: Attempt<'_>, edit: impl FnOnce(&mut crate::Members)) -> Option<Payload> {
    // An envelope was read before, so the members can be; if not, the bytes stay as they are.
    let mut members = attempt.payload.members().ok()?;
    edit(&mut members);
    Some(members.to_payload())
}
