//! What is not shown of payloads.
//!
//! A class says so: in its own declaration, which its payloads carry, or here in the settings of the pages, for classes
//! that come from programs which declare nothing. What is hidden is cut out before anything is made of a job, for
//! everybody; the store keeps it as it is.

use std::borrow::Cow;

use sancho_core::redact::{Hidden, Lens};
use sancho_core::{Payload, Redact};

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
pub struct Redaction(Lens);

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
        self.0.hide(class, hidden);
        self
    }

    /// The payload as it may be shown.
    pub fn shown<'a>(&self, payload: &'a Payload) -> Cow<'a, Payload> {
        self.0.shown(payload)
    }

    /// Through what the store is looked at.
    pub(super) fn into_lens(self) -> Lens {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
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
}
