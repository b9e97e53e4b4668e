//! One term of a filter.

use std::cmp::Ordering;
use std::fmt;
use std::time::Duration;

use super::field::{Field, Moment, Word};
use super::pattern::Pattern;
use super::span;
use crate::{Envelope, Payload, Timestamp};

/// A test, and whether it is to hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Term {
    pub(super) sign: Sign,
    pub(super) test: Test,
}

/// Whether a test is to hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sign {
    With,
    Without,
}

/// What is asked of a payload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Test {
    /// The text stands somewhere in the payload.
    Text(Pattern),
    /// One of the texts is so.
    Is(Word, Pattern),
    /// The text, in lower case here, stands somewhere in one of the texts.
    Has(Word, Pattern),
    /// So often it has failed.
    Attempts(Comparison, u64),
    /// So long ago it was, as seen from `now`.
    Moment { moment: Moment, comparison: Comparison, span: Duration, now: Timestamp },
}

/// How a number is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Comparison {
    Less,
    AtMost,
    Equal,
    AtLeast,
    More,
}

impl Term {
    /// Whether the members of a payload are needed, not only its text.
    pub(super) fn reads_members(&self) -> bool {
        !matches!(self.test, Test::Text(_))
    }

    /// Whether it holds; `envelope` is `None` where the payload cannot be read, or need not be.
    pub(super) fn holds(&self, payload: &Payload, envelope: Option<&Envelope<'_>>) -> bool {
        let tested = match (&self.test, envelope) {
            (Test::Text(pattern), _) => pattern.stands_in(&payload.to_text_lossy()),
            (_, None) => false,
            (Test::Is(word, pattern), Some(envelope)) => word.of(envelope).iter().any(|text| pattern.matches(text)),
            (Test::Has(word, pattern), Some(envelope)) => {
                word.of(envelope).iter().any(|text| pattern.stands_in(&text.to_lowercase()))
            }
            (Test::Attempts(comparison, count), Some(envelope)) => {
                let attempts = envelope.retry_count().map_or(0, |count| u64::from(count) + 1);
                comparison.holds(attempts.cmp(count))
            }
            (Test::Moment { moment, comparison, span, now }, Some(envelope)) => {
                moment.of(envelope).is_some_and(|at| comparison.holds(now.since(at).cmp(span)))
            }
        };
        tested == (self.sign == Sign::With)
    }
}

impl Comparison {
    /// The signs, those of two characters first, so that none is taken for the start of another.
    pub(super) const SIGNS: [(&'static str, Comparison); 6] = [
        (">=", Comparison::AtLeast),
        ("<=", Comparison::AtMost),
        (">", Comparison::More),
        ("<", Comparison::Less),
        (":", Comparison::Equal),
        ("=", Comparison::Equal),
    ];

    fn holds(self, ordering: Ordering) -> bool {
        match self {
            Comparison::Less => ordering.is_lt(),
            Comparison::AtMost => ordering.is_le(),
            Comparison::Equal => ordering.is_eq(),
            Comparison::AtLeast => ordering.is_ge(),
            Comparison::More => ordering.is_gt(),
        }
    }

    fn sign(self) -> &'static str {
        Comparison::SIGNS.iter().find(|(_, comparison)| *comparison == self).map_or(":", |(sign, _)| sign)
    }
}

impl fmt::Display for Term {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.sign == Sign::Without {
            f.write_str("-")?;
        }
        match &self.test {
            // A bare word that is the name of a field would be refused as a slip.
            Test::Text(pattern) if pattern.as_literal().is_some_and(|text| Field::named(text).is_some()) => {
                write!(f, "\"{pattern}\"")
            }
            Test::Text(pattern) => write!(f, "{pattern}"),
            Test::Is(word, pattern) => write!(f, "{}:{pattern}", Field::Word(*word).name()),
            Test::Has(word, pattern) => write!(f, "{}~{pattern}", Field::Word(*word).name()),
            Test::Attempts(comparison, count) => write!(f, "{}{}{count}", Field::Attempts.name(), comparison.sign()),
            Test::Moment { moment, comparison, span, .. } => {
                write!(f, "{}{}{}", Field::Moment(*moment).name(), comparison.sign(), span::write(*span))
            }
        }
    }
}
