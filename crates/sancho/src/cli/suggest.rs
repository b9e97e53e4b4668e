//! "Did you mean": the known word that is nearest to one that is not known.

/// The word that was most likely meant, if one is near enough.
pub(super) fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // A hundred letters are no slip of a setting's name, and comparing them takes time.
    if word.len() > 100 {
        return None;
    }
    let word = word.to_lowercase().replace('-', "_");
    let slips_max = match word.chars().count() {
        0..=2 => 0,
        3..=4 => 1,
        5..=9 => 2,
        _ => 3,
    };
    let near = known.into_iter().map(|known| (slips(&word, &known.to_lowercase()), known));
    near.filter(|(slips, _)| *slips <= slips_max).min_by_key(|(slips, _)| *slips).map(|(_, known)| known)
}

/// How far two words are from each other; an ending that is another one, as in `retries` and `retry`, is one slip.
fn slips(word: &str, known: &str) -> usize {
    const STEM: usize = 4;
    let common = word.chars().zip(known.chars()).take_while(|(a, b)| a == b).count();
    let is_stem = common >= STEM && known.chars().count() <= common + 1 && word.chars().count() <= common + 3;
    if is_stem && word != known { 1 } else { strsim::osa_distance(word, known) }
}

/// The same as the end of a sentence: `did you mean timeout?`, or nothing.
pub(super) fn did_you_mean<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<String> {
    nearest(word, known).map(|near| format!("did you mean {near}?"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_understood_and_another_word_is_not() {
        let known = ["concurrency", "queues", "timeout", "tag", "retry"];
        for (word, near) in [
            ("concurency", Some("concurrency")),
            ("Queue", Some("queues")),
            ("tiemout", Some("timeout")),
            ("tags", Some("tag")),
            ("retries", Some("retry")),
            ("retire_later", None),
            ("ta", None),
            ("redis", None),
        ] {
            assert_eq!(nearest(word, known), near, "{word}");
        }
        assert_eq!(nearest(&"concurrency".repeat(100_000), known), None);
    }
}
