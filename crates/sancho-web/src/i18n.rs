//! Languages: one file each, in `locales/`, all with the same keys.

mod words;

use std::sync::LazyLock;

pub(crate) use words::Words;

/// A language of the pages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Language {
    /// English.
    #[default]
    English,
    /// Vietnamese.
    Vietnamese,
}

static ENGLISH: LazyLock<Words> = LazyLock::new(|| Words::read(include_str!("../locales/en.toml")));
static VIETNAMESE: LazyLock<Words> = LazyLock::new(|| Words::read(include_str!("../locales/vi.toml")));

/// The words of a language.
pub(crate) fn words(language: Language) -> &'static Words {
    match language {
        Language::English => &ENGLISH,
        Language::Vietnamese => &VIETNAMESE,
    }
}

impl Language {
    /// Every language.
    pub const ALL: [Language; 2] = [Language::English, Language::Vietnamese];

    /// Its tag, as BCP 47 has it.
    pub const fn tag(self) -> &'static str {
        match self {
            Language::English => "en",
            Language::Vietnamese => "vi",
        }
    }

    /// What those who speak it call it.
    pub const fn own_name(self) -> &'static str {
        match self {
            Language::English => "English",
            Language::Vietnamese => "Tiếng Việt",
        }
    }

    /// The language of a tag, whatever its region; `None` where there is no such language here.
    pub fn of(tag: &str) -> Option<Language> {
        let primary = tag.split('-').next().unwrap_or_default();
        Language::ALL.into_iter().find(|language| language.tag().eq_ignore_ascii_case(primary))
    }

    /// The language that an `Accept-Language` header asks for first, of those that there are; English where it asks
    /// for none of them.
    pub fn accepted(header: &str) -> Language {
        let mut best = (0.0, Language::English);
        for range in header.split(',').take(RANGES_MAX) {
            let (tag, parameter) = range.split_once(';').unwrap_or((range, ""));
            let weight = parameter.trim().strip_prefix("q=").and_then(|q| q.parse::<f32>().ok()).unwrap_or(1.0);
            if let Some(language) = Language::of(tag.trim())
                && weight > best.0
            {
                best = (weight, language);
            }
        }
        best.1
    }
}

/// Ranges of an `Accept-Language` header that are looked at.
const RANGES_MAX: usize = 32;

#[cfg(test)]
mod tests;
