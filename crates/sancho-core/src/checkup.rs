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

/// The name of what [`unknown_classes`] finds.
pub const UNKNOWN_CLASS: &str = "unknown-class";

/// What kind of thing was found, for those who have words of their own for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kind {
    /// Its name, such as `redis-replica`: it stays as it is from version to version.
    pub name: &'static str,
    /// What is said of this one, in an order that stays as it is too.
    pub values: Vec<Value>,
}

/// Something that a finding says, before it is put into words.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Value {
    /// A name or a text, which a stranger may have written.
    Text(String),
    /// Names, which strangers may have written; there may be many.
    Names(Vec<String>),
    /// How many.
    Number(u64),
    /// How many bytes.
    Bytes(u64),
    /// How long.
    Span(Duration),
}

/// One thing that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// How much it matters.
    pub level: Level,
    /// What kind of thing it is; `None` where nobody but the finding itself has words for it. What a store finds
    /// that something should be done about has one.
    pub kind: Option<Kind>,
    /// What was found, as one sentence without a stop. It may hold text that a stranger wrote.
    pub what: String,
    /// What to do about it; `None` when nothing has to be done.
    pub fix: Option<String>,
}

impl Finding {
    /// It is as it should be.
    pub fn good(what: impl Into<String>) -> Self {
        Finding { level: Level::Good, kind: None, what: what.into(), fix: None }
    }

    /// It is worth knowing.
    pub fn notice(what: impl Into<String>) -> Self {
        Finding { level: Level::Notice, kind: None, what: what.into(), fix: None }
    }

    /// Something should be done: this.
    pub fn warning(what: impl Into<String>, fix: impl Into<String>) -> Self {
        Finding { level: Level::Warning, kind: None, what: what.into(), fix: Some(fix.into()) }
    }

    /// Jobs are at risk, or are not performed, until this is done.
    pub fn problem(what: impl Into<String>, fix: impl Into<String>) -> Self {
        Finding { level: Level::Problem, kind: None, what: what.into(), fix: Some(fix.into()) }
    }

    /// The same, of a kind.
    ///
    /// ```
    /// use sancho_core::checkup::{Finding, Value};
    ///
    /// let finding = Finding::problem("Redis 6.2.1 is too old", "use Redis 7.0 or later");
    /// let finding = finding.named("redis-too-old", [Value::Text("6.2.1".to_owned())]);
    /// assert!(finding.is("redis-too-old"));
    /// ```
    #[must_use]
    pub fn named(self, name: &'static str, values: impl IntoIterator<Item = Value>) -> Self {
        Finding { kind: Some(Kind { name, values: values.into_iter().collect() }), ..self }
    }

    /// Whether it is of the kind of this name.
    pub fn is(&self, name: &str) -> bool {
        self.kind.as_ref().is_some_and(|kind| kind.name == name)
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
        .named(UNKNOWN_CLASS, [Value::Text(class), Value::Text(queue.to_string())])
    });
    let mut found: Vec<Finding> = named.collect();
    if let more @ 1.. = classes.len().saturating_sub(CLASSES_NAMED_MAX) {
        let what = format!("{more} more classes were met that a server does not know");
        found.push(Finding::warning(what, fix).named(UNKNOWN_CLASS, []));
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
