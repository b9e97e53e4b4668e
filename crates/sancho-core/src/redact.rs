//! What is not shown of jobs: declared by a class, written into its payloads, cut out wherever people look.
//!
//! A class declares it once ([`Redact`]). The declaration travels in each payload as its member `redact`, so that
//! whatever looks at a store knows of it, whichever program that is: `true` hides everything, and a list hides
//! arguments by their places, counted from zero, and the errors where the word `"errors"` stands in it. What is not
//! understood hides everything. Sidekiq keeps the member and has no meaning for it.
//!
//! Whoever shows a payload shows what [`Hidden::cut`] leaves of it. The store keeps it whole: the job needs it.

mod lens;

use std::borrow::Cow;
use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::{Checkpointed, JobRow, Payload};

pub use lens::Lens;

/// What stands in the place of what is hidden.
pub const REDACTED: &str = "[redacted]";

/// The member by which a payload says what is hidden of it.
pub const MEMBER: &str = "redact";

/// The member that keeps a fingerprint of a whole push, by which a repeat of it is known. It is shown to nobody: whoever
/// has it tries values of what is hidden, of this job or of another of that push, until the fingerprint fits.
pub const FINGERPRINT: &str = "idempotency_fingerprint";

/// The word that hides errors, in a list of places.
const ERRORS: &str = "errors";

/// What a class declares to be hidden of its jobs.
///
/// ```
/// use sancho_core::redact::Redact;
///
/// const CARD_NUMBER: Redact = Redact::arguments(&[1]);
/// assert_eq!(CARD_NUMBER.to_member().as_deref(), Some("[1]"));
/// assert_eq!(CARD_NUMBER.and_errors().to_member().as_deref(), Some(r#"[1,"errors"]"#));
/// assert_eq!(Redact::EVERYTHING.to_member().as_deref(), Some("true"));
/// assert_eq!(Redact::NOTHING.to_member(), None);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Redact(Declared);

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Declared {
    #[default]
    Nothing,
    Everything,
    Places(&'static [usize]),
    PlacesAndErrors(&'static [usize]),
}

impl Redact {
    /// Everything is shown.
    pub const NOTHING: Redact = Redact(Declared::Nothing);

    /// Every argument is hidden, with what errors say, and what a run has kept besides its progress.
    pub const EVERYTHING: Redact = Redact(Declared::Everything);

    /// These arguments are hidden, by their places, counted from zero.
    pub const fn arguments(places: &'static [usize]) -> Self {
        Redact(Declared::Places(places))
    }

    /// What errors say is hidden too: their messages and their backtraces. Their classes are shown.
    #[must_use]
    pub const fn and_errors(self) -> Self {
        match self.0 {
            Declared::Nothing => Redact(Declared::PlacesAndErrors(&[])),
            Declared::Places(places) => Redact(Declared::PlacesAndErrors(places)),
            Declared::Everything | Declared::PlacesAndErrors(_) => self,
        }
    }

    /// The text of the member that says so in a payload; `None` where there is nothing to say.
    pub fn to_member(self) -> Option<String> {
        let list = |places: &[usize], errors: Option<&str>| {
            let places = places.iter().map(usize::to_string).chain(errors.map(|word| format!("\"{word}\"")));
            Some(format!("[{}]", places.collect::<Vec<_>>().join(",")))
        };
        match self.0 {
            Declared::Nothing | Declared::Places([]) => None,
            Declared::Everything => Some("true".to_owned()),
            Declared::Places(places) => list(places, None),
            Declared::PlacesAndErrors(places) => list(places, Some(ERRORS)),
        }
    }
}

/// What is hidden of one job, from all that has a say in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hidden {
    args: HiddenArgs,
    errors: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum HiddenArgs {
    All,
    Places(BTreeSet<usize>),
}

impl Default for HiddenArgs {
    fn default() -> Self {
        HiddenArgs::Places(BTreeSet::new())
    }
}

impl From<Redact> for Hidden {
    fn from(declared: Redact) -> Self {
        let places = |places: &[usize]| HiddenArgs::Places(places.iter().copied().collect());
        match declared.0 {
            Declared::Nothing => Hidden::nothing(),
            Declared::Everything => Hidden::everything(),
            Declared::Places(some) => Hidden { args: places(some), errors: false },
            Declared::PlacesAndErrors(some) => Hidden { args: places(some), errors: true },
        }
    }
}

/// An entry of the list that a payload has.
#[derive(Deserialize)]
#[serde(untagged)]
enum Entry {
    Place(usize),
    Word(String),
}

impl Hidden {
    /// Nothing is hidden.
    pub fn nothing() -> Self {
        Hidden::default()
    }

    /// Everything is.
    pub fn everything() -> Self {
        Hidden { args: HiddenArgs::All, errors: true }
    }

    /// This argument is, by its place.
    pub fn argument(place: usize) -> Self {
        Hidden { args: HiddenArgs::Places(BTreeSet::from([place])), errors: false }
    }

    /// What a payload says of itself. Of one that cannot be read, everything is hidden where the member's name stands
    /// in it.
    pub fn said_by(payload: &Payload) -> Self {
        // Most payloads say nothing, and are not taken apart for it; a name may stand there in escapes.
        let text = payload.to_text_lossy();
        if !text.contains(MEMBER) && !text.contains("\\u") {
            return Hidden::nothing();
        }
        match payload.envelope().and_then(|_| payload.members()) {
            // Where it stands twice, both hold: hiding too much does less harm.
            Ok(members) => members
                .iter()
                .filter(|(name, _)| *name == MEMBER)
                .fold(Hidden::nothing(), |hidden, (_, text)| hidden.and(Hidden::read(text))),
            Err(_) if text.contains("\"redact\"") => Hidden::everything(),
            Err(_) => Hidden::nothing(),
        }
    }

    /// Reads the member.
    fn read(member: &str) -> Self {
        if matches!(member, "false" | "null") {
            return Hidden::nothing();
        }
        let Ok(entries) = serde_json::from_str::<Vec<Entry>>(member) else { return Hidden::everything() };
        entries.into_iter().fold(Hidden::nothing(), |hidden, entry| {
            hidden.and(match entry {
                Entry::Place(place) => Hidden::argument(place),
                Entry::Word(word) if word == ERRORS => Hidden { errors: true, ..Hidden::nothing() },
                Entry::Word(_) => Hidden::everything(),
            })
        })
    }

    /// What either of two hides.
    #[must_use]
    pub fn and(self, other: Hidden) -> Self {
        let args = match (self.args, other.args) {
            (HiddenArgs::Places(some), HiddenArgs::Places(others)) => {
                HiddenArgs::Places(some.into_iter().chain(others).collect())
            }
            _ => HiddenArgs::All,
        };
        Hidden { args, errors: self.errors || other.errors }
    }

    /// Whether nothing is hidden.
    pub fn is_nothing(&self) -> bool {
        *self == Hidden::nothing()
    }

    /// Whether an argument is hidden at all.
    pub fn hides_args(&self) -> bool {
        self.args != HiddenArgs::default()
    }

    /// Whether the messages and backtraces of errors are hidden.
    pub fn hides_errors(&self) -> bool {
        self.errors
    }

    /// The payload without what is hidden, and without its [`FINGERPRINT`]. One that cannot be taken apart is hidden
    /// whole, unless nothing is hidden.
    pub fn cut<'a>(&self, payload: &'a Payload) -> Cow<'a, Payload> {
        if self.is_nothing() {
            return without_fingerprint(payload);
        }
        let whole = || Cow::Owned(Payload::from_bytes(REDACTED.as_bytes()));
        let (Ok(envelope), Ok(mut members)) = (payload.envelope(), payload.members()) else { return whole() };
        members.remove(FINGERPRINT);
        let redacted = format!("\"{REDACTED}\"");
        let hidden = [
            ("args", self.hides_args().then(|| self.cut_args(envelope.args()))),
            ("error_message", self.errors.then(|| redacted.clone())),
            ("error_backtrace", self.errors.then(|| format!("[{redacted}]"))),
        ];
        for (name, text) in hidden {
            let (Some(text), Some(_)) = (text, members.get(name)) else { continue };
            // Other programs may write a member twice: setting it would change the last one alone.
            if members.iter().filter(|(have, _)| *have == name).count() > 1 {
                members.remove(name);
            }
            if members.set_raw(name, text).is_err() {
                return whole();
            }
        }
        Cow::Owned(members.to_payload())
    }

    /// The text of an array of arguments without what is hidden; of anything else, nothing.
    pub fn cut_args(&self, args: &str) -> String {
        let redacted = format!("\"{REDACTED}\"");
        let Ok(each) = serde_json::from_str::<Vec<&RawValue>>(args) else { return format!("[{redacted}]") };
        let shown = each.iter().enumerate().map(|(place, argument)| match &self.args {
            HiddenArgs::Places(places) if !places.contains(&place) => argument.get(),
            _ => redacted.as_str(),
        });
        format!("[{}]", shown.collect::<Vec<&str>>().join(","))
    }

    /// A job without what is hidden: its payload, and where every argument is hidden what its run has kept, which may
    /// be made of them; its progress stays.
    pub fn cut_row(&self, row: JobRow) -> JobRow {
        let payload = self.cut(&row.payload).into_owned();
        let mut kept = row.kept;
        if self.args == HiddenArgs::All {
            let progress = kept.progress();
            kept = Checkpointed::new();
            progress.into_iter().for_each(|progress| kept.set_progress(progress));
        }
        JobRow { payload, kept, ..row }
    }
}

/// A payload that hides nothing itself: the fingerprint that it keeps may be of a push of many, which do.
fn without_fingerprint(payload: &Payload) -> Cow<'_, Payload> {
    if !payload.to_text_lossy().contains(FINGERPRINT) {
        return Cow::Borrowed(payload);
    }
    match payload.members() {
        Ok(mut members) if members.get(FINGERPRINT).is_some() => {
            members.remove(FINGERPRINT);
            Cow::Owned(members.to_payload())
        }
        _ => Cow::Borrowed(payload),
    }
}

#[cfg(test)]
mod tests;
