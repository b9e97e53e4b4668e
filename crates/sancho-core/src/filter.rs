//! Which jobs of a set are meant: one language of filters, for the command, for pages and for programs.
//!
//! A filter is a list of terms, and a job passes when all of them hold. The same filter means the same in every
//! store, since it looks at the payload alone: no store has a part in it. Where something is hidden from whoever asks, it
//! looks at the payload as it is shown to them ([`Filter::through`]).

mod exact;
mod field;
mod parse;
mod pattern;
mod span;
mod term;

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use crate::redact::Lens;
use crate::{Invalid, Payload, Timestamp};

pub use exact::term;
use pattern::Pattern;
use term::Term;

/// Which jobs of a set are meant. An empty filter means all.
///
/// It is written as terms with spaces between them; a job passes when every term holds.
///
/// | term | holds when |
/// |---|---|
/// | `class:Mail*` | the class is this, where `*` stands for any text; the name in a wrapper counts too |
/// | `display_class:Mailer` | this alone is the class that people are shown: of a wrapper, the name in it or the one that it gives for show |
/// | `queue:` `jid:` `key:` `tag:` `arg:` `error:` | the payload's queue, its id, its key, one of its tags, one of its arguments, the class or the message of its last error is this |
/// | `error_class:Net::*` | this is the class of its last error, whatever the message |
/// | `error~timeout` | this text stands somewhere in it, in upper or lower case; so for each of the names above |
/// | `attempts>3` | it has failed more often than that; also `<`, `>=`, `<=` and `:` |
/// | `age>1h` | it was pushed longer ago than that; also `<`, `>=`, `<=`; the units are `s`, `m`, `h`, `d` and `w` |
/// | `failed<10m` | its last failure is not so long ago |
/// | `blue` | this text stands somewhere in the payload, in this case |
/// | `-tag:eu` or `!tag:eu` | the term behind the sign does not hold |
///
/// Text in double quotes stands for itself, stars, spaces and all; `\"` and `\\` are a quote and a backslash there.
/// A term about something that a payload does not have does not hold, so its negation does: of a payload that cannot
/// be read, only the text can be said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Filter {
    /// The class, where `*` stands for any text.
    pub class: Option<String>,
    /// Text that stands somewhere in the payload.
    pub text: Option<String>,
    /// What was written in the language of filters.
    terms: Vec<Term>,
    /// Through what payloads are looked at.
    lens: Option<Arc<Lens>>,
}

impl Filter {
    /// The filter that every job passes.
    pub fn all() -> Self {
        Filter::default()
    }

    /// Reads a filter. `now` is when `age` and `failed` count from: it stays so, however long an action over many
    /// pages takes.
    ///
    /// # Errors
    /// [`Invalid`], which says what is wrong with which term, and what would be right.
    ///
    /// ```
    /// use sancho_core::{Filter, Payload, Timestamp};
    ///
    /// let filter = Filter::parse(r#"class:Mail* arg:7 -tag:"big ones""#, Timestamp::EPOCH).unwrap();
    /// assert!(filter.matches(&Payload::from_bytes(*br#"{"class":"Mailer","args":[7]}"#)));
    /// assert!(!filter.matches(&Payload::from_bytes(*br#"{"class":"Mailer","args":[7],"tags":["big ones"]}"#)));
    ///
    /// let slip = Filter::parse("clas:Mailer", Timestamp::EPOCH).unwrap_err();
    /// assert!(slip.to_string().contains("did you mean class?"));
    /// ```
    pub fn parse(text: &str, now: Timestamp) -> Result<Filter, Invalid> {
        Ok(Filter { terms: parse::terms(text, now)?, ..Filter::default() })
    }

    /// The same filter, of what a lens shows of payloads: what is hidden is as if it were not there, for terms with a
    /// sign before them too. So neither what passes nor where a page ends tells anything of it.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use sancho_core::redact::Lens;
    /// use sancho_core::{Filter, Payload, Timestamp};
    ///
    /// let payload = Payload::from_bytes(*br#"{"class":"Charge","args":["4111"],"redact":[0]}"#);
    /// let shown = |text| Filter::parse(text, Timestamp::EPOCH).unwrap().through(Arc::new(Lens::default()));
    /// assert!(!shown("arg:4111").matches(&payload));
    /// assert!(shown("-arg:4111").matches(&payload));
    /// ```
    #[must_use]
    pub fn through(self, lens: Arc<Lens>) -> Filter {
        Filter { lens: Some(lens), ..self }
    }

    /// Whether every job passes, through whatever it is looked at.
    pub fn is_all(&self) -> bool {
        let Filter { class, text, terms, lens: _ } = self;
        class.is_none() && text.is_none() && terms.is_empty()
    }

    /// Whether a payload passes.
    pub fn matches(&self, payload: &Payload) -> bool {
        if self.is_all() {
            return true;
        }
        let shown = self.lens.as_ref().map_or(Cow::Borrowed(payload), |lens| lens.shown(payload));
        let payload = &*shown;
        let reads_members = self.class.is_some() || self.terms.iter().any(Term::reads_members);
        let envelope = if reads_members { payload.envelope().ok() } else { None };
        let class = self.class.as_deref().is_none_or(|pattern| {
            let name = envelope.as_ref().map(|envelope| envelope.display_class());
            name.is_some_and(|name| Pattern::with_stars(pattern).matches(&name))
        });
        class
            && self.text.as_deref().is_none_or(|text| payload.to_text_lossy().contains(text))
            && self.terms.iter().all(|term| term.holds(payload, envelope.as_ref()))
    }
}

/// The terms as they are written: what is printed can be read again, and means the same at the same time.
impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let class = self.class.iter().map(|class| format!("class:{}", Pattern::with_stars(class)));
        let text = self.text.iter().map(|text| Pattern::literal(text).to_string());
        let terms: Vec<String> = class.chain(text).chain(self.terms.iter().map(ToString::to_string)).collect();
        f.write_str(&terms.join(" "))
    }
}

#[cfg(test)]
mod tests;
