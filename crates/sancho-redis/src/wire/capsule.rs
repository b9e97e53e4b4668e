//! Capsules of a process: as Sidekiq's pages read them, and in a field of our own, which keeps what those cannot say.

use sancho_core::{CapsuleInfo, ProcessInfo, limits};
use serde_json::{Value, json};

use crate::wire::process::{texts, whole};

/// The field of a process's hash in which one of Sancho's tells of its capsules, in their order.
pub(crate) const FIELD: &str = "capsules";

/// What stands in [`FIELD`].
pub(crate) fn write(process: &ProcessInfo) -> String {
    let told = process.capsules.iter().take(limits::CAPSULES_TOLD_MAX);
    let told = told.map(|capsule| {
        let queues: Vec<&String> = capsule.queues.iter().take(limits::QUEUES_TOLD_MAX).collect();
        json!({"name": capsule.name, "slots": capsule.slots, "order": capsule.order, "queues": queues})
    });
    Value::Array(told.collect()).to_string()
}

/// Reads what [`write`] wrote.
pub(crate) fn read(text: &str) -> Vec<CapsuleInfo> {
    let told: Value = serde_json::from_str(text).unwrap_or_default();
    let capsules = told.as_array().into_iter().flatten().take(limits::CAPSULES_TOLD_MAX);
    capsules
        .map(|told| CapsuleInfo {
            name: word(&told["name"]),
            slots: usize::try_from(whole(&told["slots"])).unwrap_or(0),
            order: word(&told["order"]),
            queues: texts(&told["queues"]).into_iter().take(limits::QUEUES_TOLD_MAX).collect(),
        })
        .collect()
}

/// Capsules by name, with their weights, as Sidekiq tells of them. Its own modes are three: what is none of them has
/// weights.
pub(crate) fn of_sidekiq(process: &ProcessInfo) -> Value {
    let capsules = process.capsules.iter().take(limits::CAPSULES_TOLD_MAX).map(|capsule| {
        let mode = if ["strict", "random"].contains(&capsule.order.as_str()) { &capsule.order } else { "weighted" };
        let told = json!({"concurrency": capsule.slots, "mode": mode, "weights": weights(&capsule.queues)});
        (capsule.name.clone(), told)
    });
    capsules.collect()
}

/// Each queue's weight, zero where none is said; what is left out by a `!` is no queue.
pub(crate) fn weights<'a>(queues: impl IntoIterator<Item = &'a String>) -> Value {
    let queues = queues.into_iter().filter(|queue| !queue.starts_with('!')).take(limits::QUEUES_TOLD_MAX);
    let pairs = queues.map(|queue| match queue.rsplit_once(',') {
        Some((name, weight)) => (name.trim().to_owned(), json!(weight.trim().parse::<u32>().unwrap_or(0))),
        None => (queue.clone(), json!(0)),
    });
    pairs.collect()
}

/// Capsules as a process of Sidekiq tells of them.
pub(crate) fn read_sidekiq(info: &Value) -> Vec<CapsuleInfo> {
    let capsules = info["capsules"].as_object().into_iter().flatten().take(limits::CAPSULES_TOLD_MAX);
    capsules
        .map(|(name, told)| CapsuleInfo {
            name: name.clone(),
            slots: usize::try_from(whole(&told["concurrency"])).unwrap_or(0),
            order: word(&told["mode"]),
            queues: told["weights"].as_object().into_iter().flatten().take(limits::QUEUES_TOLD_MAX).map(spec).collect(),
        })
        .collect()
}

fn spec((queue, weight): (&String, &Value)) -> String {
    match whole(weight) {
        0 => queue.clone(),
        weight => format!("{queue},{weight}"),
    }
}

fn word(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn capsules_of_sidekiq_are_read() {
        let info = json!({"capsules": {
            "default": {"concurrency": 7, "mode": "weighted", "weights": {"critical": 2, "low": 0}},
            "odd": [1],
        }});
        let [default, odd] = &read_sidekiq(&info)[..] else { panic!("two capsules") };
        assert_eq!((default.name.as_str(), default.slots, default.order.as_str()), ("default", 7, "weighted"));
        assert_eq!(default.queues, ["critical,2", "low"]);
        assert_eq!((odd.slots, odd.queues.len()), (0, 0));
    }

    #[test]
    fn what_cannot_be_read_is_empty() {
        for text in ["", "nonsense", "{}", r#"{"default":1}"#] {
            assert!(read(text).is_empty(), "{text}");
        }
        assert_eq!(read(r#"[7,{"name":1,"slots":-1,"queues":"a"}]"#), [CapsuleInfo::default(), CapsuleInfo::default()]);
    }

    #[test]
    fn weights_are_those_that_are_said_and_what_is_left_out_has_none() {
        let queues = ["critical,6", "a", "tenant:*,2", "!tenant:slow", "odd,x"].map(str::to_owned);
        assert_eq!(weights(&queues), json!({"critical": 6, "a": 0, "tenant:*": 2, "odd": 0}));
    }
}
