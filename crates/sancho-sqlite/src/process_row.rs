//! What a process tells of itself, as text.

use sancho_core::{CapsuleInfo, Incarnation, ProcessInfo, QueueName, Timestamp};
use serde_json::{Value, json};

/// What is true of a process for all of its life, as JSON.
pub(crate) fn write_info(info: &ProcessInfo) -> String {
    let queues: Vec<&str> = info.queues.iter().map(QueueName::as_str).collect();
    let capsules: Vec<Value> = info.capsules.iter().map(write_capsule).collect();
    json!({
        "hostname": info.hostname,
        "pid": info.pid,
        "started_at": info.started_at.as_unix_micros(),
        "slots": info.slots,
        "queues": queues,
        "capsules": capsules,
        "tag": info.tag,
        "labels": info.labels,
        "version": info.version,
    })
    .to_string()
}

/// Reads what [`write_info`] wrote; members that are not there count as empty.
pub(crate) fn read_info(incarnation: &str, text: &str) -> ProcessInfo {
    let value: Value = serde_json::from_str(text).unwrap_or_default();
    let word = |name: &str| value[name].as_str().unwrap_or_default().to_owned();
    ProcessInfo {
        incarnation: Incarnation::new(incarnation),
        hostname: word("hostname"),
        pid: value["pid"].as_u64().and_then(|pid| u32::try_from(pid).ok()).unwrap_or(0),
        started_at: Timestamp::from_unix_micros(value["started_at"].as_i64().unwrap_or(0)),
        slots: slots(&value),
        queues: texts(&value["queues"]).into_iter().filter_map(|name| QueueName::new(name).ok()).collect(),
        capsules: value["capsules"].as_array().into_iter().flatten().map(read_capsule).collect(),
        tag: word("tag"),
        labels: texts(&value["labels"]),
        version: word("version"),
    }
}

fn write_capsule(capsule: &CapsuleInfo) -> Value {
    json!({"name": capsule.name, "slots": capsule.slots, "order": capsule.order, "queues": capsule.queues})
}

fn read_capsule(value: &Value) -> CapsuleInfo {
    let word = |name: &str| value[name].as_str().unwrap_or_default().to_owned();
    CapsuleInfo { name: word("name"), slots: slots(value), order: word("order"), queues: texts(&value["queues"]) }
}

fn slots(value: &Value) -> usize {
    value["slots"].as_u64().and_then(|slots| usize::try_from(slots).ok()).unwrap_or(0)
}

fn texts(value: &Value) -> Vec<String> {
    value.as_array().into_iter().flatten().filter_map(|text| text.as_str().map(str::to_owned)).collect()
}
