//! A process, as of its last beat.

use sancho_core::process::Quiet;
use sancho_core::{ProcessRow, Timestamp, limits};

use crate::frame::Frame;
use crate::when::run_time;

/// A process, as of its last beat.
pub(super) struct Process {
    pub(super) identity: String,
    pub(super) started_at: Timestamp,
    pub(super) beat_at: Timestamp,
    /// Whether it has not beaten for so long that it trusts its own claims no more.
    pub(super) is_silent: bool,
    pub(super) is_quiet: bool,
    pub(super) busy: usize,
    pub(super) slots: usize,
    pub(super) rss_bytes: u64,
    pub(super) round_trip: String,
    pub(super) version: String,
    pub(super) tag: String,
    pub(super) labels: Vec<String>,
    pub(super) capsules: Vec<Capsule>,
}

/// A part of a process: its slots, and the queues that they are kept for.
pub(super) struct Capsule {
    /// Its name; nothing where the process tells of no capsules.
    pub(super) name: Option<String>,
    pub(super) slots: usize,
    /// How its queues take turns.
    order: String,
    pub(super) queues: String,
}

impl Capsule {
    /// How its queues take turns, in words; as it is told where nobody here knows it.
    pub(super) fn turns(&self, f: &Frame) -> String {
        match self.order.as_str() {
            "strict" => f.t("busy.strict").to_owned(),
            "weighted" => f.t("busy.weighted").to_owned(),
            "random" => f.t("busy.random").to_owned(),
            "mixed" => f.t("busy.mixed").to_owned(),
            other => other.to_owned(),
        }
    }
}

impl Process {
    pub(super) fn of(f: &Frame, row: ProcessRow) -> Process {
        let info = row.info;
        let mut capsules: Vec<Capsule> = info
            .capsules
            .into_iter()
            .map(|capsule| Capsule {
                name: Some(capsule.name),
                slots: capsule.slots,
                order: capsule.order,
                queues: capsule.queues.join(" "),
            })
            .collect();
        if capsules.is_empty() {
            let queues: Vec<&str> = info.queues.iter().map(|queue| queue.as_str()).collect();
            capsules.push(Capsule { name: None, slots: info.slots, order: String::new(), queues: queues.join(" ") });
        }
        Process {
            identity: info.incarnation.as_str().to_owned(),
            started_at: info.started_at,
            beat_at: row.beat_at,
            is_silent: f.now.since(row.beat_at) > limits::TRUST_FOR,
            is_quiet: row.quiet == Quiet::Yes,
            busy: row.busy,
            slots: info.slots,
            rss_bytes: row.rss_bytes,
            round_trip: run_time(f, row.round_trip),
            version: info.version,
            tag: info.tag,
            labels: info.labels,
            capsules,
        }
    }
}
