//! What is found when a store is asked whether it is well.

use std::fmt;
use std::time::Duration;

use crate::{Timestamp, UnknownClass};

/// Classes not known that findings name, each by itself; of the rest they say how many.
const CLASSES_NAMED_MAX: usize = 5;

/// Characters of a class's name that a finding repeats: it comes from a payload.
const CLASS_CHARS_MAX: usize = 100;

/// How much a finding matters; later ones matter more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// It is as it should be.
    Good,
    /// It is worth knowing, and nothing has to be done.
    Notice,
    /// Something should be done before it becomes a problem.
    Warning,
    /// Jobs are at risk, or are not performed.
    Problem,
}

impl Level {
    /// Its word, as people and scripts read it.
    pub fn as_str(self) -> &'static str {
        match self {
            Level::Good => "good",
            Level::Notice => "notice",
            Level::Warning => "warning",
            Level::Problem => "problem",
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One thing that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// How much it matters.
    pub level: Level,
    /// What was found, as one sentence without a stop. It may hold text that a stranger wrote.
    pub what: String,
    /// What to do about it; `None` when nothing has to be done.
    pub fix: Option<String>,
}

impl Finding {
    /// It is as it should be.
    pub fn good(what: impl Into<String>) -> Self {
        Finding { level: Level::Good, what: what.into(), fix: None }
    }

    /// It is worth knowing.
    pub fn notice(what: impl Into<String>) -> Self {
        Finding { level: Level::Notice, what: what.into(), fix: None }
    }

    /// Something should be done: this.
    pub fn warning(what: impl Into<String>, fix: impl Into<String>) -> Self {
        Finding { level: Level::Warning, what: what.into(), fix: Some(fix.into()) }
    }

    /// Jobs are at risk, or are not performed, until this is done.
    pub fn problem(what: impl Into<String>, fix: impl Into<String>) -> Self {
        Finding { level: Level::Problem, what: what.into(), fix: Some(fix.into()) }
    }
}

/// What a checkup says of [classes that processes do not know](crate::Inspect::unknown_classes), those met longest
/// ago first; nothing where there are none.
pub fn unknown_classes(classes: &[UnknownClass], now: Timestamp) -> Vec<Finding> {
    let mut classes: Vec<&UnknownClass> = classes.iter().collect();
    classes.sort_by_key(|met| met.since);
    let fix = "run a build that registers the class on every server of that queue: its jobs wait, and die a day after \
               they were first met";
    let named = classes.iter().take(CLASSES_NAMED_MAX).map(|met| {
        let class: String = met.class.chars().take(CLASS_CHARS_MAX).collect();
        let (queue, since) = (&met.queue, words(now.since(met.since)));
        Finding::warning(
            format!("queue {queue} has jobs of the class {class}, which a server of it has not known for {since}"),
            fix,
        )
    });
    let mut found: Vec<Finding> = named.collect();
    if let more @ 1.. = classes.len().saturating_sub(CLASSES_NAMED_MAX) {
        found.push(Finding::warning(format!("{more} more classes were met that a server does not know"), fix));
    }
    found
}

/// A length of time, in the unit that suits it.
fn words(span: Duration) -> String {
    let (count, unit) = match span.as_secs() / 60 {
        0 => (span.as_secs(), "second"),
        minutes @ 1..120 => (minutes, "minute"),
        minutes => (minutes / 60, "hour"),
    };
    format!("{count} {unit}{}", if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::QueueName;

    fn met(class: &str, since: i64) -> UnknownClass {
        let since = Timestamp::from_unix_micros(since * 1_000_000);
        UnknownClass { class: class.to_owned(), queue: QueueName::default(), since, last: since }
    }

    #[test]
    fn classes_not_known_are_named_the_oldest_first_and_the_rest_counted() {
        let now = Timestamp::from_unix_micros(10_000 * 1_000_000);
        assert_eq!(unknown_classes(&[], now), []);
        let classes: Vec<UnknownClass> = (0..8).map(|n| met(&format!("C{n}"), 9_999 - n * 1_200)).collect();
        let found = unknown_classes(&classes, now);
        assert_eq!(found.len(), CLASSES_NAMED_MAX + 1);
        assert_eq!(
            found[0].what,
            "queue default has jobs of the class C7, which a server of it has not known for 2 hours"
        );
        assert!(found[3].what.contains("class C4,") && found[3].what.ends_with("for 80 minutes"), "{:?}", found[3]);
        assert_eq!(found[5].what, "3 more classes were met that a server does not know");
        assert!(found.iter().all(|finding| finding.level == Level::Warning && finding.fix.is_some()));
    }

    #[test]
    fn spans_have_their_units() {
        let read = |secs| words(Duration::from_secs(secs));
        assert_eq!(
            [read(0), read(1), read(60), read(7_199), read(7_200)].join(", "),
            "0 seconds, 1 second, 1 minute, 119 minutes, 2 hours"
        );
    }
}
