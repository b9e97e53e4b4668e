//! One job as JSON: its payload's own members, and where it is.

use sancho_core::{JobRow, Members};
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::value::RawValue;

use crate::text::number;

/// How far a job is, for people: `7 of 50 (14%)`; empty where it has not said so.
pub(super) fn progress(row: &JobRow) -> String {
    let Some(progress) = row.kept.progress() else { return String::new() };
    match progress.percent() {
        Some(percent) => format!("{} of {} ({percent}%)", number(progress.done), number(progress.total)),
        None => number(progress.done),
    }
}

/// A job for JSON output.
///
/// The members of its payload stand as they are, under Sidekiq's names and in their order; then `jid`, `queue`,
/// `state` and `at` (seconds since the epoch), which win over members of the same name; and, where there is
/// one, `held`, `process` and `kept` (what its run has kept: `progress`, `step` and whatever else). A payload that cannot be read has `unreadable` (why) and `payload` (its text).
#[derive(Debug)]
pub(super) struct JsonRow<'a>(pub(super) &'a JobRow);

/// Names that the row itself fills.
const OWN: &[&str] = &["jid", "queue", "state", "at", "held", "process", "kept"];

impl Serialize for JsonRow<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let row = self.0;
        let mut map = serializer.serialize_map(None)?;
        match row.payload.envelope().and_then(|_| row.payload.members()) {
            Ok(members) => {
                for (name, text) in last_of_each(&members) {
                    let raw: &RawValue = serde_json::from_str(text).map_err(serde::ser::Error::custom)?;
                    map.serialize_entry(name, raw)?;
                }
            }
            Err(unreadable) => {
                map.serialize_entry("unreadable", unreadable.reason())?;
                map.serialize_entry("payload", &row.payload.to_text_lossy())?;
            }
        }
        map.serialize_entry("jid", row.jid.as_str())?;
        map.serialize_entry("queue", row.queue.as_str())?;
        map.serialize_entry("state", row.state.as_str())?;
        map.serialize_entry("at", &row.at.map(|at| at.as_unix_secs_f64()))?;
        if let Some(reason) = &row.held {
            map.serialize_entry("held", reason)?;
        }
        if let Some(incarnation) = &row.incarnation {
            map.serialize_entry("process", incarnation.as_str())?;
        }
        if !row.kept.is_empty() {
            let kept = String::from_utf8(row.kept.to_bytes().into_vec()).map_err(serde::ser::Error::custom)?;
            map.serialize_entry("kept", &RawValue::from_string(kept).map_err(serde::ser::Error::custom)?)?;
        }
        map.end()
    }
}

/// The members that the row does not fill itself; of a name that stands twice, the last, which is the one that counts.
fn last_of_each(members: &Members) -> impl Iterator<Item = (&str, &str)> {
    let all: Vec<(&str, &str)> = members.iter().filter(|(name, _)| !OWN.contains(name)).collect();
    let last: std::collections::HashMap<&str, usize> =
        all.iter().enumerate().map(|(index, (name, _))| (*name, index)).collect();
    all.into_iter().enumerate().filter(move |(index, (name, _))| last[name] == *index).map(|(_, member)| member)
}

#[cfg(test)]
mod tests {
    use sancho_core::{Checkpointed, Jid, Payload, QueueName, State, Timestamp};

    use super::*;

    fn json(payload: &[u8]) -> String {
        json_with(payload, Checkpointed::default())
    }

    fn json_with(payload: &[u8], kept: Checkpointed) -> String {
        let row = JobRow {
            jid: Jid::new("j1").expect("a jid"),
            state: State::Dead,
            queue: QueueName::default(),
            at: Some(Timestamp::from_unix_millis(1_500)),
            key: None,
            held: None,
            incarnation: None,
            kept,
            payload: Payload::from_bytes(payload.to_vec()),
        };
        serde_json::to_string(&JsonRow(&row)).expect("JSON")
    }

    #[test]
    fn members_keep_their_text_and_the_rows_own_come_last_and_once() {
        assert_eq!(
            json(br#"{"class":"A","args":[12345678901234567890123],"state":"x","a":1,"error_class":"E","a":2,"jid":"no"}"#),
            r#"{"class":"A","args":[12345678901234567890123],"error_class":"E","a":2,"jid":"j1","queue":"default","state":"dead","at":1.5}"#
        );
    }

    #[test]
    fn what_a_run_has_kept_is_shown_as_it_is() {
        let kept = Checkpointed::read(br#"{"progress":[7,50],"cursor":12345678901234567890123}"#);
        assert_eq!(
            json_with(br#"{"class":"A","kept":1,"progress":2}"#, kept),
            r#"{"class":"A","progress":2,"jid":"j1","queue":"default","state":"dead","at":1.5,"kept":{"progress":[7,50],"cursor":12345678901234567890123}}"#
        );
    }

    #[test]
    fn an_unreadable_payload_is_shown_as_text_with_the_reason() {
        let json = json(b"\xffnope");
        let value: serde_json::Value = serde_json::from_str(&json).expect("JSON");
        assert_eq!(value["payload"], "\u{fffd}nope");
        assert!(value["unreadable"].is_string());
        assert_eq!(value["jid"], "j1");
    }
}
