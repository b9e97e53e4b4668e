//! Text of payloads, made harmless: what a stranger wrote never steers the terminal that shows it.

use std::borrow::Cow;
use std::fmt::Write;

/// The text with every character that a terminal might obey, or that hides or turns others, written as an escape.
pub(crate) fn visible(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_hazard) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
            '\n' => shown.push_str("\\n"),
            '\r' => shown.push_str("\\r"),
            '\t' => shown.push_str("\\t"),
            c if is_hazard(c) => write!(shown, "\\u{{{:x}}}", u32::from(c)).expect("a string can be written to"),
            c => shown.push(c),
        }
    }
    Cow::Owned(shown)
}

/// A JSON text with the same characters as JSON escapes: it means the same.
///
/// Such characters stand only inside strings of a JSON text; space between tokens is none of them here, since
/// what is given was written without line breaks.
pub(crate) fn visible_json(json: &str) -> Cow<'_, str> {
    if !json.chars().any(is_hazard) {
        return Cow::Borrowed(json);
    }
    let mut shown = String::with_capacity(json.len() + 8);
    let mut units = [0; 2];
    for c in json.chars() {
        if !is_hazard(c) {
            shown.push(c);
        } else if matches!(c, '\n' | '\r' | '\t') {
            // A raw one can only be space between tokens: strings have it escaped.
            shown.push(' ');
        } else {
            for unit in c.encode_utf16(&mut units) {
                write!(shown, "\\u{unit:04x}").expect("a string can be written to");
            }
        }
    }
    Cow::Owned(shown)
}

/// The first characters of a text, with a mark where some are left out.
pub(crate) fn shortened(text: &str, chars_max: usize) -> Cow<'_, str> {
    match text.char_indices().nth(chars_max) {
        None => Cow::Borrowed(text),
        Some(_) => {
            let end = text.char_indices().nth(chars_max.saturating_sub(1)).map_or(0, |(index, _)| index);
            Cow::Owned(format!("{}…", &text[..end]))
        }
    }
}

/// A number for people: `1,204`.
pub(crate) fn number(number: u64) -> String {
    let digits = number.to_string();
    let mut shown = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            shown.push(',');
        }
        shown.push(digit);
    }
    shown
}

/// How many there are in some span, for people: `-`, `0.4`, `1,204`.
pub(crate) fn rate(rate: f64) -> String {
    match rate {
        ..=0.0 => "-".to_owned(),
        ..0.05 => "0.1".to_owned(),
        ..9.95 => format!("{rate:.1}"),
        _ => number(rate.round() as u64),
    }
}

/// So many of something, for people: `1 job`, `1,204 jobs`.
pub(crate) fn counted(count: u64, one: &str, many: &str) -> String {
    format!("{} {}", number(count), if count == 1 { one } else { many })
}

/// Control characters, and the invisible ones that reorder or hide what stands beside them.
fn is_hazard(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
            | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_steers_a_terminal_is_written_as_an_escape() {
        assert_eq!(visible("a\u{1b}[31m\u{9b}2J\u{7f}\u{202e}b\n"), "a\\u{1b}[31m\\u{9b}2J\\u{7f}\\u{202e}b\\n");
        assert_eq!(visible("Việt 🐴"), "Việt 🐴");
    }

    #[test]
    fn a_rate_has_the_digits_that_matter_and_what_is_more_than_nothing_shows() {
        let told = [0.0, 0.01, 0.44, 9.94, 9.96, 1_203.7].map(rate);
        assert_eq!(told, ["-", "0.1", "0.4", "9.9", "10", "1,204"]);
    }

    #[test]
    fn json_means_the_same_after_escaping() {
        let json = "{\"a\":\"\u{9b}\u{202e}\u{e0041}é\"}";
        let shown = visible_json(json);
        assert!(!shown.chars().any(is_hazard));
        let before: serde_json::Value = serde_json::from_str(json).expect("JSON");
        let after: serde_json::Value = serde_json::from_str(&shown).expect("JSON");
        assert_eq!(before, after);
    }

    #[test]
    fn numbers_have_commas_between_their_thousands() {
        let counts = [0, 7, 999, 1_000, 1_204, 1_234_567].map(|count| counted(count, "job", "jobs"));
        assert_eq!(counts, ["0 jobs", "7 jobs", "999 jobs", "1,000 jobs", "1,204 jobs", "1,234,567 jobs"]);
        assert_eq!(counted(1, "job", "jobs"), "1 job");
    }

    #[test]
    fn a_long_text_is_cut_between_characters() {
        assert_eq!(shortened("ngựa chạy", 5), "ngựa…");
        assert_eq!(shortened("ngựa", 4), "ngựa");
    }
}
