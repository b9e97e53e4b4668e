//! The box in which a filter is typed, with its help.

use sancho_core::Invalid;

use crate::frame::Frame;

/// The box of a page whose jobs can be filtered.
#[derive(Clone, Debug)]
pub(crate) struct Find {
    /// Where it is sent.
    pub(crate) action: String,
    /// What the address of the page says besides: it stays as it is.
    pub(crate) carried: Vec<(String, String)>,
    /// The filter as it was typed.
    pub(crate) asked: String,
    /// What is wrong with it, in English.
    pub(crate) slip: Option<String>,
}

/// Terms by which the help explains the language of filters, with the keys of what they mean.
const EXAMPLES: [(&str, &str); 12] = [
    ("class:Mail*", "filter.class"),
    ("display_class:Mailer", "filter.display_class"),
    ("error~timeout", "filter.error"),
    ("error_class:Net::*", "filter.error_class"),
    ("arg:42", "filter.arg"),
    ("tag:eu", "filter.tag"),
    ("queue:low", "filter.queue"),
    ("age>1h", "filter.age"),
    ("failed<10m", "filter.failed"),
    ("attempts>=3", "filter.attempts"),
    ("-class:Report", "filter.without"),
    ("\"Blue Sky\"", "filter.text"),
];

impl Find {
    /// The box of this page.
    pub(crate) fn new(f: &Frame, asked: &str, slip: Option<Invalid>) -> Find {
        Find {
            action: f.to_path(f.path.trim_start_matches('/')),
            carried: carried(f, &["q", "after", "seen", "did"]),
            asked: asked.to_owned(),
            slip: slip.map(|slip| slip.to_string()),
        }
    }

    /// Terms with the keys of what they mean.
    pub(crate) fn examples(&self) -> [(&'static str, &'static str); 12] {
        EXAMPLES
    }
}

/// The members of a page's address that a form of it carries on, which are all but these.
pub(crate) fn carried(f: &Frame, but: &[&str]) -> Vec<(String, String)> {
    let kept = f.query.iter().filter(|(name, _)| !but.contains(&name.as_str())).cloned();
    let lang = f.chosen_tag().map(|tag| ("lang".to_owned(), tag.to_owned()));
    kept.chain(lang).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_example_is_a_filter() {
        for (term, _) in EXAMPLES {
            sancho_core::Filter::parse(term, sancho_core::Timestamp::EPOCH).expect(term);
        }
    }
}
