//! The keys of one capsule.

use super::{Settings, slots};
use crate::cli::document::Node;
use crate::cli::values::{self, Read};

/// What a capsule may say, with the words for it.
pub(in crate::cli) const KEYS: [&str; 5] = ["concurrency", "slots", "queues", "order", "strict"];

/// Sets what this capsule says by this word, which is one of [`KEYS`].
pub(in crate::cli) fn set(settings: &mut Settings, capsule: &str, key: &str, node: &Node) -> Read<()> {
    let capsule = settings.capsules.entry(capsule.to_owned()).or_default();
    match key {
        "queues" => capsule.queues = values::queues(node)?,
        "order" => capsule.order = Some(values::word(node, &values::ORDERS)?),
        "strict" if values::truth(node)? => capsule.order = Some(crate::QueueOrder::Strict),
        "strict" => {}
        _ => capsule.concurrency = slots(node)?,
    }
    Ok(())
}
