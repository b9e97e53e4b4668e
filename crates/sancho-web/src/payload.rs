//! A payload, printed so that people can read it.

use std::fmt::Write;

use sancho_core::Payload;

use crate::extend::escaped;

/// Bytes of a payload that a page shows.
const SHOWN_BYTES_MAX: usize = 64 * 1024;

/// Levels of arrays and objects that are set apart by their distance from the edge.
const LEVELS_MAX: usize = 40;

/// Lines, and bytes, that are seen at once: what is behind them is folded.
const UNFOLDED_LINES: usize = 60;
const UNFOLDED_BYTES: usize = 6_000;

/// A payload as HTML: every text in it is escaped, and pages show it as `|safe`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Printed {
    /// What is seen at once.
    pub(crate) head: String,
    /// What is folded; empty where all is seen.
    pub(crate) tail: String,
    /// Lines of it.
    pub(crate) tail_lines: usize,
    /// Bytes that are not shown at all.
    pub(crate) left_out: usize,
}

/// The payload, a member a line where it is JSON.
///
/// It is printed by looking at its signs alone: numbers stay as they are written, members in their order, and what is
/// no JSON is shown too.
pub(crate) fn printed(payload: &Payload) -> Printed {
    let bytes = payload.as_bytes();
    let cut = &bytes[..bytes.len().min(SHOWN_BYTES_MAX)];
    let text = String::from_utf8_lossy(cut);
    let mut paper = Paper::default();
    if payload.envelope().is_ok() {
        json(&text, &mut paper);
    } else {
        paper.put(Ink::Plain, &text);
    }
    Printed { left_out: bytes.len() - cut.len(), ..paper.printed }
}

/// What a piece of JSON is, and so how it is colored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ink {
    Plain,
    /// The name of a member.
    Name,
    Text,
    /// A number, `true`, `false` or `null`.
    Value,
}

impl Ink {
    fn class(self) -> Option<&'static str> {
        match self {
            Ink::Plain => None,
            Ink::Name => Some("name"),
            Ink::Text => Some("text"),
            Ink::Value => Some("value"),
        }
    }
}

/// What was printed so far, and how much of it.
#[derive(Debug, Default)]
struct Paper {
    printed: Printed,
    lines: usize,
    bytes: usize,
}

impl Paper {
    /// Prints a text; what does not fit on the part that is seen at once goes to the folded one.
    fn put(&mut self, ink: Ink, text: &str) {
        let room = if self.lines >= UNFOLDED_LINES { 0 } else { UNFOLDED_BYTES.saturating_sub(self.bytes) };
        let (seen, folded) = text.split_at(text.floor_char_boundary(room));
        self.bytes += text.len();
        let breaks = text.matches('\n').count();
        self.lines += breaks;
        write(&mut self.printed.head, ink, seen);
        write(&mut self.printed.tail, ink, folded);
        if !self.printed.tail.is_empty() {
            self.printed.tail_lines = self.printed.tail_lines.max(1) + folded.matches('\n').count();
        }
    }

    fn new_line(&mut self, level: usize) {
        self.put(Ink::Plain, &format!("\n{}", "  ".repeat(level.min(LEVELS_MAX))));
    }
}

fn write(html: &mut String, ink: Ink, text: &str) {
    if text.is_empty() {
        return;
    }
    let text = escaped(text);
    match ink.class() {
        None => write!(html, "{text}"),
        Some(class) => write!(html, "<span class=\"{class}\">{text}</span>"),
    }
    .expect("a string takes what is written");
}

/// Prints JSON with a line for each member. Text between quotes is left alone.
fn json(text: &str, paper: &mut Paper) {
    let mut level = 0_usize;
    let mut rest = text.trim_start();
    while let Some(sign) = rest.chars().next() {
        let length = match sign {
            '"' => quoted(rest),
            '[' | '{' | ']' | '}' | ',' | ':' => 1,
            _ => rest.find(['"', '[', '{', ']', '}', ',', ':', ' ', '\n', '\t', '\r']).unwrap_or(rest.len()),
        };
        // White space is made anew.
        let (piece, behind) = rest.split_at(length);
        rest = behind.trim_start();
        match sign {
            '"' if rest.starts_with(':') => paper.put(Ink::Name, piece),
            '"' => paper.put(Ink::Text, piece),
            '[' | '{' => {
                paper.put(Ink::Plain, piece);
                match rest.chars().next() {
                    Some(end @ (']' | '}')) => {
                        paper.put(Ink::Plain, end.encode_utf8(&mut [0; 4]));
                        rest = rest[1..].trim_start();
                    }
                    _ => {
                        level += 1;
                        paper.new_line(level);
                    }
                }
            }
            ']' | '}' => {
                level = level.saturating_sub(1);
                paper.new_line(level);
                paper.put(Ink::Plain, piece);
            }
            ',' => {
                paper.put(Ink::Plain, piece);
                paper.new_line(level);
            }
            ':' => paper.put(Ink::Plain, ": "),
            _ => paper.put(Ink::Value, piece),
        }
    }
}

/// The length of the text between quotes at the beginning, with its quotes.
fn quoted(text: &str) -> usize {
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What people see of HTML.
    fn seen(html: &str) -> String {
        let mut text = String::new();
        for part in html.split('<') {
            text.push_str(part.split_once('>').map_or(part, |(_, behind)| behind));
        }
        text.replace("&#34;", "\"").replace("&#60;", "<").replace("&#62;", ">").replace("&#38;", "&")
    }

    fn print(text: &str) -> Printed {
        let mut paper = Paper::default();
        json(text, &mut paper);
        paper.printed
    }

    #[test]
    fn json_has_a_line_for_each_member_and_keeps_its_text() {
        let text = r#" {"class":"A", "args" :[1.00,"a, \"b\": [c]\\",[],{ }],"big":123456789012345678901234567890} "#;
        assert_eq!(
            seen(&print(text).head),
            "{\n  \"class\": \"A\",\n  \"args\": [\n    1.00,\n    \"a, \\\"b\\\": [c]\\\\\",\n    [],\n    {}\n  ],\n  \"big\": 123456789012345678901234567890\n}"
        );
    }

    #[test]
    fn names_texts_and_values_are_told_apart_and_nothing_comes_alive() {
        let printed = print(r#"{"<b>":"</pre>","n":null}"#).head;
        for part in [
            r#"<span class="name">&#34;&#60;b&#62;&#34;</span>: "#,
            r#"<span class="text">&#34;&#60;/pre&#62;&#34;</span>"#,
            r#"<span class="value">null</span>"#,
        ] {
            assert!(printed.contains(part), "{part}: {printed}");
        }
    }

    #[test]
    fn what_is_long_is_folded_and_nothing_of_it_is_lost() {
        let numbers: Vec<String> = (0..500).map(|number| number.to_string()).collect();
        let printed = print(&format!("[{}]", numbers.join(",")));
        assert_eq!(printed.head.matches('\n').count(), UNFOLDED_LINES);
        assert!(printed.tail_lines > 400, "{}", printed.tail_lines);
        let whole = format!("{}{}", seen(&printed.head), seen(&printed.tail));
        assert_eq!(whole.split_whitespace().collect::<String>(), format!("[{}]", numbers.join(",")));
        let line = print(&format!("[\"{}\"]", "ố".repeat(UNFOLDED_BYTES)));
        assert_eq!(seen(&line.tail).matches('ố').count() + seen(&line.head).matches('ố').count(), UNFOLDED_BYTES);
        assert!(line.head.len() < UNFOLDED_BYTES + 100, "{}", line.head.len());
    }

    #[test]
    fn what_is_no_json_is_shown_as_it_is_and_what_is_huge_is_cut() {
        assert_eq!(printed(&Payload::from_bytes(*b"no \xff{[")).head, "no \u{fffd}{[");
        let long = vec![b'x'; SHOWN_BYTES_MAX + 7];
        assert_eq!(printed(&Payload::from_bytes(long)).left_out, 7);
        for broken in ["\"", "{\"a\":\"\\", "]]]", "[{", ",", ":", "\\"] {
            print(broken);
        }
    }
}
