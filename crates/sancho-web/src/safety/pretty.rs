//! A payload laid out for reading, whatever its bytes are.

use super::inert;

/// Levels that are indented: deeper ones stand at the last, else a payload of brackets would become megabytes of
/// spaces.
const LEVELS_INDENTED_MAX: usize = 32;

/// A payload laid out for reading.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pretty {
    /// The text, with lines; every character in it can be seen.
    pub text: String,
    /// Bytes at the end of the payload that were left out.
    pub left_out: usize,
}

/// Lays bytes out as JSON, a member and an element a line, at most `bytes_max` of them. Bytes that are no JSON are laid
/// out all the same, and what is not UTF-8 is replaced.
///
/// It goes over the bytes once and reads no structure: it takes brackets of any depth, and bytes of any kind.
pub fn pretty(bytes: &[u8], bytes_max: usize) -> Pretty {
    let end = end_of_character(bytes, bytes_max);
    let mut layout = Layout::default();
    for character in String::from_utf8_lossy(&bytes[..end]).chars() {
        layout.take(character);
    }
    Pretty { text: layout.text, left_out: bytes.len() - end }
}

/// The last end of a character at or before `most`: one that is cut in two would look like a broken one.
fn end_of_character(bytes: &[u8], most: usize) -> usize {
    if bytes.len() <= most {
        return bytes.len();
    }
    let starts = |index: &usize| bytes[*index] & 0b1100_0000 != 0b1000_0000;
    (most.saturating_sub(3)..=most).rev().find(starts).unwrap_or(most)
}

#[derive(Default)]
struct Layout {
    text: String,
    depth: usize,
    string: InString,
    /// A bracket was opened, and nothing stands behind it yet.
    opened: bool,
}

#[derive(Default, PartialEq)]
enum InString {
    #[default]
    No,
    Yes,
    Escaped,
}

impl Layout {
    fn take(&mut self, character: char) {
        match (&self.string, character) {
            (InString::Escaped, _) => self.inside(character, InString::Yes),
            (InString::Yes, '\\') => self.inside(character, InString::Escaped),
            (InString::Yes, '"') => self.inside(character, InString::No),
            (InString::Yes, _) => self.inside(character, InString::Yes),
            (InString::No, ' ' | '\t' | '\r' | '\n') => {}
            (InString::No, '}' | ']') => {
                self.depth = self.depth.saturating_sub(1);
                if !std::mem::take(&mut self.opened) {
                    self.line();
                }
                self.text.push(character);
            }
            (InString::No, _) => self.between(character),
        }
    }

    fn inside(&mut self, character: char, next: InString) {
        inert::push(&mut self.text, character);
        self.string = next;
    }

    fn between(&mut self, character: char) {
        if std::mem::take(&mut self.opened) {
            self.line();
        }
        inert::push(&mut self.text, character);
        match character {
            '{' | '[' => {
                self.depth += 1;
                self.opened = true;
            }
            ',' => self.line(),
            ':' => self.text.push(' '),
            '"' => self.string = InString::Yes,
            _ => {}
        }
    }

    fn line(&mut self) {
        self.text.push('\n');
        self.text.extend(std::iter::repeat_n("  ", self.depth.min(LEVELS_INDENTED_MAX)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn laid_out(text: &str) -> String {
        pretty(text.as_bytes(), usize::MAX).text
    }

    #[test]
    fn a_member_and_an_element_stand_on_a_line_each() {
        let text = laid_out(r#"{"class":"Mail","args":[1, {"a:b":"x,y\"]"}],"none":{},"empty":[ ]}"#);
        let lines = [
            "{",
            "  \"class\": \"Mail\",",
            "  \"args\": [",
            "    1,",
            "    {",
            "      \"a:b\": \"x,y\\\"]\"",
            "    }",
            "  ],",
            "  \"none\": {},",
            "  \"empty\": []",
            "}",
        ];
        assert_eq!(text, lines.join("\n"));
    }

    #[test]
    fn numbers_and_escapes_stay_as_they_are_written() {
        assert_eq!(laid_out(r#"12345678901234567890.10"#), "12345678901234567890.10");
        assert_eq!(laid_out(r#""\u0041\\""#), r#""\u0041\\""#);
    }

    #[test]
    fn brackets_without_end_take_no_more_than_their_share() {
        let deep = "[".repeat(100_000);
        let laid_out = pretty(deep.as_bytes(), usize::MAX);
        assert!(laid_out.text.len() < 7_000_000, "{}", laid_out.text.len());
        assert!(pretty("]".repeat(1_000).as_bytes(), 500).text.len() < 2_000);
    }

    #[test]
    fn bytes_of_any_kind_become_text_that_can_be_seen() {
        let text = pretty(b"\xff{\"a\":\"\x00\xe2\x80\xae\"", usize::MAX).text;
        assert_eq!(text, "\u{fffd}{\n  \"a\": \"⟨U+0000⟩⟨U+202E⟩\"");
    }

    #[test]
    fn what_is_left_out_is_counted_and_no_character_is_cut() {
        let laid_out = pretty("\"Đã\"".as_bytes(), 2);
        assert_eq!((laid_out.text.as_str(), laid_out.left_out), ("\"", 5));
        let whole = pretty(b"[]", 2);
        assert_eq!((whole.text.as_str(), whole.left_out), ("[]", 0));
    }
}
