//! What is not shown of payloads.
//!
//! A class says so: in its own declaration, which its payloads carry, or here in the settings of the pages, for classes
//! that come from programs which declare nothing. What is hidden is cut out before anything is made of a job, for
//! everybody; the store keeps it as it is.

use std::borrow::Cow;
use std::collections::BTreeMap;

use sancho_core::redact::Hidden;
use sancho_core::{Filter, JobRow, Payload, Redact};

/// What is not shown of payloads, by class, besides what they hide of themselves.
///
/// ```
/// use sancho_core::{Payload, Redact};
/// use sancho_web::Redaction;
///
/// let redaction = Redaction::default()
///     .class("SignUp")
///     .argument("Charge", 1)
///     .declared("Refund", Redact::arguments(&[0]).and_errors());
/// let payload = Payload::from_bytes(*br#"{"class":"Charge","args":[7,"4111"]}"#);
/// assert_eq!(redaction.shown(&payload).to_text_lossy(), r#"{"class":"Charge","args":[7,"[redacted]"]}"#);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Redaction {
    classes: BTreeMap<String, Hidden>,
}

impl Redaction {
    /// Hides every argument of a class, with the messages and backtraces of its errors and what its runs keep besides
    /// their progress: of the class itself, and of one inside a wrapper.
    #[must_use]
    pub fn class(self, class: impl Into<String>) -> Self {
        self.hidden(class.into(), Hidden::everything())
    }

    /// Hides one argument of a class, by its place, counted from zero. Inside a wrapper places are the wrapper's own
    /// matter: there everything is hidden.
    #[must_use]
    pub fn argument(self, class: impl Into<String>, place: usize) -> Self {
        self.hidden(class.into(), Hidden::argument(place))
    }

    /// Hides what a class declares, as in `declared(SignUp::CLASS, SignUp::REDACT)`: its jobs' payloads say so
    /// themselves where this library has pushed them, and not where Ruby has.
    #[must_use]
    pub fn declared(self, class: impl Into<String>, declared: Redact) -> Self {
        self.hidden(class.into(), declared.into())
    }

    fn hidden(mut self, class: String, hidden: Hidden) -> Self {
        if !hidden.is_nothing() {
            let before = self.classes.remove(&class).unwrap_or_default();
            self.classes.insert(class, before.and(hidden));
        }
        self
    }

    /// What is hidden of a payload. Of one that cannot be read, everything is where the name of a class that hides
    /// something stands in it.
    fn of(&self, payload: &Payload) -> Hidden {
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
        self.of(payload).cut(payload)
    }

    /// The job as it may be shown: its payload, and what its run has kept.
    pub(super) fn shown_row(&self, row: JobRow) -> JobRow {
        self.of(&row.payload).cut_row(row)
    }

    /// Whether a payload that passed a filter still does as it may be shown: else whoever searches would learn by asking
    /// what they may not see. Rows that do not are left out.
    pub fn still_matches(&self, filter: &Filter, payload: &Payload) -> bool {
        match self.shown(payload) {
            Cow::Borrowed(_) => true,
            Cow::Owned(shown) => filter.matches(&shown),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sancho_core::Timestamp;
    use sancho_core::redact::REDACTED;

    fn shown(payload: &str) -> String {
        let redaction = Redaction::default().class("SignUp").argument("Charge", 1).argument("Charge", 3);
        redaction.shown(&Payload::from_bytes(payload.as_bytes())).to_text_lossy().into_owned()
    }

    #[test]
    fn what_a_class_hides_is_cut_out_and_all_else_stays_as_it_is() {
        assert_eq!(
            shown(r#"{"class":"SignUp","args":["ann@example.com", {"password":"x"}],"bid":1.0}"#),
            r#"{"class":"SignUp","args":["[redacted]","[redacted]"],"bid":1.0}"#
        );
        assert_eq!(
            shown(r#"{"class":"Charge","args":[1.50,"4111",[2],"123"]}"#),
            r#"{"class":"Charge","args":[1.50,"[redacted]",[2],"[redacted]"]}"#
        );
        let other = r#"{"class":"Mail","args":[ 1 ]}"#;
        assert_eq!(shown(other), other);
    }

    #[test]
    fn a_payload_says_so_itself() {
        assert_eq!(
            shown(r#"{"class":"A","args":[1,2],"redact":[1]}"#),
            r#"{"class":"A","args":[1,"[redacted]"],"redact":[1]}"#
        );
        for all in ["true", "\"yes\"", "[-1]", "{}"] {
            let text = shown(&format!(r#"{{"class":"A","args":["secret"],"redact":{all}}}"#));
            assert!(!text.contains("secret"), "{text}");
        }
        assert!(shown(r#"{"class":"A","args":["open"],"redact":false}"#).contains("open"));
        assert!(!shown(r#"{"class":"Charge","args":["secret",2],"redact":[0]}"#).contains("secret"));
    }

    #[test]
    fn a_wrapper_hides_what_its_class_hides() {
        for wrapped in ["SignUp", "Charge"] {
            let text =
                shown(&format!(r#"{{"class":"Wrapper","wrapped":"{wrapped}","args":[{{"arguments":["secret"]}}]}}"#));
            assert!(!text.contains("secret"), "{text}");
        }
        let named = shown(r#"{"class":"SignUp","display_class":"Harmless","args":["secret"]}"#);
        assert!(!named.contains("secret"), "{named}");
    }

    #[test]
    fn what_cannot_be_read_hides_too() {
        assert_eq!(shown(r#"{"class":"SignUp","args":["secret""#), REDACTED);
        assert!(!shown(r#"{"class":"SignUp","args":"secret"}"#).contains("secret"));
        let deep = format!(r#"{{"class":"SignUp","args":["secret",{}{}]}}"#, "[".repeat(500), "]".repeat(500));
        assert_eq!(shown(&deep), REDACTED);
        assert_eq!(shown("not JSON"), "not JSON");
    }

    #[test]
    fn what_is_written_twice_is_hidden_twice() {
        for twice in [
            r#""args":["secret"],"args":[1]"#,
            r#""args":[1],"args":["secret"]"#,
            r#""args":[1],"\u0061rgs":["secret"]"#,
        ] {
            let text = shown(&format!(r#"{{"class":"SignUp",{twice}}}"#));
            assert!(!text.contains("secret"), "{text}");
        }
    }

    #[test]
    fn a_search_does_not_tell_what_is_hidden() {
        let redaction = Redaction::default().class("SignUp");
        let payload = Payload::from_bytes(*br#"{"class":"SignUp","args":["secret"]}"#);
        let filter = |text| Filter::parse(text, Timestamp::EPOCH).expect("a filter");
        assert!(filter("arg:secret").matches(&payload));
        assert!(!redaction.still_matches(&filter("arg:secret"), &payload));
        assert!(!redaction.still_matches(&filter("secret"), &payload));
        assert!(redaction.still_matches(&filter("class:SignUp"), &payload));
    }
}
