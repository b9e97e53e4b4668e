//! Text with stars, each of which stands for any text.

use std::fmt;

use super::exact::quoted;

/// Text to compare with: the parts between its stars.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pattern {
    /// One more than there are stars.
    parts: Vec<String>,
}

impl Pattern {
    /// The empty text.
    pub(super) fn new() -> Self {
        Pattern::literal("")
    }

    /// This text, in which a star is a star.
    pub(super) fn literal(text: &str) -> Self {
        Pattern { parts: vec![text.to_owned()] }
    }

    /// This text, in which a star stands for any text.
    pub(super) fn with_stars(text: &str) -> Self {
        Pattern { parts: text.split('*').map(str::to_owned).collect() }
    }

    /// Adds a character that stands for itself.
    pub(super) fn push(&mut self, c: char) {
        match self.parts.last_mut() {
            Some(part) => part.push(c),
            None => self.parts.push(c.into()),
        }
    }

    /// Adds a star.
    pub(super) fn push_star(&mut self) {
        self.parts.push(String::new());
    }

    /// Whether it is no text at all, which nothing is meant by.
    pub(super) fn is_empty(&self) -> bool {
        matches!(self.parts.as_slice(), [only] if only.is_empty())
    }

    /// The text itself, where there is no star.
    pub(super) fn as_literal(&self) -> Option<&str> {
        match self.parts.as_slice() {
            [only] => Some(only),
            _ => None,
        }
    }

    /// The same in lower case.
    pub(super) fn to_lowercase(&self) -> Self {
        Pattern { parts: self.parts.iter().map(|part| part.to_lowercase()).collect() }
    }

    /// Whether the whole of a text is so.
    pub(super) fn matches(&self, text: &str) -> bool {
        match self.parts.as_slice() {
            [] => text.is_empty(),
            [only] => text == only,
            [first, middle @ .., last] => {
                let Some(rest) = text.strip_prefix(first.as_str()) else { return false };
                let Some(rest) = rest.strip_suffix(last.as_str()) else { return false };
                found_in_order(middle, rest)
            }
        }
    }

    /// Whether it stands somewhere in a text.
    pub(super) fn stands_in(&self, text: &str) -> bool {
        found_in_order(&self.parts, text)
    }
}

/// Whether the parts stand in a text, one behind the other: the first place of each leaves most room for the next.
fn found_in_order(parts: &[String], text: &str) -> bool {
    let mut rest = text;
    parts.iter().all(|part| match rest.find(part.as_str()) {
        Some(at) => {
            rest = &rest[at + part.len()..];
            true
        }
        None => false,
    })
}

/// As it is written in a filter: quoted wherever it might be read as something else.
impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, part) in self.parts.iter().enumerate() {
            if index > 0 {
                f.write_str("*")?;
            }
            let plain = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.' | '/' | '@' | '#' | '%' | '+');
            if part.chars().all(plain) && !(part.is_empty() && self.parts.len() == 1) {
                f.write_str(part)?;
            } else {
                f.write_str(&quoted(part))?;
            }
        }
        Ok(())
    }
}
