//! What the log tells of jobs: one event when each begins, and one when what came of it is safe.
//!
//! The events have the target `sancho::job`, a message of one word, and the same fields: a subscriber shows them as
//! text, as JSON or as logfmt. Nothing is made of a job's payload unless a subscriber wants the event.

use std::time::Duration;

use sancho_core::lifecycle::{Decision, Verdict};
use sancho_core::redact::{Hidden, REDACTED};
use sancho_core::{Envelope, Jid, Outcome, Payload, Place, QueueName, Redact, Timestamp};

use crate::LogLevel;

/// How the log tells of a class.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Telling {
    pub(crate) level: LogLevel,
    pub(crate) args: LogArgs,
    /// What the class hides; a payload may hide more.
    pub(crate) redact: Redact,
}

/// Whether arguments are told: they may be secrets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum LogArgs {
    #[default]
    No,
    Yes,
}

/// An event of a level that is not known before the program runs; its fields are the same for each.
macro_rules! event_at {
    ($level:expr, $($fields:tt)*) => {
        match $level {
            LogLevel::Off => {}
            LogLevel::Error => tracing::error!(target: "sancho::job", $($fields)*),
            LogLevel::Warn => tracing::warn!(target: "sancho::job", $($fields)*),
            LogLevel::Info => tracing::info!(target: "sancho::job", $($fields)*),
            LogLevel::Debug => tracing::debug!(target: "sancho::job", $($fields)*),
            LogLevel::Trace => tracing::trace!(target: "sancho::job", $($fields)*),
        }
    };
}

/// Whether anybody wants events of this level.
fn is_wanted(level: LogLevel) -> bool {
    match level {
        LogLevel::Off => false,
        LogLevel::Error => tracing::enabled!(target: "sancho::job", tracing::Level::ERROR),
        LogLevel::Warn => tracing::enabled!(target: "sancho::job", tracing::Level::WARN),
        LogLevel::Info => tracing::enabled!(target: "sancho::job", tracing::Level::INFO),
        LogLevel::Debug => tracing::enabled!(target: "sancho::job", tracing::Level::DEBUG),
        LogLevel::Trace => tracing::enabled!(target: "sancho::job", tracing::Level::TRACE),
    }
}

/// The span that a job's code runs in: whatever it logs can be told by it.
pub(crate) fn span(telling: Telling, class: &str, jid: Option<&Jid>, queue: &QueueName) -> tracing::Span {
    let jid = jid.map(Jid::as_str);
    match telling.level {
        LogLevel::Off => tracing::Span::none(),
        LogLevel::Error => tracing::error_span!(target: "sancho::job", "job", class, jid, %queue),
        LogLevel::Warn => tracing::warn_span!(target: "sancho::job", "job", class, jid, %queue),
        LogLevel::Info => tracing::info_span!(target: "sancho::job", "job", class, jid, %queue),
        LogLevel::Debug => tracing::debug_span!(target: "sancho::job", "job", class, jid, %queue),
        LogLevel::Trace => tracing::trace_span!(target: "sancho::job", "job", class, jid, %queue),
    }
}

/// Tells that a job begins.
pub(crate) fn start(telling: Telling, payload: &Payload, class: &str, jid: Option<&Jid>, queue: &QueueName) {
    if is_wanted(telling.level) {
        let Some(told) = Told::of(telling, payload) else { return };
        let Told { attempt, tags, args, .. } = told;
        event_at!(telling.level, class, jid = jid.map(Jid::as_str), %queue, attempt, tags, args, "start");
    }
}

/// What is told of a payload.
#[derive(Debug)]
struct Told {
    attempt: u32,
    tags: Option<String>,
    args: Option<String>,
    hidden: Hidden,
}

impl Told {
    fn of(telling: Telling, payload: &Payload) -> Option<Self> {
        let envelope = payload.envelope().ok()?;
        let tags = envelope.tags();
        let hidden = Hidden::said_by(payload).and(telling.redact.into());
        let args = |hidden: &Hidden| match hidden.hides_args() {
            true => hidden.cut_args(envelope.args()),
            false => envelope.args().to_owned(),
        };
        Some(Told {
            attempt: attempt(&envelope),
            tags: (!tags.is_empty()).then(|| tags.join(",")),
            args: (telling.args == LogArgs::Yes).then(|| args(&hidden)),
            hidden,
        })
    }
}

/// Which try of a job this is: one for the first.
pub(crate) fn attempt(envelope: &Envelope<'_>) -> u32 {
    envelope.retry_count().map_or(1, |count| count.saturating_add(2))
}

/// What the log calls an outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Word {
    Done,
    Fail,
    Snoozed,
    Discarded,
    Killed,
    Interrupted,
    Cancelled,
    Orphaned,
    Expired,
    Held,
    Returned,
    Unreadable,
}

impl Word {
    pub(crate) fn of(outcome: &Outcome) -> Self {
        match outcome {
            Outcome::Done => Word::Done,
            Outcome::Failed(_) => Word::Fail,
            Outcome::Snooze(_) => Word::Snoozed,
            Outcome::Discard => Word::Discarded,
            Outcome::Kill(_) => Word::Killed,
            Outcome::Interrupted => Word::Interrupted,
            Outcome::Canceled => Word::Cancelled,
            Outcome::Orphaned => Word::Orphaned,
            Outcome::Expired => Word::Expired,
            Outcome::Paused => Word::Held,
            Outcome::UnknownClass { .. } => Word::Returned,
            // The one that is left.
            _ => Word::Unreadable,
        }
    }

    fn text(self) -> &'static str {
        match self {
            Word::Done => "done",
            Word::Fail => "fail",
            Word::Snoozed => "snoozed",
            Word::Discarded => "discarded",
            Word::Killed => "killed",
            Word::Interrupted => "interrupted",
            Word::Cancelled => "cancelled",
            Word::Orphaned => "orphaned",
            Word::Expired => "expired",
            Word::Held => "held",
            Word::Returned => "returned",
            Word::Unreadable => "unreadable",
        }
    }

    /// The level that it is told at. Trouble is told as a warning at the least; a class that is not known is named
    /// once, elsewhere, and not each time that its jobs go back.
    fn level(self, given: LogLevel, verdict: Verdict) -> LogLevel {
        let is_trouble = matches!(self, Word::Fail | Word::Killed | Word::Orphaned | Word::Unreadable);
        if given == LogLevel::Off {
            LogLevel::Off
        } else if is_trouble || verdict == Verdict::Died {
            given.min(LogLevel::Warn)
        } else if self == Word::Returned {
            given.max(LogLevel::Debug)
        } else {
            given
        }
    }
}

/// What is to be told of a job's end, once it is safe.
#[derive(Debug)]
pub(crate) struct EndLine {
    level: LogLevel,
    word: Word,
    told: Option<Told>,
    /// What comes next, where that does not follow from the word.
    next: Option<String>,
}

impl EndLine {
    /// The line of an outcome that was decided about; `None` when nobody wants it.
    pub(crate) fn of(
        telling: Telling,
        payload: &Payload,
        word: Word,
        decision: &Decision,
        now: Timestamp,
    ) -> Option<Self> {
        let level = word.level(telling.level, decision.verdict);
        let line = || EndLine { level, word, told: Told::of(telling, payload), next: next(word, decision, now) };
        is_wanted(level).then(line)
    }

    /// Tells it.
    pub(crate) fn tell(
        self,
        (jid, class, queue): (Option<&Jid>, &str, &QueueName),
        error: Option<&(String, String)>,
        elapsed: Duration,
    ) {
        let EndLine { level, word, told, next } = self;
        let word = word.text();
        let (attempt, tags, args, hidden) = match told {
            Some(Told { attempt, tags, args, hidden }) => (Some(attempt), tags, args, hidden),
            None => (None, None, None, Hidden::nothing()),
        };
        let elapsed_ms = elapsed.as_micros() as f64 / 1e3;
        let jid = jid.map(Jid::as_str);
        match error {
            Some((error_class, said)) => {
                let error_message = if hidden.hides_errors() { REDACTED } else { said };
                event_at!(
                level,
                class, jid, %queue, attempt, elapsed_ms, tags, args, next, error_class, error_message, "{word}"
                )
            }
            None => event_at!(level, class, jid, %queue, attempt, elapsed_ms, tags, args, next, "{word}"),
        }
    }
}

fn next(word: Word, decision: &Decision, now: Timestamp) -> Option<String> {
    let place = &decision.transition.place;
    match (decision.verdict, place) {
        (Verdict::Retried { at, .. }, _) => Some(format!("retry in {:?}", whole_millis(at.since(now)))),
        (Verdict::Died, Place::Dead) => Some("dead".to_owned()),
        (Verdict::Died, _) => Some("gone".to_owned()),
        (Verdict::Postponed, Place::Scheduled { at }) => Some(format!("again in {:?}", whole_millis(at.since(now)))),
        (Verdict::Returned, _) if word != Word::Returned => Some("again at once".to_owned()),
        _ => None,
    }
}

fn whole_millis(span: Duration) -> Duration {
    Duration::from_millis(u64::try_from(span.as_millis()).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trouble_is_told_as_a_warning_at_the_least_unless_nothing_is_told() {
        use LogLevel::{Debug, Error, Info, Off, Warn};
        for (word, verdict, given, want) in [
            (Word::Done, Verdict::Done, Debug, Debug),
            (Word::Fail, Verdict::Died, Info, Warn),
            (Word::Fail, Verdict::Died, Error, Error),
            (Word::Fail, Verdict::Died, Off, Off),
            (Word::Returned, Verdict::Returned, Info, Debug),
            (Word::Returned, Verdict::Died, Info, Warn),
            (Word::Interrupted, Verdict::Returned, Info, Info),
        ] {
            assert_eq!(word.level(given, verdict), want, "{word:?} {verdict:?} {given:?}");
        }
    }
}
