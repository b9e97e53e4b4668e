//! What a receipt carries beside the claim's number: what settling it needs, so that no settlement asks first.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use sancho_core::{Payload, QueueName, Receipt};

use crate::index::Names;

/// The store's note on a receipt; the clones of a receipt share it.
#[derive(Debug)]
pub(crate) struct Note {
    /// The queue that the job was taken from.
    pub(crate) queue: QueueName,
    /// The job's bytes.
    pub(crate) payload: Payload,
    /// Whether a checkpoint of this job may exist.
    kept: AtomicBool,
    /// Whether a settlement of this claim was ever sent.
    sent: AtomicBool,
}

impl Note {
    /// A note on a claim that was never settled.
    pub(crate) fn new(queue: QueueName, payload: Payload) -> Arc<Self> {
        let (kept, sent) = (AtomicBool::new(false), AtomicBool::new(false));
        Arc::new(Note { queue, payload, kept, sent })
    }

    /// The note on a receipt; `None` where another kind of store handed it out.
    pub(crate) fn of(receipt: &Receipt) -> Option<&Note> {
        receipt.note()
    }

    /// The job's names. Read when they are asked for: most jobs are done without anybody asking.
    pub(crate) fn names(&self) -> Names {
        Names::of(&self.payload)
    }

    /// Whether the job may have a key, found without reading the payload.
    pub(crate) fn may_have_key(&self) -> bool {
        memchr::memmem::find(self.payload.as_bytes(), b"\"key\"").is_some()
    }

    /// Says that a checkpoint of this job may exist from now on.
    pub(crate) fn mark_kept(&self) {
        self.kept.store(true, Ordering::Relaxed);
    }

    /// Whether a checkpoint of this job may exist.
    pub(crate) fn may_be_kept(&self) -> bool {
        self.kept.load(Ordering::Relaxed)
    }

    /// Says that a settlement is being sent; whether one was sent before.
    pub(crate) fn mark_sent(&self) -> bool {
        self.sent.swap(true, Ordering::Relaxed)
    }
}
