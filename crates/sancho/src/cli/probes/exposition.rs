//! The text format of Prometheus, version 0.0.4: families of samples, each with its help and type.
//!
//! Forty lines, and no client library: those keep every series in a registry of the process, where a class or a queue
//! that is gone would be told for ever.

use std::fmt::{self, Write};

/// A text of families, each whole before the next begins.
#[derive(Debug, Default)]
pub(super) struct Exposition(String);

/// What a family counts.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    Counter,
    Gauge,
    Histogram,
}

/// A label: its name, and what it says.
pub(super) type Label<'a> = (&'static str, &'a str);

impl Exposition {
    /// A family, and its samples.
    pub(super) fn family(&mut self, name: &str, kind: Kind, help: &str, samples: impl FnOnce(&mut Samples<'_>)) {
        let kind = match kind {
            Kind::Counter => "counter",
            Kind::Gauge => "gauge",
            Kind::Histogram => "histogram",
        };
        put(&mut self.0, format_args!("# HELP {name} {help}\n# TYPE {name} {kind}\n"));
        samples(&mut Samples { text: &mut self.0, name });
    }

    /// A family of one sample without labels.
    pub(super) fn single(&mut self, name: &str, kind: Kind, help: &str, value: f64) {
        self.family(name, kind, help, |samples| samples.add(&[], value));
    }

    pub(super) fn finish(self) -> String {
        self.0
    }
}

/// Where a family's samples go.
#[derive(Debug)]
pub(super) struct Samples<'a> {
    text: &'a mut String,
    name: &'a str,
}

impl Samples<'_> {
    /// A sample of the family's own name.
    pub(super) fn add(&mut self, labels: &[Label<'_>], value: f64) {
        self.add_as("", labels, value);
    }

    /// A sample of the family's name and a suffix, as histograms have it.
    pub(super) fn add_as(&mut self, suffix: &str, labels: &[Label<'_>], value: f64) {
        put(self.text, format_args!("{}{suffix}", self.name));
        for (index, (name, value)) in labels.iter().enumerate() {
            let before = if index == 0 { '{' } else { ',' };
            put(self.text, format_args!("{before}{name}=\"{}\"", Escaped(value)));
        }
        let after = if labels.is_empty() { "" } else { "}" };
        put(self.text, format_args!("{after} {value}\n"));
    }
}

/// The value of a label: the format has an escape for what would end it, and for a line break.
struct Escaped<'a>(&'a str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for c in self.0.chars() {
            match c {
                '\\' => f.write_str("\\\\")?,
                '"' => f.write_str("\\\"")?,
                '\n' => f.write_str("\\n")?,
                // A reader of lines might take one of these for an end.
                c if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') => f.write_char('\u{fffd}')?,
                c => f.write_char(c)?,
            }
        }
        Ok(())
    }
}

fn put(text: &mut String, what: fmt::Arguments<'_>) {
    text.write_fmt(what).expect("a string can be written to");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_family_has_its_help_its_type_and_its_samples() {
        let mut text = Exposition::default();
        text.family("jobs", Kind::Gauge, "Jobs.", |samples| {
            samples.add(&[("queue", "a\"b\\c\nd\u{85}"), ("state", "x")], 2.0);
            samples.add_as("_sum", &[], 0.25);
        });
        assert_eq!(
            text.finish(),
            "# HELP jobs Jobs.\n# TYPE jobs gauge\n\
             jobs{queue=\"a\\\"b\\\\c\\nd\u{fffd}\",state=\"x\"} 2\njobs_sum 0.25\n"
        );
    }
}
