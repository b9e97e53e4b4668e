//! Through what people look at jobs: what each class hides.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::Hidden;
use crate::{JobRow, Payload};

/// What is hidden of jobs by their classes, besides what payloads hide of themselves.
///
/// Whoever shows jobs through it looks for them through it too ([`Filter::through`](crate::Filter::through)): else what
/// is found tells what is hidden.
///
/// ```
/// use sancho_core::Payload;
/// use sancho_core::redact::{Hidden, Lens};
///
/// let mut lens = Lens::default();
/// lens.hide("Charge", Hidden::argument(1));
/// let payload = Payload::from_bytes(*br#"{"class":"Charge","args":[7,"4111"]}"#);
/// assert_eq!(lens.shown(&payload).to_text_lossy(), r#"{"class":"Charge","args":[7,"[redacted]"]}"#);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lens {
    classes: BTreeMap<String, Hidden>,
}

impl Lens {
    /// Hides this of a class too, besides what is hidden of it already.
    pub fn hide(&mut self, class: impl Into<String>, hidden: Hidden) {
        if !hidden.is_nothing() {
            let before = self.classes.entry(class.into()).or_default();
            *before = std::mem::take(before).and(hidden);
        }
    }

    /// What is hidden of a payload. Of one that cannot be read, everything is where the name of a class that hides
    /// something stands in it.
    pub fn hidden(&self, payload: &Payload) -> Hidden {
        let said = Hidden::said_by(payload);
        if self.classes.is_empty() {
            return said;
        }
        let Ok(envelope) = payload.envelope() else {
            let text = payload.to_text_lossy();
            let is_named = self.classes.keys().any(|class| text.contains(class.as_str()));
            return if is_named { Hidden::everything() } else { said };
        };
        let own = self.classes.get(envelope.class()).cloned();
        let inside =
            [envelope.inner_class(), envelope.display_class()].into_iter().filter(|name| *name != envelope.class());
        let inside = inside.filter(|name| self.classes.contains_key(&**name)).map(|_| Hidden::everything());
        own.into_iter().chain(inside).fold(said, Hidden::and)
    }

    /// The payload as it may be shown.
    pub fn shown<'a>(&self, payload: &'a Payload) -> Cow<'a, Payload> {
        self.hidden(payload).cut(payload)
    }

    /// The job as it may be shown: its payload, and what its run has kept.
    pub fn shown_row(&self, row: JobRow) -> JobRow {
        self.hidden(&row.payload).cut_row(row)
    }
}
