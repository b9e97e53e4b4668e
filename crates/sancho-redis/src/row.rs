//! Jobs as they are seen in Redis.

use sancho_core::{Incarnation, Jid, JobRow, Payload, QueueName, State, Timestamp};

use crate::record;
use crate::wire::score;

/// A job where it was seen.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    /// Its state's letter: Q, B, S, R, D or H.
    pub(crate) letter: String,
    /// Its queue, set, or holder.
    pub(crate) place: String,
    /// Its bytes; with its start and queue in front if it is busy.
    pub(crate) bytes: Vec<u8>,
    /// Its score, or the number of its claim.
    pub(crate) extra: String,
}

/// An in-flight value: start, queue and payload.
pub(crate) fn cut(value: &[u8]) -> (Timestamp, String, &[u8]) {
    let mut parts = value.splitn(3, |byte| *byte == b'\n');
    let mut next = || parts.next().unwrap_or_default();
    let micros = String::from_utf8_lossy(next()).parse().unwrap_or(0);
    let queue = String::from_utf8_lossy(next()).into_owned();
    (Timestamp::from_unix_micros(micros), queue, next())
}

impl Seen {
    pub(crate) fn payload(&self) -> Payload {
        match self.letter.as_str() {
            "B" => Payload::from_bytes(cut(&self.bytes).2),
            _ => Payload::from_bytes(self.bytes.clone()),
        }
    }

    pub(crate) fn state(&self) -> State {
        record::state(&self.letter)
    }

    /// What of the row stands in the job itself: all but its key and the reason it is held for.
    pub(crate) fn row(&self) -> JobRow {
        let payload = self.payload();
        let envelope = payload.envelope().ok();
        let named = envelope.as_ref().and_then(|envelope| envelope.queue());
        let (at, queue) = match self.letter.as_str() {
            "B" => {
                let (start, queue, _) = cut(&self.bytes);
                (Some(start), QueueName::new(queue).ok())
            }
            "Q" => (envelope.as_ref().and_then(|envelope| envelope.enqueued_at()), QueueName::new(&self.place).ok()),
            _ => (score::read(&self.extra), named),
        };
        let jid = envelope.as_ref().and_then(|envelope| Jid::new(envelope.jid()?.into_owned()).ok());
        JobRow {
            jid: jid.unwrap_or_else(|| made_jid(payload.as_bytes())),
            state: self.state(),
            queue: queue.unwrap_or_default(),
            at,
            key: None,
            held: None,
            incarnation: (self.letter == "B").then(|| Incarnation::new(&self.place)),
            payload,
        }
    }
}

const MADE: &str = "bytes-";

/// Whether a jid was made by [`made_jid`].
pub(crate) fn is_made(jid: &str) -> bool {
    jid.starts_with(MADE)
}

/// A jid for bytes without one: the same for the same bytes.
fn made_jid(bytes: &[u8]) -> Jid {
    Jid::new(format!("{MADE}{:016x}", digest(bytes))).expect("it is not empty and short")
}

/// A digest of bytes, to know them again.
pub(crate) fn digest(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3))
}
