//! Processes as Sidekiq's pages and API know them: who is there, what a process tells of itself, and for how long.

use std::collections::HashMap;
use std::time::Duration;

use sancho_core::process::Quiet;
use sancho_core::{Beat, Incarnation, ProcessInfo, ProcessRow, QueueName, Timestamp};
use serde_json::{Value, json};

use crate::wire::{capsule, score};

/// The set of processes, as people see them; it decides nothing.
pub(crate) const PROCESSES: &str = "processes";

/// Seconds after its last beat for which a process is shown.
pub(crate) const SHOWN_FOR: &str = "60";

/// The field of a process's hash by which it says that it is one of Sancho's, and in which form it tells more than
/// Sidekiq's processes do.
pub(crate) const OURS: &str = "sancho";

/// The hash in which a process tells of itself: Sidekiq names it as the process.
pub(crate) fn hash(who: &str) -> &str {
    who
}

/// What of a beat is shown: the fields of the process's hash.
///
/// Readers of Sidekiq 8.1.2 and later take the slots from `concurrency`, earlier ones from `info`: both have them.
/// Resident memory is in kilobytes there; `rss_bytes` keeps it whole.
pub(crate) fn fields(beat: &Beat, now: Timestamp) -> Vec<(&'static str, String)> {
    vec![
        ("info", info(&beat.process).to_string()),
        ("concurrency", beat.process.slots.to_string()),
        ("busy", beat.running.len().to_string()),
        ("beat", score::write(now)),
        ("rtt_us", beat.round_trip.as_micros().to_string()),
        ("quiet", (beat.quiet == Quiet::Yes).to_string()),
        ("rss", (beat.rss_bytes / 1024).to_string()),
        (OURS, "1".to_owned()),
        ("rss_bytes", beat.rss_bytes.to_string()),
        (capsule::FIELD, capsule::write(&beat.process)),
    ]
}

/// What a process tells of itself. A page of Sidekiq fails for everybody when one of these is missing.
fn info(process: &ProcessInfo) -> Value {
    let mut capsules = capsule::of_sidekiq(process);
    if process.capsules.is_empty() {
        let names: Vec<String> = process.queues.iter().map(ToString::to_string).collect();
        let weights = capsule::weights(&names);
        capsules = json!({"default": {"concurrency": process.slots, "mode": "strict", "weights": weights}});
    }
    let weights: Vec<&Value> = capsules.as_object().into_iter().flatten().map(|(_, told)| &told["weights"]).collect();
    let queues: Vec<&str> = process.queues.iter().map(QueueName::as_str).collect();
    json!({
        "hostname": process.hostname,
        "started_at": process.started_at.as_unix_secs_f64(),
        "pid": process.pid,
        "tag": process.tag,
        "concurrency": process.slots,
        "capsules": capsules,
        "queues": queues,
        "weights": weights,
        "labels": process.labels,
        "identity": process.incarnation.as_str(),
        "version": process.version,
        "embedded": false,
    })
}

/// A process as it tells of itself, be it Sancho's or another program's; what it does not tell is empty.
pub(crate) fn row(who: &str, fields: &HashMap<String, String>) -> ProcessRow {
    let text = |name: &str| fields.get(name).map_or("", String::as_str);
    let number = |name: &str| text(name).parse::<u64>().unwrap_or(0);
    let info: Value = serde_json::from_str(text("info")).unwrap_or_default();
    let word = |name: &str| info[name].as_str().unwrap_or_default().to_owned();
    let ours = fields.contains_key(OURS);
    let version = match (ours, word("version")) {
        (true, version) => version,
        (false, version) => format!("sidekiq {version}").trim_end().to_owned(),
    };
    // Where it stands depends on the reader's version; a capsule's own is not asked for.
    let slots = if fields.contains_key("concurrency") { number("concurrency") } else { whole(&info["concurrency"]) };
    ProcessRow {
        info: ProcessInfo {
            incarnation: Incarnation::new(who),
            hostname: word("hostname"),
            pid: u32::try_from(whole(&info["pid"])).unwrap_or(0),
            started_at: info["started_at"].as_f64().and_then(Timestamp::from_unix_secs_f64).unwrap_or_default(),
            slots: usize::try_from(slots).unwrap_or(0),
            queues: if ours { told_queues(&info) } else { queues(&info) },
            capsules: if ours { capsule::read(text(capsule::FIELD)) } else { capsule::read_sidekiq(&info) },
            tag: word("tag"),
            labels: texts(&info["labels"]),
            version,
        },
        beat_at: score::read(text("beat")).unwrap_or_default(),
        quiet: if text("quiet") == "true" { Quiet::Yes } else { Quiet::No },
        busy: usize::try_from(number("busy")).unwrap_or(0),
        rss_bytes: if ours { number("rss_bytes") } else { number("rss").saturating_mul(1024) },
        round_trip: Duration::from_micros(number("rtt_us")),
    }
}

/// The queues that a process serves, by what it says of itself: in `queues`, else in its capsules.
pub(crate) fn served(info: &str) -> Vec<QueueName> {
    queues(&serde_json::from_str(info).unwrap_or_default())
}

fn told_queues(info: &Value) -> Vec<QueueName> {
    distinct(texts(&info["queues"]))
}

fn queues(info: &Value) -> Vec<QueueName> {
    let mut names = texts(&info["queues"]);
    for capsule in info["capsules"].as_object().into_iter().flat_map(|capsules| capsules.values()) {
        names.extend(capsule["weights"].as_object().into_iter().flat_map(|weights| weights.keys().cloned()));
    }
    distinct(names)
}

fn distinct(names: Vec<String>) -> Vec<QueueName> {
    let mut queues: Vec<QueueName> = Vec::new();
    for queue in names.into_iter().filter_map(|name| QueueName::new(name).ok()) {
        if !queues.contains(&queue) {
            queues.push(queue);
        }
    }
    queues
}

pub(super) fn texts(value: &Value) -> Vec<String> {
    value.as_array().into_iter().flatten().filter_map(|text| text.as_str().map(str::to_owned)).collect()
}

pub(super) fn whole(value: &Value) -> u64 {
    value.as_u64().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn foreign(info: &str) -> ProcessRow {
        row("h:1:x", &HashMap::from([("info".to_owned(), info.to_owned()), ("rss".to_owned(), "2".to_owned())]))
    }

    #[test]
    fn processes_of_every_version_of_sidekiq_are_read() {
        let six = foreign(r#"{"hostname":"h","started_at":1.5,"pid":7,"concurrency":10,"queues":["a"],"labels":null}"#);
        assert_eq!((six.info.version.as_str(), six.info.slots, six.rss_bytes), ("sidekiq", 10, 2048));
        let eight =
            foreign(r#"{"version":"8.1.7","capsules":{"x":{"weights":{"b":2,"a":0}},"y":{"weights":{"b":1}}}}"#);
        assert_eq!(eight.info.version, "sidekiq 8.1.7");
        assert_eq!(served(r#"{"queues":["b"],"capsules":{"x":{"weights":{"a":0,"b":1}}}}"#).len(), 2);
    }

    #[test]
    fn what_cannot_be_read_is_empty() {
        for info in ["", "nonsense", "[]", r#"{"queues":"a","capsules":[1],"pid":"x","labels":"blue"}"#] {
            assert!(foreign(info).info.queues.is_empty() && served(info).is_empty(), "{info}");
        }
    }
}
