//! Numbers, and texts of strangers, as pages show them.

use std::borrow::Cow;
use std::time::Duration;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use sancho_core::Timestamp;

pub(crate) use crate::safety::visible;

/// What stays as it is in a part of an address.
const KEPT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// The text as one part of an address.
pub(crate) fn segment(text: &str) -> String {
    utf8_percent_encode(text, KEPT).to_string()
}

/// The address of a queue's page, from the root of the pages.
///
/// Browsers take `.` and `..` for steps of a path however they are written, so these two names stand in a query.
pub(crate) fn queue_address(name: &str) -> String {
    if matches!(name, "." | "..") { format!("queue?name={name}") } else { format!("queues/{}", segment(name)) }
}

/// The members of a query, in order.
pub(crate) fn query(text: &str) -> Vec<(String, String)> {
    let decoded = |text: &str| percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned();
    let parts = text.split('&').filter(|part| !part.is_empty());
    parts
        .map(|part| part.split_once('=').unwrap_or((part, "")))
        .map(|(name, value)| (decoded(name), decoded(value)))
        .collect()
}

/// The same members as a query.
pub(crate) fn to_query(members: &[(String, String)]) -> String {
    let parts: Vec<String> =
        members.iter().map(|(name, value)| format!("{}={}", segment(name), segment(value))).collect();
    parts.join("&")
}

/// A value, by itself or lent, as templates have it.
pub(crate) trait Lent<T> {
    /// The value.
    fn value(&self) -> T;
}

impl Lent<Timestamp> for Timestamp {
    fn value(&self) -> Timestamp {
        *self
    }
}

impl Lent<Duration> for Duration {
    fn value(&self) -> Duration {
        *self
    }
}

impl<T, L: Lent<T>> Lent<T> for &L {
    fn value(&self) -> T {
        (**self).value()
    }
}

/// The first of several names, and an ellipsis where there are more.
pub(crate) fn names<N: AsRef<str>>(names: impl IntoIterator<Item = N>, most: usize) -> String {
    let mut names = names.into_iter();
    let first: Vec<N> = names.by_ref().take(most).collect();
    let first: Vec<&str> = first.iter().map(AsRef::as_ref).collect();
    format!("{}{}", first.join(", "), if names.next().is_some() { " …" } else { "" })
}

/// A sentence with values in its places `{1}`, `{2}` and so on; a place that has no value stays as it is.
pub(crate) fn filled(sentence: &str, values: &[String]) -> String {
    // Piece by piece: what a value says is never taken for a place.
    let mut pieces = sentence.split('{');
    let mut filled = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let place = piece.split_once('}').and_then(|(number, behind)| {
            let index = number.parse::<usize>().ok()?.checked_sub(1)?;
            Some((values.get(index)?, behind))
        });
        match place {
            Some((value, behind)) => filled.extend([value.as_str(), behind]),
            None => filled.extend(["{", piece]),
        }
    }
    filled
}

/// A whole number, by itself or lent, as templates have it.
pub(crate) trait Number {
    /// The number.
    fn whole(&self) -> u64;
}

impl Number for u64 {
    fn whole(&self) -> u64 {
        *self
    }
}

impl Number for u32 {
    fn whole(&self) -> u64 {
        u64::from(*self)
    }
}

impl Number for usize {
    fn whole(&self) -> u64 {
        u64::try_from(*self).unwrap_or(u64::MAX)
    }
}

impl<N: Number> Number for &N {
    fn whole(&self) -> u64 {
        (**self).whole()
    }
}

/// A number for people: `1,204`.
pub(crate) fn number(number: u64, thousands: &str) -> String {
    let digits = number.to_string();
    let mut shown = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            shown.push_str(thousands);
        }
        shown.push(digit);
    }
    shown
}

/// Bytes in the largest unit of which there is one: `8.9 GB`.
pub(crate) fn bytes(bytes: u64, point: &str) -> String {
    const UNITS: [&str; 5] = ["B", "kB", "MB", "GB", "TB"];
    let mut shown = bytes as f64;
    let mut unit = 0;
    while shown >= 999.5 && unit + 1 < UNITS.len() {
        shown /= 1_000.0;
        unit += 1;
    }
    let digits = usize::from(unit > 0 && shown < 9.95);
    format!("{} {}", decimal(shown, digits, point), UNITS[unit])
}

/// A number with so many digits behind the point.
pub(crate) fn decimal(number: f64, digits: usize, point: &str) -> String {
    format!("{number:.digits$}").replace('.', point)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_is_read_as_it_was_written() {
        let members = [("q", "class:A b&c=d"), ("lang", "vi"), ("é", "")].map(|(a, b)| (a.to_owned(), b.to_owned()));
        assert_eq!(query(&to_query(&members)), members);
        assert_eq!(query("a+b=1+2&&c"), [("a b", "1 2"), ("c", "")].map(|(a, b)| (a.to_owned(), b.to_owned())));
    }

    #[test]
    fn bytes_are_told_in_the_unit_that_shows_their_digits() {
        let told = [0, 999, 1_000, 9_949, 99_900, 999_499, 999_500, 8_900_000_000].map(|told| bytes(told, "."));
        assert_eq!(told, ["0 B", "999 B", "1.0 kB", "9.9 kB", "100 kB", "999 kB", "1.0 MB", "8.9 GB"]);
        assert_eq!([999, 8_900_000_000].map(|told| bytes(told, ",")), ["999 B", "8,9 GB"]);
    }

    #[test]
    fn a_value_is_never_taken_for_a_place() {
        let values = ["{2}".to_owned(), "two".to_owned()];
        assert_eq!(filled("{2} and {1}, {1} and {2}", &values), "two and {2}, {2} and two");
        assert_eq!(filled("{0} {3} {} {x} { 1}", &values), "{0} {3} {} {x} { 1}");
    }

    #[test]
    fn numbers_and_texts_are_short() {
        assert_eq!(number(1_234_567, ","), "1,234,567");
        assert_eq!(number(999, "."), "999");
        assert_eq!(shortened("abcdef", 4), "abc…");
        assert_eq!(shortened("abcd", 4), "abcd");
        assert_eq!([1, 2, 3].map(|most| names(["a", "b"], most)), ["a …", "a, b", "a, b"]);
    }
}
