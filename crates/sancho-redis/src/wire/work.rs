//! The jobs that a process runs, as Sidekiq's pages and API list them.

use sancho_core::{Payload, Timestamp};
use serde_json::json;

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

#[cfg(test)]
mod tests {
    use super::*;

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
