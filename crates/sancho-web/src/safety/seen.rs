//! How every value stands in a page: escaped, and with nothing in it that cannot be seen.

use std::fmt;

use askama::filters::{Escaper, Html};

use super::inert::{hides_among_lines, write_out};

/// Escapes what means something in HTML, and writes out what hides or turns text around; line ends and tabs stay.
/// Templates have it for every value (`askama.toml`), so that none of them need think of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Seen;

impl Escaper for Seen {
    fn write_escaped_str<W: fmt::Write>(&self, mut dest: W, text: &str) -> fmt::Result {
        let mut rest = text;
        while let Some(at) = rest.find(hides_among_lines) {
            let (before, behind) = rest.split_at(at);
            Html.write_escaped_str(&mut dest, before)?;
            let mut characters = behind.chars();
            let hidden = characters.next().expect("it was found there");
            write_out(&mut dest, hidden)?;
            rest = characters.as_str();
        }
        Html.write_escaped_str(dest, rest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(text: &str) -> String {
        let mut seen = String::new();
        Seen.write_escaped_str(&mut seen, text).expect("a string takes what is written");
        seen
    }

    #[test]
    fn nothing_in_a_value_means_anything_or_hides() {
        assert_eq!(seen("<b>&\"'"), "&#60;b&#62;&#38;&#34;&#39;");
        assert_eq!(seen("a\u{202e}<\n\t\0"), "a\\u{202e}&#60;\n\t\\u{0}");
        assert_eq!(seen("\u{feff}"), "\\u{feff}");
        assert_eq!(seen("Đã hủy"), "Đã hủy");
        assert_eq!(seen(""), "");
    }
}
