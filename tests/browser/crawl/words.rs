//! What a page says: in its language, all of it.

use std::collections::BTreeSet;

use serde_json::json;

use super::links::Survey;
use crate::page::{Page, Visitor};
use crate::stock::WORDS;

/// English words that no other language here has, and no data.
const ENGLISH: [&str; 14] =
    ["the", "of", "is", "are", "and", "this", "jobs", "queue", "queues", "ago", "from", "was", "all", "with"];

/// Whether a page, which is open, speaks its visitor's language.
pub(super) async fn check(page: &Page, visitor: Visitor, survey: &Survey) {
    let Survey { address, words: here, .. } = survey;
    assert!(visitor.language.starts_with(&survey.language), "{address} is in {}", survey.language);
    for text in here {
        assert!(!text.contains("⟦?⟧") && !is_key(text), "{address} says {text:?}, which is a key without its words");
    }
    if survey.language == "en" {
        return;
    }
    for text in here {
        let stranger = of(text).find(|word| ENGLISH.contains(&word.to_lowercase().as_str()));
        assert!(stranger.is_none(), "{address} says {text:?}, which is English");
    }
    // What a form was answered cannot be asked for again.
    if !visitor.javascript || survey.forms.iter().any(|form| form.fields.iter().any(|name| name == "sure")) {
        return;
    }
    let sign = if address.contains('?') { '&' } else { '?' };
    let english: BTreeSet<String> = page.asks("words", json!({ "path": format!("{address}{sign}lang=en") })).await;
    let same: Vec<&String> = here.iter().filter(|text| english.contains(*text) && !is_data(text)).collect();
    assert!(same.is_empty(), "{address} says in both languages {same:?}");
}

/// Whether a text looks like `nav.busy`.
fn is_key(text: &str) -> bool {
    let is_word = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
    text.contains('.') && text.split('.').all(is_word)
}

/// Whether all of a text's words are data, or the same in all languages, as the language of filters is.
fn is_data(text: &str) -> bool {
    let is_filter = text.split(' ').all(|term| term.contains([':', '~', '<', '>']));
    // What has a digit in it is a number or a name.
    let is_name = |part: &str| part.contains(|character: char| character.is_ascii_digit());
    is_filter || text.split(' ').all(|part| is_name(part) || of(part).all(|word| WORDS.contains(&word)))
}

/// The words of a text.
fn of(text: &str) -> impl Iterator<Item = &str> {
    text.split(|character: char| !character.is_alphabetic()).filter(|word| !word.is_empty())
}

#[test]
fn keys_are_known_from_words() {
    for key in ["nav.busy", "ask.there_are_more"] {
        assert!(is_key(key), "{key}");
    }
    for text in ["Busy", "it broke.", "1.5", "class:Mail* error~timeout age>1h", "…", "e.g. this"] {
        assert!(!is_key(text), "{text}");
    }
    assert!(is_data("Mailer 12 ms") && is_data("12.345") && is_data("class:Mail* age>1h") && !is_data("Mailer failed"));
}
