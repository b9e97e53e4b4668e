//! What a person does to jobs, as forms and programs name it.

use std::time::Duration;

use sancho_core::{Action, Timestamp};

use crate::failure::Failure;
use crate::fields::Fields;

/// An act on jobs that have not started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Act {
    Run,
    Reschedule,
    Kill,
    Delete,
}

/// Spans by which a job is put off, in seconds, with the keys of their words.
pub(crate) const SPANS: [(u64, &str); 5] =
    [(300, "span.minutes"), (3_600, "span.hour"), (21_600, "span.hours"), (86_400, "span.day"), (604_800, "span.week")];

impl Act {
    /// Every act.
    pub(crate) const ALL: [Act; 4] = [Act::Run, Act::Reschedule, Act::Kill, Act::Delete];

    /// Its name in forms, in requests of programs and in audit lines.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Act::Run => "run",
            Act::Reschedule => "reschedule",
            Act::Kill => "kill",
            Act::Delete => "delete",
        }
    }

    /// The key of the word on its button.
    pub(crate) fn word(&self) -> &'static str {
        match self {
            Act::Run => "act.run",
            Act::Reschedule => "act.reschedule",
            Act::Kill => "act.kill",
            Act::Delete => "act.delete",
        }
    }

    /// The key of the question before it is done to many.
    pub(crate) fn question(&self) -> &'static str {
        match self {
            Act::Run => "ask.run",
            Act::Reschedule => "ask.reschedule",
            Act::Kill => "ask.kill",
            Act::Delete => "ask.delete",
        }
    }

    /// The key of the sentence that says to how many it was done.
    pub(crate) fn done(&self) -> &'static str {
        match self {
            Act::Run => "did.run",
            Act::Reschedule => "did.reschedule",
            Act::Kill => "did.kill",
            Act::Delete => "did.delete",
        }
    }

    /// Whether it asks for a time.
    pub(crate) fn puts_off(&self) -> bool {
        *self == Act::Reschedule
    }

    /// Whether it is what most people come for.
    pub(crate) fn is_first(&self) -> bool {
        *self == Act::Run
    }

    /// Whether it cannot be taken back.
    pub(crate) fn destroys(&self) -> bool {
        matches!(self, Act::Kill | Act::Delete)
    }

    /// The act of this name.
    pub(crate) fn named(name: &str) -> Option<Act> {
        Act::ALL.into_iter().find(|act| act.name() == name)
    }

    /// The action that the store is asked for; `now` is when the person asked.
    pub(crate) fn action(self, fields: &Fields, now: Timestamp) -> Result<Action, Failure> {
        self.action_at(|| wanted(fields, now))
    }

    /// The same, with the time from elsewhere: it is asked for where the act puts off.
    pub(crate) fn action_at<E>(self, at: impl FnOnce() -> Result<Timestamp, E>) -> Result<Action, E> {
        Ok(match self {
            Act::Run => Action::RunNow,
            Act::Kill => Action::Kill,
            Act::Delete => Action::Delete,
            Act::Reschedule => Action::Reschedule { at: at()? },
        })
    }
}

/// The time that a form asks for: `at` in UTC, or `in` so many seconds.
fn wanted(fields: &Fields, now: Timestamp) -> Result<Timestamp, Failure> {
    let at = fields.get("at");
    if !at.is_empty() {
        let time: jiff::civil::DateTime = at.parse().map_err(|_| Failure::invalid("act.no_time"))?;
        let time = time.to_zoned(jiff::tz::TimeZone::UTC).map_err(|_| Failure::invalid("act.no_time"))?;
        let time = Timestamp::from_unix_micros(time.timestamp().as_microsecond());
        // A time of the person's own zone, taken for UTC, is the slip that is made most.
        return if time > now { Ok(time) } else { Err(Failure::invalid("act.time_is_over")) };
    }
    let seconds = fields.number("in").filter(|seconds| SPANS.iter().any(|(span, _)| span == seconds));
    let seconds: u64 = seconds.ok_or_else(|| Failure::invalid("act.until_when"))?;
    Ok(now + Duration::from_secs(seconds))
}
