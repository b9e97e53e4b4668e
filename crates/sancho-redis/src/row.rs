//! Jobs as they are seen in Redis.

use sancho_core::{Checkpointed, Envelope, Incarnation, Jid, JobRow, Payload, QueueName, State, Timestamp};

use crate::wire::work;

/// A job where it was seen.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    /// Where it was.
    pub(crate) spot: Spot,
    /// Its bytes.
    pub(crate) payload: Payload,
}

/// Where a job is, as the scripts need it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Spot {
    /// In a queue's list.
    Queue { queue: String },
    /// In an incarnation's hash of claims.
    Busy { holder: String, number: u64, queue: QueueName, since: Timestamp },
    /// With a process of another program: as it says, and out of reach.
    Elsewhere { who: String, thread: String, queue: Option<QueueName>, since: Option<Timestamp> },
    /// In `schedule`.
    Scheduled { at: Option<Timestamp> },
    /// In `retry`.
    Retries { at: Option<Timestamp> },
    /// In `dead`.
    Dead { at: Option<Timestamp> },
    /// In our own set of held jobs, with the reason in front of its bytes.
    Held { reason: String, since: Option<Timestamp> },
}

/// An in-flight value: start, queue and payload.
///
/// One that no script wrote is a payload as it is, of the queue `default`: nobody knows what it was, and it is to be
/// buried, never dropped.
pub(crate) fn cut(value: &[u8]) -> (Timestamp, QueueName, &[u8]) {
    let parts = || {
        let mut parts = value.splitn(3, |byte| *byte == b'\n');
        let micros = std::str::from_utf8(parts.next()?).ok()?.parse().ok()?;
        let queue = QueueName::new(std::str::from_utf8(parts.next()?).ok()?).ok()?;
        Some((Timestamp::from_unix_micros(micros), queue, parts.next()?))
    };
    parts().unwrap_or_else(|| (Timestamp::EPOCH, QueueName::default(), value))
}

/// A member of the set of held jobs: reason and payload.
pub(crate) fn cut_held(member: &[u8]) -> (String, &[u8]) {
    match member.iter().position(|byte| *byte == b'\n') {
        Some(end) => (String::from_utf8_lossy(&member[..end]).into_owned(), &member[end + 1..]),
        None => (String::new(), member),
    }
}

impl Spot {
    /// Its letter in scripts and in the index.
    pub(crate) fn letter(&self) -> &'static str {
        match self {
            Spot::Queue { .. } => "Q",
            Spot::Busy { .. } => "B",
            // As the index has it: nowhere that a script could find it.
            Spot::Elsewhere { .. } => "-",
            Spot::Scheduled { .. } => "S",
            Spot::Retries { .. } => "R",
            Spot::Dead { .. } => "D",
            Spot::Held { .. } => "H",
        }
    }

    /// Its place in scripts and in the index: queue, incarnation or reason; empty for the sets that are places
    /// themselves.
    pub(crate) fn place(&self) -> &str {
        match self {
            Spot::Queue { queue } => queue,
            Spot::Busy { holder, .. } => holder,
            Spot::Elsewhere { who, .. } => who,
            Spot::Held { reason, .. } => reason,
            Spot::Scheduled { .. } | Spot::Retries { .. } | Spot::Dead { .. } => "",
        }
    }

    pub(crate) fn state(&self) -> State {
        match self {
            Spot::Queue { .. } => State::Enqueued,
            Spot::Busy { .. } | Spot::Elsewhere { .. } => State::Busy,
            Spot::Scheduled { .. } => State::Scheduled,
            Spot::Retries { .. } => State::Retries,
            Spot::Dead { .. } => State::Dead,
            Spot::Held { .. } => State::Held,
        }
    }
}

impl Seen {
    /// A job in a queue's list.
    pub(crate) fn queued(queue: impl Into<String>, bytes: Vec<u8>) -> Self {
        Seen { spot: Spot::Queue { queue: queue.into() }, payload: Payload::from_bytes(bytes) }
    }

    /// A claim of an incarnation.
    pub(crate) fn busy(holder: impl Into<String>, number: u64, value: &[u8]) -> Self {
        let (since, queue, bytes) = cut(value);
        Seen { spot: Spot::Busy { holder: holder.into(), number, queue, since }, payload: Payload::from_bytes(bytes) }
    }

    /// What another program's process tells of a job that it runs; `None` for what tells of none.
    pub(crate) fn elsewhere(who: impl Into<String>, thread: impl Into<String>, entry: &[u8]) -> Option<Self> {
        let work::Told { queue, payload, since } = work::read(entry)?;
        Some(Seen { spot: Spot::Elsewhere { who: who.into(), thread: thread.into(), queue, since }, payload })
    }

    /// A job that is held, apart from its reason.
    pub(crate) fn held(reason: String, bytes: Vec<u8>, score: f64) -> Self {
        let since = Timestamp::from_unix_secs_f64(score);
        Seen { spot: Spot::Held { reason, since }, payload: Payload::from_bytes(bytes) }
    }

    /// A member of a sorted set, by the set's letter.
    pub(crate) fn member(letter: char, member: Vec<u8>, score: f64) -> Self {
        let at = Timestamp::from_unix_secs_f64(score);
        let spot = match letter {
            'S' => Spot::Scheduled { at },
            'R' => Spot::Retries { at },
            'H' => {
                let (reason, bytes) = cut_held(&member);
                return Seen::held(reason, bytes.to_vec(), score);
            }
            _ => Spot::Dead { at },
        };
        Seen { spot, payload: Payload::from_bytes(member) }
    }

    /// What of the row stands in the job itself: all but the key that it holds, and what its run keeps.
    pub(crate) fn row(&self) -> JobRow {
        let envelope = self.payload.envelope().ok();
        let named = envelope.as_ref().and_then(|envelope| envelope.queue());
        let (at, queue) = match &self.spot {
            Spot::Busy { queue, since, .. } => (Some(*since), Some(queue.clone())),
            Spot::Elsewhere { queue, since, .. } => (*since, queue.clone().or(named)),
            Spot::Queue { queue } => {
                let enqueued_at = envelope.as_ref().and_then(|envelope| envelope.enqueued_at());
                (enqueued_at, QueueName::new(queue.as_str()).ok())
            }
            Spot::Scheduled { at } | Spot::Retries { at } | Spot::Dead { at } => (*at, named),
            Spot::Held { since, .. } => (*since, named),
        };
        JobRow {
            jid: envelope.as_ref().and_then(named_jid).unwrap_or_else(|| made_jid(self.payload.as_bytes())),
            state: self.spot.state(),
            queue: queue.unwrap_or_default(),
            at,
            key: None,
            held: match &self.spot {
                Spot::Held { reason, .. } => Some(reason.clone()),
                _ => None,
            },
            incarnation: match &self.spot {
                Spot::Busy { holder: who, .. } | Spot::Elsewhere { who, .. } => Some(Incarnation::new(who)),
                _ => None,
            },
            kept: Checkpointed::default(),
            payload: self.payload.clone(),
        }
    }
}

const MADE: &str = "bytes-";

/// Whether a jid was made for bytes without one.
pub(crate) fn is_made(jid: &str) -> bool {
    jid.starts_with(MADE)
}

/// The id of a job, as its row shows it: its own, or the one that is made for it.
pub(crate) fn jid_of(payload: &Payload) -> Jid {
    let own = payload.envelope().ok().as_ref().and_then(named_jid);
    own.unwrap_or_else(|| made_jid(payload.as_bytes()))
}

fn named_jid(envelope: &Envelope<'_>) -> Option<Jid> {
    Jid::new(envelope.jid()?.into_owned()).ok()
}

/// A jid for bytes without one: the same for the same bytes. Of several jobs with the same bytes it names any one.
///
/// Whoever sees it and knows the rest of the bytes can try short values of what is hidden there. A digest with a key
/// would need one that all processes share, to hide what stands in payloads that no client of Sancho or Sidekiq writes:
/// these always have an id.
fn made_jid(bytes: &[u8]) -> Jid {
    Jid::new(format!("{MADE}{:016x}", digest(bytes))).expect("it is not empty and short")
}

/// A digest of bytes, to know them again.
pub(crate) fn digest(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3))
}
