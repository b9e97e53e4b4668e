//! What is not shown of payloads.
//!
//! A class says so: here, in the settings of the pages, or in the payload itself by its member `redact`, which is `true`
//! for every argument or a list of their places. What is hidden is cut out of the payload before anything is made of
//! it, for everybody; the store keeps it as it is.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use sancho_core::{Filter, Payload};
use serde_json::value::RawValue;

/// What stands in the place of what is hidden.
pub const REDACTED: &str = "[redacted]";

/// The member by which a payload hides its own arguments.
const SAYS_SO: &str = "\"redact\"";

/// What is not shown of payloads, by class. Messages of errors are shown: what they say is the job's own doing.
///
/// ```
/// use sancho_core::Payload;
/// use sancho_web::Redaction;
///
/// let redaction = Redaction::default().class("SignUp").argument("Charge", 1);
/// let payload = Payload::from_bytes(*br#"{"class":"Charge","args":[7,"4111"]}"#);
/// assert_eq!(redaction.shown(&payload).to_text_lossy(), r#"{"class":"Charge","args":[7,"[redacted]"]}"#);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Redaction {
    classes: BTreeMap<String, Hidden>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Hidden {
    All,
    Places(BTreeSet<usize>),
}

impl Hidden {
    fn has(&self, place: usize) -> bool {
        match self {
            Hidden::All => true,
            Hidden::Places(places) => places.contains(&place),
        }
    }

    fn and(self, other: Hidden) -> Hidden {
        match (self, other) {
            (Hidden::Places(some), Hidden::Places(others)) => Hidden::Places(some.into_iter().chain(others).collect()),
            _ => Hidden::All,
        }
    }
}

impl Redaction {
    /// Hides every argument of a class: of the class itself, and of one inside a wrapper.
    #[must_use]
    pub fn class(mut self, class: impl Into<String>) -> Self {
        self.classes.insert(class.into(), Hidden::All);
        self
    }

    /// Hides one argument of a class, by its place, counted from zero. Inside a wrapper places are the wrapper's own
    /// matter: there every argument is hidden.
    #[must_use]
    pub fn argument(mut self, class: impl Into<String>, place: usize) -> Self {
        let one = Hidden::Places(BTreeSet::from([place]));
        let class = class.into();
        let hidden = match self.classes.remove(&class) {
            Some(hidden) => hidden.and(one),
            None => one,
        };
        self.classes.insert(class, hidden);
        self
    }

    /// The payload as it may be shown. Of one that cannot be read, nothing is shown when the name of a class that hides
    /// something stands in it.
    pub fn shown<'a>(&self, payload: &'a Payload) -> Cow<'a, Payload> {
        let text = payload.to_text_lossy();
        if self.classes.is_empty() && !text.contains(SAYS_SO) {
            return Cow::Borrowed(payload);
        }
        let Ok(envelope) = payload.envelope() else {
            let hides = self.classes.keys().any(|class| text.contains(class.as_str())) || text.contains(SAYS_SO);
            return if hides { Cow::Owned(Payload::from_bytes(REDACTED.as_bytes())) } else { Cow::Borrowed(payload) };
        };
        let members = payload.members();
        let said = members.as_ref().ok().and_then(|members| members.get("redact")).and_then(said);
        let by_class = [envelope.inner_class(), envelope.display_class()].into_iter().filter_map(|class| {
            let hidden = self.classes.get(&*class)?.clone();
            Some(if envelope.class() == class { hidden } else { Hidden::All })
        });
        let by_wrapper = self.classes.get(envelope.class()).cloned();
        let Some(hidden) = by_class.chain(by_wrapper).chain(said).reduce(Hidden::and) else {
            return Cow::Borrowed(payload);
        };
        let Ok(mut members) = members else { return Cow::Owned(Payload::from_bytes(REDACTED.as_bytes())) };
        let args = without(envelope.args(), &hidden);
        // Other programs may write a member twice: setting it would change the last one alone.
        if members.iter().filter(|(name, _)| *name == "args").count() > 1 {
            members.remove("args");
        }
        members.set_raw("args", args).expect("what was put together of JSON is JSON");
        Cow::Owned(members.to_payload())
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

/// What a payload itself says is hidden; what is not understood hides everything.
fn said(member: &str) -> Option<Hidden> {
    match member {
        "false" | "null" => None,
        _ => Some(match serde_json::from_str::<BTreeSet<usize>>(member) {
            Ok(places) => Hidden::Places(places),
            Err(_) => Hidden::All,
        }),
    }
}

/// The text of an array of arguments without what is hidden; of anything else, nothing.
fn without(args: &str, hidden: &Hidden) -> String {
    let redacted = format!("\"{REDACTED}\"");
    let Ok(args) = serde_json::from_str::<Vec<&RawValue>>(args) else { return format!("[{redacted}]") };
    let shown = args.iter().enumerate().map(
        |(place, argument)| {
            if hidden.has(place) { redacted.as_str() } else { argument.get() }
        },
    );
    format!("[{}]", shown.collect::<Vec<&str>>().join(","))
}

#[cfg(test)]
mod tests {
    use super::*;
    use sancho_core::Timestamp;

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
