//! What a term may be about.

use std::borrow::Cow;

use serde_json::value::RawValue;

use crate::{Envelope, Timestamp};

/// Something of a job that has a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Word {
    Class,
    DisplayClass,
    Queue,
    Jid,
    Key,
    Tag,
    Arg,
    Error,
    ErrorClass,
}

/// A time of a job, which is compared by how long ago it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Moment {
    Age,
    Failed,
}

/// Something of a job that a term may be about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Field {
    Word(Word),
    Attempts,
    Moment(Moment),
}

/// Every field, by the name that is typed.
const FIELDS: [(&str, Field); 12] = [
    ("class", Field::Word(Word::Class)),
    ("display_class", Field::Word(Word::DisplayClass)),
    ("queue", Field::Word(Word::Queue)),
    ("jid", Field::Word(Word::Jid)),
    ("key", Field::Word(Word::Key)),
    ("tag", Field::Word(Word::Tag)),
    ("arg", Field::Word(Word::Arg)),
    ("error", Field::Word(Word::Error)),
    ("error_class", Field::Word(Word::ErrorClass)),
    ("attempts", Field::Attempts),
    ("age", Field::Moment(Moment::Age)),
    ("failed", Field::Moment(Moment::Failed)),
];

impl Field {
    /// The field with this name.
    pub(super) fn named(name: &str) -> Option<Field> {
        FIELDS.iter().find(|(known, _)| *known == name).map(|(_, field)| *field)
    }

    /// Its name, as it is typed.
    pub(super) fn name(self) -> &'static str {
        FIELDS.iter().find(|(_, field)| *field == self).map_or("", |(name, _)| name)
    }

    /// How a term about it is written, for people.
    pub(super) fn example(self) -> &'static str {
        match self {
            Field::Word(Word::Class) => "class:Mail*",
            Field::Word(Word::DisplayClass) => "display_class:Mail*",
            Field::Word(Word::Queue) => "queue:low",
            Field::Word(Word::Jid) => "jid:019a2b*",
            Field::Word(Word::Key) => "key:product:42",
            Field::Word(Word::Tag) => "tag:eu",
            Field::Word(Word::Arg) => "arg:7",
            Field::Word(Word::Error) => "error~timeout",
            Field::Word(Word::ErrorClass) => "error_class:Net::*",
            Field::Attempts => "attempts>3",
            Field::Moment(Moment::Age) => "age>1h",
            Field::Moment(Moment::Failed) => "failed<10m",
        }
    }

    /// Every name, for people.
    pub(super) fn names() -> String {
        FIELDS.map(|(name, _)| name).join(", ")
    }

    /// The name that was probably meant, if one is near.
    pub(super) fn nearest(name: &str) -> Option<&'static str> {
        let near = FIELDS.iter().map(|(known, _)| (distance(known, name), *known)).min()?;
        (near.0 <= 2 && near.0 < near.1.len()).then_some(near.1)
    }
}

impl Word {
    /// The texts of it that a payload has; a term holds when it holds for one of them.
    pub(super) fn of<'a>(self, envelope: &'a Envelope<'a>) -> Vec<Cow<'a, str>> {
        match self {
            Word::Class => {
                vec![envelope.display_class(), envelope.inner_class(), Cow::Borrowed(envelope.class())]
            }
            // An empty name is none: no term could ask for it.
            Word::DisplayClass => Some(envelope.display_class()).filter(|name| !name.is_empty()).into_iter().collect(),
            Word::Queue => envelope.queue().map(|queue| Cow::Owned(queue.to_string())).into_iter().collect(),
            Word::Jid => envelope.jid().into_iter().collect(),
            Word::Key => envelope.key().map(|key| Cow::Owned(key.to_string())).into_iter().collect(),
            Word::Tag => envelope.tags().into_iter().map(Cow::Owned).collect(),
            Word::Arg => args(envelope.args()),
            Word::Error => {
                let (class, message) = (envelope.error_class(), envelope.error_message());
                // As people see it in a list, so that what is copied from there is found.
                let both = class.iter().zip(&message).map(|(class, message)| format!("{class}: {message}").into());
                let both: Vec<Cow<'a, str>> = both.collect();
                class.into_iter().chain(message).chain(both).collect()
            }
            Word::ErrorClass => envelope.error_class().filter(|name| !name.is_empty()).into_iter().collect(),
        }
    }
}

/// Each argument: a string by what it says, anything else by its JSON text.
fn args(text: &str) -> Vec<Cow<'_, str>> {
    let args: Vec<&RawValue> = serde_json::from_str(text).unwrap_or_default();
    let told = |raw: &'_ RawValue| match serde_json::from_str::<String>(raw.get()) {
        Ok(said) => said,
        Err(_) => raw.get().to_owned(),
    };
    args.into_iter().map(|raw| Cow::Owned(told(raw))).collect()
}

impl Moment {
    /// When it was; `None` where the payload does not say.
    pub(super) fn of(self, envelope: &Envelope<'_>) -> Option<Timestamp> {
        match self {
            // Old programs that know no `created_at` write at least when the job came to its queue.
            Moment::Age => envelope.created_at().or_else(|| envelope.enqueued_at()),
            Moment::Failed => envelope.retried_at().or_else(|| envelope.failed_at()),
        }
    }
}

/// How many characters have to be added, dropped, changed or swapped with their neighbor.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut rows = vec![(0..=b.len()).collect::<Vec<_>>()];
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let above = &rows[i - 1];
            let changed = above[j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut least = changed.min(above[j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                least = least.min(rows[i - 2][j - 2] + 1);
            }
            row.push(least);
        }
        rows.push(row);
    }
    rows[a.len()][b.len()]
}
