//! The name of what an application adds, in each language.

use crate::i18n::Language;

/// A name: in English, and in whichever other languages it is given. People see it escaped.
///
/// ```
/// use sancho_web::{Language, Title};
///
/// let title = Title::new("Orders").in_language(Language::Vietnamese, "Đơn hàng");
/// assert_eq!(title.text(Language::Vietnamese), "Đơn hàng");
/// assert_eq!(Title::new("Orders").text(Language::Vietnamese), "Orders");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Title {
    english: String,
    others: Vec<(Language, String)>,
}

impl Title {
    /// A name that is the same in every language, until another is given.
    pub fn new(english: impl Into<String>) -> Self {
        Title { english: english.into(), others: Vec::new() }
    }

    /// The name for those who read the pages in this language.
    #[must_use]
    pub fn in_language(mut self, language: Language, text: impl Into<String>) -> Self {
        let text = text.into();
        if language == Language::English {
            self.english = text;
        } else {
            self.others.retain(|(other, _)| *other != language);
            self.others.push((language, text));
        }
        self
    }

    /// The name in a language; the English one where there is no other.
    pub fn text(&self, language: Language) -> &str {
        let own = self.others.iter().find(|(other, _)| *other == language);
        own.map_or(self.english.as_str(), |(_, text)| text.as_str())
    }
}

impl<T: Into<String>> From<T> for Title {
    fn from(english: T) -> Self {
        Title::new(english)
    }
}
