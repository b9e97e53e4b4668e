//! Which of the known words somebody meant.

/// The known word that is nearest to what was written, if one is near.
pub(crate) fn nearest<'a>(written: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let near = known.into_iter().map(|word| (distance(written, word), word));
    // A word of which half is another is no slip of the finger.
    near.filter(|(slips, word)| *slips <= 2 && *slips * 2 < word.len()).min().map(|(_, word)| word)
}

/// How many characters have to be added, left out or changed to make one word the other (Levenshtein's distance).
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (line, a) in one.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = line + 1;
        for (at, b) in other.iter().enumerate() {
            let change = diagonal + usize::from(a != *b);
            diagonal = row[at + 1];
            row[at + 1] = change.min(row[at] + 1).min(diagonal + 1);
        }
    }
    row[other.len()]
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
