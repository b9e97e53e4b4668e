//! YAML as values with their lines: aliases and `<<` are followed, within bounds; tags say nothing.

use std::collections::HashMap;

use saphyr_parser::{Event, Parser, ScalarStyle, ScanError, Span, StrInput, Tag};

use super::{Kind, Label, Node, Refusal};
use crate::cli::limits;

/// Reads the one document of a text.
pub(super) fn read(text: &str) -> Result<Node, Refusal> {
    // What is missing at the end is missed on a line that is not there.
    let last = text.lines().count().max(1);
    document(text).map_err(|refusal| Refusal { line: refusal.line.min(last), ..refusal })
}

fn document(text: &str) -> Result<Node, Refusal> {
    let mut reader = Reader { parser: Parser::new_from_str(text), anchors: HashMap::new(), values: 0 };
    let mut document = None;
    loop {
        match reader.event()? {
            (Event::StreamEnd, _) => break,
            (Event::StreamStart | Event::DocumentStart(_) | Event::DocumentEnd | Event::Nothing, _) => {}
            (event, span) if document.is_none() => document = Some(reader.node(event, span, 0)?),
            (_, span) => {
                let reason = "a second document begins here: a configuration has one";
                return Err(Refusal::new(span.start.line(), reason));
            }
        }
    }
    Ok(document.unwrap_or(Node { line: 1, kind: Kind::Null }))
}

struct Reader<'text> {
    parser: Parser<'text, StrInput<'text>>,
    /// What aliases may repeat, with the number of its values.
    anchors: HashMap<usize, (Node, usize)>,
    values: usize,
}

impl<'text> Reader<'text> {
    fn event(&mut self) -> Result<(Event<'text>, Span), Refusal> {
        match self.parser.next_event() {
            Some(event) => event.map_err(|error| not_yaml(&error)),
            None => Ok((Event::StreamEnd, Span::default())),
        }
    }

    /// The value that this event begins.
    fn node(&mut self, event: Event<'text>, span: Span, depth: usize) -> Result<Node, Refusal> {
        let line = span.start.line();
        if depth > limits::DEPTH_MAX {
            let reason = format!("lists and mappings stand more than {} deep here", limits::DEPTH_MAX);
            return Err(Refusal::new(line, reason));
        }
        let before = self.values;
        self.count(1, line)?;
        let (kind, anchor) = match event {
            Event::Scalar(text, style, anchor, tag) => {
                if let (Some(tag), true) = (tag, style == ScalarStyle::Plain) {
                    refuse_tag(&tag, line)?;
                }
                (scalar(&text, style), anchor)
            }
            Event::SequenceStart(anchor, _) => (self.list(depth)?, anchor),
            Event::MappingStart(anchor, _) => (self.map(depth)?, anchor),
            Event::Alias(anchor) => {
                let Some((node, values)) = self.anchors.get(&anchor) else {
                    return Err(Refusal::new(line, "this alias stands within what it repeats"));
                };
                let (node, values) = (node.clone(), *values);
                self.count(values, line)?;
                return Ok(Node { line, ..node });
            }
            _ => return Err(Refusal::new(line, "a value was expected here")),
        };
        let node = Node { line, kind };
        if anchor > 0 {
            self.anchors.insert(anchor, (node.clone(), self.values - before));
        }
        Ok(node)
    }

    fn list(&mut self, depth: usize) -> Result<Kind, Refusal> {
        let mut list = Vec::new();
        loop {
            match self.event()? {
                (Event::SequenceEnd, _) => return Ok(Kind::List(list)),
                (event, span) => list.push(self.node(event, span, depth + 1)?),
            }
        }
    }

    fn map(&mut self, depth: usize) -> Result<Kind, Refusal> {
        let (mut map, mut merged) = (Vec::new(), Vec::new());
        loop {
            let label = match self.event()? {
                (Event::MappingEnd, _) => break,
                (event, span) => self.node(event, span, depth + 1)?,
            };
            let (event, span) = self.event()?;
            let value = self.node(event, span, depth + 1)?;
            match label.kind {
                Kind::Scalar(name) if name == "<<" => merged.extend(merge(value)?),
                Kind::Scalar(name) => map.push((Label::new(label.line, &name), value)),
                Kind::Null => map.push((Label::new(label.line, "null"), value)),
                Kind::List(_) | Kind::Map(_) => {
                    return Err(Refusal::new(label.line, "the name of a setting is a word"));
                }
            }
        }
        // What is said here wins over what is merged in, and what is merged first over what comes later.
        for (label, value) in merged {
            if map.iter().all(|(have, _)| have.name != label.name) {
                map.push((label, value));
            }
        }
        Ok(Kind::Map(map))
    }

    fn count(&mut self, more: usize, line: usize) -> Result<(), Refusal> {
        self.values = self.values.saturating_add(more);
        if self.values > limits::VALUES_MAX {
            let reason = format!("there are more than {} values up to here, with aliases", limits::VALUES_MAX);
            return Err(Refusal::new(line, reason));
        }
        Ok(())
    }
}

/// The members that `<<` brings.
fn merge(value: Node) -> Result<Vec<(Label, Node)>, Refusal> {
    match value.kind {
        Kind::Map(map) => Ok(map),
        Kind::List(list) if list.iter().all(|node| matches!(node.kind, Kind::Map(_))) => Ok(list
            .into_iter()
            .flat_map(|node| if let Kind::Map(map) = node.kind { map } else { Vec::new() })
            .collect()),
        _ => Err(value.refuse("<< takes a mapping, such as <<: *default")),
    }
}

fn scalar(text: &str, style: ScalarStyle) -> Kind {
    match (style, text) {
        (ScalarStyle::Plain, "" | "~" | "null" | "Null" | "NULL") => Kind::Null,
        _ => Kind::Scalar(text.to_owned()),
    }
}

/// An exclusion, `!name`, is a tag to YAML, and would be lost.
fn refuse_tag(tag: &Tag, line: usize) -> Result<(), Refusal> {
    if tag.handle != "!" || tag.suffix.starts_with("ruby/") {
        return Ok(());
    }
    Err(Refusal::new(line, format!("!{} is a tag to YAML: write it in quotes, \"!{}\"", tag.suffix, tag.suffix)))
}

fn not_yaml(error: &ScanError) -> Refusal {
    let info = error.info();
    // A pattern that begins with a star is an alias to YAML.
    let quotes = if info.contains("alias") { " (a text that begins with * or & stands in quotes)" } else { "" };
    Refusal::new(error.marker().line(), format!("this is not YAML: {info}{quotes}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A value without its lines, as short text.
    fn told(node: &Node) -> String {
        match &node.kind {
            Kind::Null => "~".into(),
            Kind::Scalar(text) => text.clone(),
            Kind::List(list) => format!("[{}]", list.iter().map(told).collect::<Vec<_>>().join(" ")),
            Kind::Map(map) => {
                let members = map.iter().map(|(label, value)| format!("{}@{}={}", label.name, label.line, told(value)));
                format!("{{{}}}", members.collect::<Vec<_>>().join(" "))
            }
        }
    }

    #[test]
    fn values_have_their_lines_and_symbols_their_names() {
        let text = "---\n# a comment\n:concurrency: 5\n:queues:\n  - critical\n  - [default, 2]\nlabels: ['null', ~]\n";
        let want = "{concurrency@3=5 queues@4=[critical [default 2]] labels@7=[null ~]}";
        assert_eq!(told(&read(text).expect("YAML")), want);
        assert_eq!(told(&read("").expect("an empty file")), "~");
    }

    #[test]
    fn aliases_repeat_and_what_is_said_wins_over_what_is_merged() {
        let text = "base: &base {timeout: 5, tag: a}\nproduction:\n  <<: *base\n  tag: b\nstaging: {<<: [*base]}";
        let want = "{base@1={timeout@1=5 tag@1=a} production@2={tag@4=b timeout@1=5} staging@5={timeout@1=5 tag@1=a}}";
        assert_eq!(told(&read(text).expect("YAML")), want);
    }

    #[test]
    fn what_is_no_configuration_is_refused_with_its_line() {
        let laughs: String =
            (1..12).map(|n| format!("a{n}: &a{n} [{}]\n", format!("*a{},", n - 1).repeat(9))).collect();
        for (text, line, said) in [
            ("a: 1\nb: [", 2, "not YAML"),
            ("a: 1\n\tb: 2", 1, "not YAML"),
            ("a: 1\n---\nb: 2", 3, "second document"),
            ("a: &a [*a]", 1, "within what it repeats"),
            ("a: *nobody", 1, "not YAML"),
            ("? [a, b]\n: 1", 1, "a word"),
            ("queues:\n- *", 2, "in quotes"),
            ("queues:\n- !slow", 2, "\"!slow\""),
            ("<<: 1", 1, "takes a mapping"),
            (&format!("a0: &a0 x\n{laughs}"), 6, "with aliases"),
            (&"[".repeat(100), 1, "deep"),
            (&"[".repeat(100_000), 1, "limit"),
            (&"- ".repeat(100_000), 1, "deep"),
            (&"{a: ".repeat(100_000), 1, ""),
            (&"- a\n".repeat(30_000), 20_000, "values"),
        ] {
            let refusal = read(text).expect_err(said);
            assert!(refusal.reason.contains(said) && refusal.line == line, "{line}: {said}: {refusal:?}");
        }
    }
}
