//! What a person may send, and how it is refused.

use jiff::{Timestamp, civil::DateTime, tz::TimeZone};
use serde::Deserialize;

use crate::language::Language;
use crate::snippet::NewSnippet;

/// Bytes of one snippet: a page of code, not a repository; the highlighter takes milliseconds for it.
pub(crate) const CODE_BYTES_MAX: usize = 64 * 1024;

/// The form for a new snippet, as it was sent. Fields that were not sent are empty.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct SnippetForm {
    /// A language's tag.
    pub(crate) language: String,
    /// The code.
    pub(crate) code: String,
    /// When to publish it; empty for not at all.
    pub(crate) publish_at: String,
}

impl SnippetForm {
    /// The snippet that the form describes.
    ///
    /// # Errors
    /// A sentence for the person who sent it: an unknown language, no code or too much of it, a time that is none.
    pub(crate) fn check(&self) -> Result<NewSnippet, String> {
        let Some(language) = Language::find(&self.language) else {
            return Err("Choose a language from the list.".into());
        };
        if self.code.trim().is_empty() {
            return Err("Write some code first.".into());
        }
        if self.code.len() > CODE_BYTES_MAX {
            return Err(format!("The code is too long: at most {} KiB.", CODE_BYTES_MAX / 1024));
        }
        // Browsers end the lines of a form with CRLF, whatever the person typed.
        let code = self.code.replace("\r\n", "\n");
        let publish_at = if self.publish_at.trim().is_empty() { None } else { Some(read_time(&self.publish_at)?) };
        Ok(NewSnippet { language, code, publish_at })
    }
}

/// The form that plans a publication, as it was sent.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct PublishForm {
    /// When to publish.
    pub(crate) publish_at: String,
}

impl PublishForm {
    /// The time that the form names.
    ///
    /// # Errors
    /// A sentence for the person who sent it.
    pub(crate) fn check(&self) -> Result<Timestamp, String> {
        read_time(&self.publish_at)
    }
}

/// A time with an offset, as scripts send it, or a date and time alone, which a bare form sends and which is UTC.
fn read_time(text: &str) -> Result<Timestamp, String> {
    let text = text.trim();
    if let Ok(time) = text.parse::<Timestamp>() {
        return Ok(time);
    }
    let civil: Result<DateTime, _> = text.parse();
    civil
        .and_then(|civil| civil.to_zoned(TimeZone::UTC))
        .map(|zoned| zoned.timestamp())
        .map_err(|_| "Give a date and a time, such as 2030-01-31T12:00 (UTC).".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(language: &str, code: &str, publish_at: &str) -> SnippetForm {
        SnippetForm { language: language.into(), code: code.into(), publish_at: publish_at.into() }
    }

    #[test]
    fn a_good_form_is_a_snippet_with_unix_line_ends() {
        let snippet = form("rust", "fn main() {\r\n}\r\n", "").check().unwrap();
        assert_eq!((snippet.language.name, snippet.code.as_str()), ("Rust", "fn main() {\n}\n"));
        assert_eq!(snippet.publish_at, None);
    }

    #[test]
    fn a_time_is_utc_unless_it_says_otherwise() {
        for text in ["2030-01-31T12:00", "2030-01-31T12:00:00", "2030-01-31T13:00:00+01:00", "2030-01-31T12:00:00.000Z"]
        {
            let at = form("rust", "1", text).check().unwrap().publish_at.unwrap();
            assert_eq!(at.to_string(), "2030-01-31T12:00:00Z", "{text}");
        }
    }

    #[test]
    fn each_mistake_has_its_own_sentence() {
        let long = "x".repeat(CODE_BYTES_MAX + 1);
        for (form, said) in [
            (form("klingon", "1", ""), "language"),
            (form("", "1", ""), "language"),
            (form("rust", " \n\t", ""), "some code"),
            (form("rust", &long, ""), "too long"),
            (form("rust", "1", "tomorrow"), "a date and a time"),
            (form("rust", "1", "2030-02-31T12:00"), "a date and a time"),
        ] {
            let sentence = form.check().unwrap_err();
            assert!(sentence.contains(said), "{sentence}");
        }
        assert!(PublishForm::default().check().is_err());
    }
}
