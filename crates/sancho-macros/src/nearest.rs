//! Which of the known words somebody meant.

/// The known word that is nearest to what was written, if one is near.
pub(crate) fn nearest<'a>(written: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let near = known.into_iter().map(|word| (strsim::levenshtein(written, word), word));
    // A word of which half is another is no slip of the finger.
    near.filter(|(slips, word)| *slips <= 2 && *slips * 2 < word.len()).min().map(|(_, word)| word)
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn a_slip_of_the_finger_is_understood_and_another_word_is_not() {
        let known = ["queue", "retry", "retry_for", "dead", "key"];
        for (written, meant) in [
            ("que", Some("queue")),
            ("retries", None),
            ("rety", Some("retry")),
            ("retry-for", Some("retry_for")),
            ("deaf", Some("dead")),
            ("keys", Some("key")),
            ("lifetime", None),
            ("", None),
        ] {
            assert_eq!(nearest(written, known), meant, "{written}");
        }
    }
}
