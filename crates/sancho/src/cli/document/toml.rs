//! TOML as values with their lines, in the order of the file.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::{Kind, Label, Node, Refusal};
use crate::cli::limits;

/// Reads a text.
pub(super) fn read(text: &str) -> Result<Node, Refusal> {
    let lines =
        Lines { breaks: text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at).collect() };
    let table = DeTable::parse(text).map_err(|error| {
        let line = error.span().map_or(0, |span| lines.at(&span));
        Refusal::new(line, format!("this is not TOML: {}", error.message()))
    })?;
    lines.map(1, table.into_inner(), 0).map(|kind| Node { line: 1, kind })
}

/// Where the lines of the text end.
struct Lines {
    breaks: Vec<usize>,
}

impl Lines {
    fn at(&self, span: &Range<usize>) -> usize {
        1 + self.breaks.partition_point(|at| *at < span.start)
    }

    fn node(&self, value: Spanned<DeValue<'_>>, depth: usize) -> Result<Node, Refusal> {
        let line = self.at(&value.span());
        if depth > limits::DEPTH_MAX {
            let reason = format!("lists and tables stand more than {} deep here", limits::DEPTH_MAX);
            return Err(Refusal::new(line, reason));
        }
        let kind = match value.into_inner() {
            DeValue::String(text) => Kind::Scalar(text.into_owned()),
            DeValue::Integer(number) if number.radix() == 10 => Kind::Scalar(number.as_str().to_owned()),
            DeValue::Integer(_) => return Err(Refusal::new(line, "write the number in decimal digits")),
            DeValue::Float(number) => Kind::Scalar(number.as_str().to_owned()),
            DeValue::Boolean(truth) => Kind::Scalar(truth.to_string()),
            DeValue::Datetime(_) => return Err(Refusal::new(line, "no setting is a date")),
            DeValue::Array(list) => {
                let list: Result<_, _> = list.into_iter().map(|value| self.node(value, depth + 1)).collect();
                Kind::List(list?)
            }
            DeValue::Table(table) => self.map(line, table, depth)?,
        };
        Ok(Node { line, kind })
    }

    fn map(&self, line: usize, table: DeTable<'_>, depth: usize) -> Result<Kind, Refusal> {
        let mut members: Vec<_> = table.into_iter().collect();
        // The reader sorts by name; the order of queues is the order in which they were written.
        members.sort_by_key(|(name, _)| name.span().start);
        let mut map = Vec::new();
        for (name, value) in members {
            let label = Label::new(self.at(&name.span()).max(line), name.get_ref());
            map.push((label, self.node(value, depth + 1)?));
        }
        Ok(Kind::Map(map))
    }
}
