//! What a process tells of itself, and what it is told, as text.

use sancho_core::process::ProcessInfo;
use sancho_core::{ErrorKind, Incarnation, Jid, Order, QueueName, Timestamp};
use serde_json::{Value, json};

use crate::failure::{Failure, Made};

/// What is true of a process for all of its life, as JSON.
pub(crate) fn write_info(info: &ProcessInfo) -> String {
    let queues: Vec<&str> = info.queues.iter().map(QueueName::as_str).collect();
    json!({
        "hostname": info.hostname,
        "pid": info.pid,
        "started_at": info.started_at.as_unix_micros(),
        "slots": info.slots,
        "queues": queues,
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
    let words = |name: &str| {
        let list = value[name].as_array().map(Vec::as_slice).unwrap_or_default();
        list.iter().filter_map(|it| it.as_str().map(str::to_owned)).collect::<Vec<_>>()
    };
    ProcessInfo {
        incarnation: Incarnation::new(incarnation),
        hostname: word("hostname"),
        pid: value["pid"].as_u64().and_then(|pid| u32::try_from(pid).ok()).unwrap_or(0),
        started_at: Timestamp::from_unix_micros(value["started_at"].as_i64().unwrap_or(0)),
        slots: value["slots"].as_u64().and_then(|slots| usize::try_from(slots).ok()).unwrap_or(0),
        queues: words("queues").into_iter().filter_map(|name| QueueName::new(name).ok()).collect(),
        tag: word("tag"),
        labels: words("labels"),
        version: word("version"),
    }
}

/// An order's word, and the job that it is about.
pub(crate) fn write_order(order: &Order) -> Made<(&'static str, Option<&str>)> {
    Ok(match order {
        Order::Quiet => ("quiet", None),
        Order::Stop => ("stop", None),
        Order::Dump => ("dump", None),
        Order::Cancel(jid) => ("cancel", Some(jid.as_str())),
        other => {
            return Err(Failure::Said(ErrorKind::Unsupported, format!("the store has no word for {other:?}")));
        }
    })
}

/// Reads what [`write_order`] wrote; `None` for a word of a later version.
pub(crate) fn read_order(word: &str, jid: Option<String>) -> Option<Order> {
    Some(match word {
        "quiet" => Order::Quiet,
        "stop" => Order::Stop,
        "dump" => Order::Dump,
        "cancel" => Order::Cancel(Jid::new(jid?).ok()?),
        _ => return None,
    })
}
