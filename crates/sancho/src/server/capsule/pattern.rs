//! Names with `*` in them.

use std::fmt;

/// A name in which each `*` stands for any text, or none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Pattern(Box<str>);

impl Pattern {
    pub(crate) fn new(text: &str) -> Self {
        Pattern(text.into())
    }

    /// Whether a text is a name for many.
    pub(crate) fn is_one(text: &str) -> bool {
        text.contains('*')
    }

    pub(crate) fn matches(&self, name: &str) -> bool {
        let Some((head, rest)) = self.0.split_once('*') else { return *self.0 == *name };
        let Some(mut left) = name.strip_prefix(head) else { return false };
        let (middles, tail) = rest.rsplit_once('*').unwrap_or(("", rest));
        for middle in middles.split('*') {
            // The first place is the best: it leaves the most to what follows.
            let Some(at) = left.find(middle) else { return false };
            left = &left[at + middle.len()..];
        }
        left.ends_with(tail)
    }

    /// Whether it matches all that another one does: its own `*` may stand for that one's.
    pub(crate) fn covers(&self, other: &Pattern) -> bool {
        self.matches(&other.0)
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_star_stands_for_any_text_and_for_none() {
        for (pattern, matching, others) in [
            ("*", &["", "a", "tenant:1"][..], &[][..]),
            ("tenant:*", &["tenant:", "tenant:1"], &["tenant", "a:tenant:1"]),
            ("*:low", &[":low", "a:low", "a:low:low"], &["a:lower"]),
            ("a*b*c", &["abc", "axbxc", "abcbc"], &["ac", "acb", "abcd"]),
            ("a*a", &["aa", "aba"], &["a"]),
            ("**", &["", "x"], &[]),
            ("plain", &["plain"], &["plainer", "a?"]),
        ] {
            for name in matching {
                assert!(Pattern::new(pattern).matches(name), "{pattern} matches {name:?}");
            }
            for name in others {
                assert!(!Pattern::new(pattern).matches(name), "{pattern} does not match {name:?}");
            }
        }
    }

    /// The plainest way to say what a pattern matches.
    fn plainly(pattern: &[u8], name: &[u8]) -> bool {
        match pattern.split_first() {
            None => name.is_empty(),
            Some((b'*', rest)) => (0..=name.len()).any(|at| plainly(rest, &name[at..])),
            Some((letter, rest)) => name.first() == Some(letter) && plainly(rest, &name[1..]),
        }
    }

    proptest! {
        #[test]
        fn a_pattern_matches_what_the_plainest_reading_matches(pattern in "[ab*]{0,6}", name in "[ab]{0,8}") {
            prop_assert_eq!(Pattern::new(&pattern).matches(&name), plainly(pattern.as_bytes(), name.as_bytes()));
        }

        #[test]
        fn a_pattern_that_covers_another_matches_all_that_it_does(
            one in "[ab*]{0,4}", other in "[ab*]{0,4}", name in "[ab]{0,6}",
        ) {
            let (one, other) = (Pattern::new(&one), Pattern::new(&other));
            prop_assert!(!one.covers(&other) || !other.matches(&name) || one.matches(&name));
        }
    }
}
