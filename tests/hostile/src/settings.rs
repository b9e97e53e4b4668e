//! Any text where a person names something: queues, keys, jids, spans and moments.

use sancho_core::{Jid, Key, QueueName, limits};

use crate::when;

pub(crate) fn check(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let names = [
        QueueName::new(text).map(|name| (name.to_string(), limits::QUEUE_NAME_BYTES_MAX)),
        Key::new(text).map(|key| (key.to_string(), limits::KEY_BYTES_MAX)),
        Jid::new(text).map(|jid| (jid.to_string(), limits::JID_BYTES_MAX)),
    ];
    for name in names {
        match name {
            Ok((name, most)) => assert!(name == text && !name.is_empty() && name.len() <= most),
            // What is refused may be repeated, but neither its length nor its line breaks.
            Err(error) => {
                let said = error.to_string();
                assert!(said.len() < 4_096 && !said.chars().any(char::is_control), "{said:?}");
            }
        }
    }
    let jid = Jid::new(text).ok();
    assert!(jid.and_then(|jid| jid.time_prefix()).is_none_or(|prefix| prefix >= 0), "a row's number");
    for refusal in [when::span(text).err(), when::moment(text).err()].into_iter().flatten() {
        assert!(!refusal.is_empty() && !refusal.contains('\n'));
    }
    if let (Ok(span), Ok(moment)) = (when::span(text), when::moment("2026-11-21T09:00:00Z")) {
        when::told(moment + span, moment);
        when::told(moment.before(span), moment);
    }
}
