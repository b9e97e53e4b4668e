//! The mark of a job that was looked at: where it stood, and which one it is.

use sancho_core::{ErrorKind, Payload, StoreError, StoreResult};

use crate::row::{digest, jid_of};

/// Where a job stood.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Stood {
    /// In a queue: how many were in front of it and how many behind it.
    InQueue { in_front: usize, behind: usize },
    /// In a sorted set: its score, and its place among those that have it, from one on.
    OfScore { score: f64, of_score: usize },
    /// With a process.
    Busy { since: i64, number: u64, who: String },
}

/// A job that was looked at. Few of them are written down, and only those are parsed for their ids.
#[derive(Clone, Debug)]
pub(in crate::inspect) struct Mark {
    stood: Stood,
    payload: Payload,
}

impl Mark {
    pub(super) fn new(stood: Stood, payload: Payload) -> Self {
        Mark { stood, payload }
    }

    /// As a cursor has it.
    pub(in crate::inspect) fn written(&self) -> String {
        match &self.stood {
            Stood::InQueue { in_front, behind } => format!("{in_front}|{behind}|{:x}", sum_of(&self.payload)),
            Stood::OfScore { score, of_score } => format!("{score}|{of_score}|{:x}", sum_of(&self.payload)),
            Stood::Busy { since, number, who } => format!("{since}|{number}|{who}"),
        }
    }
}

/// What a job is known by in a mark.
pub(super) fn sum_of(payload: &Payload) -> u64 {
    digest(jid_of(payload).as_str().as_bytes())
}

/// The way through a list to one of its jobs, as Redis goes it: from one end on, past all that stand before it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::inspect) struct Way {
    /// Whether it begins at the far end, where jobs are pushed.
    pub(in crate::inspect) from_back: bool,
    /// How many jobs are passed.
    pub(in crate::inspect) passed: usize,
}

impl Way {
    /// From the nearer end to the job of a queue that a mark is of; elsewhere there is none to go.
    pub(in crate::inspect) fn to(mark: &Mark) -> Way {
        match mark.stood {
            Stood::InQueue { in_front, behind } => Way { from_back: behind < in_front, passed: in_front.min(behind) },
            _ => Way::default(),
        }
    }
}

/// What the mark of a job says that stood in a queue: how many were in front of it and behind it, and which one it is.
pub(super) fn read_distances(op: &'static str, mark: &str) -> StoreResult<(usize, usize, u64)> {
    read_mark(op, mark, |parts| Some((place(parts.next()?)?, place(parts.next()?)?, sum(parts.next()?)?)))
}

/// What the mark of a member of a sorted set says: its score, its place among those that have it, and which one it is.
pub(super) fn read_score(op: &'static str, mark: &str) -> StoreResult<(f64, usize, u64)> {
    read_mark(op, mark, |parts| {
        let score = parts.next()?.parse::<f64>().ok().filter(|score| !score.is_nan())?;
        Some((score, place(parts.next()?)?, sum(parts.next()?)?))
    })
}

/// Reads a mark, whose parts are for `read` to understand.
pub(super) fn read_mark<T>(
    op: &'static str,
    mark: &str,
    read: impl FnOnce(&mut std::str::SplitN<'_, char>) -> Option<T>,
) -> StoreResult<T> {
    read(&mut mark.splitn(3, '|'))
        .ok_or_else(|| StoreError::new(op, ErrorKind::Invalid, format!("no such cursor: {mark:?}")))
}

/// A place in a mark. Marks come back from outside: what is beyond any queue or set is no place.
fn place(text: &str) -> Option<usize> {
    text.parse::<u32>().ok().and_then(|place| usize::try_from(place).ok())
}

fn sum(text: &str) -> Option<u64> {
    u64::from_str_radix(text, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mark(stood: Stood, payload: &str) -> Mark {
        Mark::new(stood, Payload::from_bytes(payload.as_bytes()))
    }

    #[test]
    fn the_way_to_a_job_of_a_queue_begins_at_the_nearer_end() {
        let way = |in_front, behind| Way::to(&mark(Stood::InQueue { in_front, behind }, "{}"));
        assert_eq!(way(3, 9), Way { from_back: false, passed: 3 });
        assert_eq!(way(9, 3), Way { from_back: true, passed: 3 });
        assert_eq!(Way::to(&mark(Stood::OfScore { score: 1.0, of_score: 1 }, "{}")), Way::default());
    }

    #[test]
    fn a_mark_tells_nothing_of_what_a_payload_has_but_its_id() {
        for stood in [Stood::InQueue { in_front: 1, behind: 2 }, Stood::OfScore { score: 1.5, of_score: 2 }] {
            let written = |payload: &str| mark(stood.clone(), payload).written();
            let (one, other) = (r#"{"class":"A","jid":"a1","args":[1]}"#, r#"{"class":"A","jid":"a1","args":[2]}"#);
            assert_eq!(written(one), written(other));
            assert_ne!(written(one), written(&one.replace("a1", "a2")), "which job it is, it tells");
        }
    }
}
