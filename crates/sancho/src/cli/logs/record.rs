//! An event as a bounded value: whatever a payload says, a line has an end.

use std::borrow::Cow;
use std::fmt::{self, Write};

use tracing::Level;
use tracing::field::{Field, Visit};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::{FormatTime, SystemTime};

/// Bytes of one message: room for an error that says much, and far below what a reader of logs takes as one line.
const MESSAGE_BYTES_MAX: usize = 8 * 1024;

/// Bytes of one field.
const VALUE_BYTES_MAX: usize = 4 * 1024;

/// Fields of one line, those of its spans included.
const FIELDS_MAX: usize = 48;

/// Bytes of all fields of one line; a field that comes later is left out.
const FIELDS_BYTES_MAX: usize = 32 * 1024;

/// One event, as it is written.
#[derive(Debug)]
pub(super) struct Record {
    /// When it was heard: RFC 3339, in UTC.
    pub(super) time: String,
    pub(super) level: Level,
    pub(super) target: Cow<'static, str>,
    pub(super) message: String,
    pub(super) fields: Fields,
}

impl Record {
    /// An event that is heard now.
    pub(super) fn now(level: Level, target: impl Into<Cow<'static, str>>, seen: Seen) -> Self {
        let mut time = String::with_capacity(32);
        // The machine's clock, read by the library; to write to a string cannot fail.
        _ = SystemTime.format_time(&mut Writer::new(&mut time));
        let target = seen.target.map_or_else(|| target.into(), Cow::Owned);
        Record { time, level, target, message: seen.message, fields: seen.fields }
    }

    /// What the logs themselves have to say.
    pub(super) fn of_logs(
        level: Level,
        message: &str,
        fields: impl IntoIterator<Item = (&'static str, String)>,
    ) -> Self {
        let mut seen = Seen { message: message.to_owned(), ..Seen::default() };
        for (name, value) in fields {
            seen.fields.add(name, Value::Text(value));
        }
        Record::now(level, "sancho::logs", seen)
    }
}

/// What a field holds.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    Text(String),
    Unsigned(u64),
    Signed(i64),
    Float(f64),
    Bool(bool),
}

impl Value {
    fn bytes(&self) -> usize {
        if let Value::Text(text) = self { text.len() } else { 8 }
    }
}

/// Named values, each name once, bounded in number and bytes.
#[derive(Clone, Debug, Default)]
pub(super) struct Fields {
    list: Vec<(&'static str, Value)>,
    bytes: usize,
    /// Fields that there was no room for.
    pub(super) left_out: usize,
}

impl Fields {
    /// Adds a field. One that was there before is replaced: the innermost word holds.
    pub(super) fn add(&mut self, name: &'static str, value: Value) {
        let there = self.list.iter().position(|(have, _)| *have == name);
        let before = there.map_or(0, |at| self.list[at].1.bytes());
        let bytes = self.bytes - before + value.bytes();
        if bytes > FIELDS_BYTES_MAX || (there.is_none() && self.list.len() == FIELDS_MAX) {
            self.left_out += 1;
            return;
        }
        self.bytes = bytes;
        match there {
            Some(at) => self.list[at].1 = value,
            None => self.list.push((name, value)),
        }
    }

    /// Adds what is not there yet: the fields of a span that is further out.
    pub(super) fn add_missing(&mut self, outer: &Fields) {
        for (name, value) in &outer.list {
            if !self.list.iter().any(|(have, _)| have == name) {
                self.add(name, value.clone());
            }
        }
    }

    /// The fields, in the order in which they came.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&'static str, &Value)> {
        self.list.iter().map(|(name, value)| (*name, value))
    }
}

/// Sees the fields of an event or a span.
#[derive(Debug, Default)]
pub(super) struct Seen {
    pub(super) message: String,
    pub(super) fields: Fields,
    /// The target of an event that came by way of the crate `log`.
    target: Option<String>,
}

impl Seen {
    fn take(&mut self, field: &Field, value: Value) {
        match (field.name(), value) {
            ("message", Value::Text(text)) => self.message = text,
            ("log.target", Value::Text(text)) => self.target = Some(text),
            // Where in the source a message of the crate `log` stands: nobody asked.
            (name, _) if name.starts_with("log.") => {}
            (name, value) => self.fields.add(name.strip_prefix("r#").unwrap_or(name), value),
        }
    }

    fn take_text(&mut self, field: &Field, text: impl FnOnce(&mut Bounded)) {
        let max = if field.name() == "message" { MESSAGE_BYTES_MAX } else { VALUE_BYTES_MAX };
        let mut bounded = Bounded { text: String::new(), max, left_out: 0 };
        text(&mut bounded);
        self.take(field, Value::Text(bounded.finish()));
    }
}

impl Visit for Seen {
    fn record_f64(&mut self, field: &Field, value: f64) {
        self.take(field, Value::Float(value));
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.take(field, Value::Signed(value));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.take(field, Value::Unsigned(value));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.take(field, Value::Bool(value));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.take_text(field, |bounded| bounded.push(value));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        // A value that fails to say what it is has said what it could.
        self.take_text(field, |bounded| _ = write!(bounded, "{value:?}"));
    }
}

/// Text up to a bound; what is beyond is counted, and never kept.
struct Bounded {
    text: String,
    max: usize,
    left_out: usize,
}

impl Bounded {
    fn push(&mut self, text: &str) {
        let room = self.max.saturating_sub(self.text.len());
        if self.left_out > 0 || text.len() > room {
            let end = if self.left_out > 0 { 0 } else { text.floor_char_boundary(room) };
            self.text.push_str(&text[..end]);
            self.left_out += text.len() - end;
        } else {
            self.text.push_str(text);
        }
    }

    fn finish(mut self) -> String {
        if self.left_out > 0 {
            // To write to a string cannot fail.
            _ = write!(self.text, "… ({} bytes more)", self.left_out);
        }
        self.text
    }
}

impl fmt::Write for Bounded {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.push(text);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_that_is_too_long_is_cut_between_characters_and_says_how_much_is_missing() {
        let mut bounded = Bounded { text: String::new(), max: 4, left_out: 0 };
        for part in ["ngự", "a", "b"] {
            bounded.push(part);
        }
        assert_eq!(bounded.finish(), "ng… (5 bytes more)");
        let mut bounded = Bounded { text: String::new(), max: 5, left_out: 0 };
        bounded.push("horse");
        assert_eq!(bounded.finish(), "horse");
    }

    #[test]
    fn fields_have_a_bound_and_each_name_stands_once() {
        let mut fields = Fields::default();
        fields.add("jid", Value::Text("a".to_owned()));
        fields.add("jid", Value::Text("b".to_owned()));
        fields.add("class", Value::Text("x".repeat(FIELDS_BYTES_MAX)));
        let mut outer = Fields::default();
        outer.add("jid", Value::Text("outer".to_owned()));
        outer.add("queue", Value::Unsigned(7));
        fields.add_missing(&outer);
        let list: Vec<_> = fields.iter().collect();
        assert_eq!(list, [("jid", &Value::Text("b".to_owned())), ("queue", &Value::Unsigned(7))]);
        assert_eq!(fields.left_out, 1);
    }

    #[test]
    fn the_time_is_that_of_rfc_3339_in_utc() {
        let time = Record::of_logs(Level::INFO, "x", []).time;
        assert!(time.len() == "2026-11-21T11:06:22.123456Z".len() && time.ends_with('Z'), "{time}");
        assert_eq!((time.as_bytes()[4], time.as_bytes()[10], time.as_bytes()[19]), (b'-', b'T', b'.'));
    }
}
