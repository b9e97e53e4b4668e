//! Writing the term that one text passes.

use crate::limits;

/// The term of a filter that this text passes: whole, or by its beginning where it is longer than the name of a class
/// may be, since a term becomes part of an address and servers take no long ones.
///
/// Of any two texts, each passes the other's term only where both terms are the same: what is too long to be whole is
/// more than the longest that is.
///
/// ```
/// assert_eq!(sancho_core::filter::term("class", "a \"b\" *"), r#"class:"a \"b\" *""#);
/// ```
pub fn term(name: &str, text: &str) -> String {
    let mut ends = text.char_indices().map(|(start, c)| start + c.len_utf8());
    match ends.find(|end| *end > limits::CLASS_BYTES_MAX) {
        None => format!("{name}:{}", quoted(text)),
        Some(end) => format!("{name}:{}*", quoted(&text[..end])),
    }
}

/// The text as the language has it when it stands for itself, stars and spaces and all.
pub(super) fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Filter, Payload, Timestamp};

    fn passes(term: &str, class: &str) -> bool {
        let filter = Filter::parse(term, Timestamp::EPOCH).expect("a filter");
        let payload = serde_json::json!({ "class": class, "args": [] }).to_string();
        filter.matches(&Payload::from_bytes(payload.as_bytes()))
    }

    #[test]
    fn a_term_finds_its_text_however_long_that_is() {
        for text in ["a \"b\" \\ *", &"<ố>".repeat(50_000)] {
            let term = term("class", text);
            assert!(term.len() < 2_000, "{}", term.len());
            assert!(passes(&term, text), "{term}");
        }
    }

    #[test]
    fn a_term_finds_no_other_text_that_begins_the_same() {
        let texts: Vec<String> = (500..530).map(|length| "a".repeat(length)).collect();
        let near = ["ố", "ốa", "aố"].map(|end| format!("{}{end}", "a".repeat(510)));
        let texts: Vec<String> = texts.into_iter().chain(near).collect();
        for (text, other) in texts.iter().flat_map(|text| texts.iter().map(move |other| (text, other))) {
            let (own, others) = (term("class", text), term("class", other));
            assert_eq!(passes(&own, other), own == others, "{} {}", text.len(), other.len());
        }
    }
}
