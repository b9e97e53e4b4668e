//! The jobs that a process runs, as Sidekiq's pages and API list them.

use std::collections::HashMap;

use sancho_core::{Payload, QueueName, Timestamp, WireTime};
use serde_json::json;
use serde_json::value::RawValue;

/// Bytes of a payload that is shown whole. It is written at each beat: a page does with the names of a larger one.
const SHOWN_BYTES_MAX: usize = 64 * 1024;

/// The hash of a process's running jobs.
pub(crate) fn hash(who: &str) -> String {
    format!("{who}:work")
}

/// The same hash, as readers up to Sidekiq 6.4 name it.
pub(crate) fn old_hash(who: &str) -> String {
    format!("{who}:workers")
}

/// One running job: its queue, its payload as text, and since when, in whole seconds.
///
/// A page of Sidekiq parses the text, and fails on JSON that is no job: what cannot be read is shown as text that is
/// no JSON.
pub(crate) fn entry(queue: &str, payload: &Payload, since: Timestamp) -> String {
    let shown = match payload.envelope() {
        Err(_) => format!("unreadable: {}", payload.to_text_lossy().chars().take(SHOWN_BYTES_MAX).collect::<String>()),
        Ok(job) if payload.as_bytes().len() > SHOWN_BYTES_MAX => {
            let said = format!("{} bytes of payload are not shown here", payload.as_bytes().len());
            json!({"class": job.class(), "jid": job.jid(), "queue": queue, "args": [said]}).to_string()
        }
        Ok(_) => payload.to_text_lossy().into_owned(),
    };
    let run_at = since.as_unix_micros().div_euclid(1_000_000);
    json!({"queue": queue, "payload": shown, "run_at": run_at}).to_string()
}

/// What an entry of another program's process says of a running job.
#[derive(Debug, PartialEq)]
pub(crate) struct Told {
    /// Its queue, if it names a valid one.
    pub(crate) queue: Option<QueueName>,
    /// Its payload, byte for byte.
    pub(crate) payload: Payload,
    /// Since when it runs, if that can be read: seconds or milliseconds.
    pub(crate) since: Option<Timestamp>,
}

/// An entry of a process's hash; `None` for what tells of no job.
///
/// The payload is a text that holds JSON; up to Sidekiq 6.0.1 it is the JSON itself. What is neither is shown as it
/// stands there, as any payload that cannot be read.
pub(crate) fn read(entry: &[u8]) -> Option<Told> {
    let mut members: HashMap<String, Box<RawValue>> = serde_json::from_slice(entry).ok()?;
    let payload = members.remove("payload")?;
    let text = serde_json::from_str::<String>(payload.get()).unwrap_or_else(|_| payload.get().to_owned());
    let queue = members.get("queue").and_then(|queue| serde_json::from_str::<String>(queue.get()).ok());
    Some(Told {
        queue: queue.and_then(|name| QueueName::new(name).ok()),
        payload: Payload::from_bytes(text.into_bytes()),
        since: members.get("run_at").and_then(|run_at| WireTime::read(run_at)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(entry: &str) -> (String, Option<String>, Option<i64>) {
        let told = read(entry.as_bytes()).expect("it tells of a job");
        let text = told.payload.to_text_lossy().into_owned();
        (text, told.queue.map(|queue| queue.to_string()), told.since.map(Timestamp::as_unix_millis))
    }

    #[test]
    fn entries_of_every_version_of_sidekiq_are_read() {
        let job = r#"{"class":"A","args":[1.0],"jid":"j"}"#;
        let as_text = json!({"queue": "q", "payload": job, "run_at": 1_795_214_970}).to_string();
        let want = (job.to_owned(), Some("q".to_owned()), Some(1_795_214_970_000));
        assert_eq!(told(&as_text), want);
        assert_eq!(told(&format!(r#"{{"queue":"q","payload":{job},"run_at":1795214970000}}"#)), want);
        let written =
            entry("q", &Payload::from_bytes(job.as_bytes()), Timestamp::from_unix_micros(1_795_214_970_000_000));
        assert_eq!(told(&written), want, "and our own");
    }

    #[test]
    fn what_an_entry_does_not_say_is_left_open() {
        assert_eq!(told(r#"{"payload":"no job"}"#), ("no job".to_owned(), None, None));
        assert_eq!(told(r#"{"payload":null,"queue":"","run_at":"now"}"#), ("null".to_owned(), None, None));
        assert_eq!(told(r#"{"payload":"\ud800","queue":7,"run_at":null}"#).0, r#""\ud800""#);
    }

    #[test]
    fn what_tells_of_no_job_is_left_out() {
        for entry in
            [&b""[..], b"nonsense", b"[]", b"{}", b"7", b"\xff", br#"{"queue":"q","run_at":1}"#, b"{\"payload\":"]
        {
            assert_eq!(read(entry), None, "{}", entry.escape_ascii());
        }
    }

    fn shown(bytes: &[u8]) -> serde_json::Value {
        let since = Timestamp::from_unix_micros(1_795_214_970_999_999);
        let entry = entry("q", &Payload::from_bytes(bytes), since);
        let entry: serde_json::Value = serde_json::from_str(&entry).expect("an entry is JSON");
        assert_eq!((entry["queue"].as_str(), entry["run_at"].as_i64()), (Some("q"), Some(1_795_214_970)));
        entry["payload"].clone()
    }

    #[test]
    fn a_payload_is_its_own_text() {
        let text = r#"{ "class": "A", "args": [1.0, "é"], "jid": "j" }"#;
        assert_eq!(shown(text.as_bytes()), text);
    }

    #[test]
    fn what_cannot_be_read_is_no_json() {
        for bytes in [&b"[1]"[..], b"5", b"nonsense", b"\xff\xfe", br#"{"args":[]}"#] {
            let shown = shown(bytes);
            let text = shown.as_str().expect("a text");
            assert!(serde_json::from_str::<serde_json::Value>(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_large_payload_is_named_only() {
        let large = format!(r#"{{"class":"A","jid":"j","args":["{}"]}}"#, "x".repeat(SHOWN_BYTES_MAX));
        let text = shown(large.as_bytes());
        let job: serde_json::Value = serde_json::from_str(text.as_str().expect("a text")).expect("a job");
        assert_eq!((job["class"].as_str(), job["jid"].as_str()), (Some("A"), Some("j")));
        assert!(text.as_str().is_some_and(|text| text.len() < 200));
    }
}
