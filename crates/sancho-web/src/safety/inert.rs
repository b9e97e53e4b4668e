//! Text that cannot mislead its reader: what is not seen, or turns the text around it, is written out.
//!
//! Templates escape what means something in HTML. This is about what escapes them unharmed: characters that reverse the
//! text behind them, hide in it, or end a line of a log.

use std::borrow::Cow;
use std::fmt::Write;

/// The text with every character written out that a reader would not see, or that moves others: `\u{202e}`. Line ends
/// and tabs too: it is for one line.
fn inert(text: &str) -> Cow<'_, str> {
    written(text, hides)
}

/// The text as [`inert`], but with its line ends and tabs as they are: for what may have several lines.
pub(crate) fn visible(text: &str) -> Cow<'_, str> {
    written(text, hides_among_lines)
}

/// The text with these characters written out.
fn written(text: &str, hides: fn(char) -> bool) -> Cow<'_, str> {
    if !text.chars().any(hides) {
        return Cow::Borrowed(text);
    }
    let mut written = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        if hides(character) {
            write_out(&mut written, character).expect("a string takes what is written");
        } else {
            written.push(character);
        }
    }
    Cow::Owned(written)
}

/// The beginning of a text as [`inert`], at most so many characters of it; an ellipsis says that there was more.
pub(super) fn excerpt(text: &str, chars_max: usize) -> Cow<'_, str> {
    match text.char_indices().nth(chars_max) {
        None => inert(text),
        Some((end, _)) => Cow::Owned(format!("{}…", inert(&text[..end]))),
    }
}

/// Writes a character by its number.
pub(super) fn write_out(mut text: impl Write, character: char) -> std::fmt::Result {
    write!(text, "\\u{{{:x}}}", u32::from(character))
}

/// Whether a character hides in a text of several lines, whose ends and tabs are seen.
pub(super) fn hides_among_lines(character: char) -> bool {
    hides(character) && !matches!(character, '\n' | '\t')
}

/// Whether a character is not seen, or changes how others are. Joiners stay, which scripts and emoji are made of.
fn hides(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{00ad}' // soft hyphen
            | '\u{061c}' | '\u{200e}' | '\u{200f}' // marks of direction
            | '\u{115f}' | '\u{1160}' | '\u{3164}' | '\u{ffa0}' // Hangul fillers, which look like nothing
            | '\u{180e}' | '\u{200b}' | '\u{2060}'..='\u{2064}' | '\u{feff}' // of no width
            | '\u{2028}' | '\u{2029}' // ends of lines and paragraphs
            | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{206f}' // embeddings, overrides and isolates
            | '\u{fff9}'..='\u{fffb}' // annotations
            | '\u{e0000}'..='\u{e007f}') // tags
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_turns_text_around_is_written_out() {
        assert_eq!(inert("user\u{202e}gpj.exe"), r"user\u{202e}gpj.exe");
        assert_eq!(inert("a\u{200b}b\u{feff}\u{2066}c"), r"a\u{200b}b\u{feff}\u{2066}c");
        assert_eq!(inert("\0\r\n\u{1b}[31m"), r"\u{0}\u{d}\u{a}\u{1b}[31m");
        assert_eq!(inert("\u{e0041}"), r"\u{e0041}");
    }

    #[test]
    fn lines_stay_lines() {
        assert_eq!(visible("a\u{202e}b\n\t<\r"), "a\\u{202e}b\n\t<\\u{d}");
        assert!(matches!(visible("plain\n"), Cow::Borrowed(_)));
    }

    #[test]
    fn words_of_every_script_stay_as_they_are() {
        for text in ["Đã hủy công việc", "e\u{301}", "👩‍👩‍👧", "العربية", "नमस्ते", "<b>&amp;\"'"]
        {
            assert!(matches!(inert(text), Cow::Borrowed(same) if same == text), "{text}");
        }
    }

    #[test]
    fn an_excerpt_counts_characters_and_says_that_there_was_more() {
        assert_eq!(excerpt("công việc", 4), "công…");
        assert_eq!(excerpt("công", 4), "công");
        assert_eq!(excerpt("\u{202e}abc", 2), r"\u{202e}a…");
        assert_eq!(excerpt("abc", 0), "…");
        assert_eq!(excerpt("", 0), "");
    }
}
