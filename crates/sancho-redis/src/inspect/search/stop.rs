//! Where a search stopped, and goes on.

use sancho_core::{Cursor, ErrorKind, QueueName, StoreError, StoreResult};

use crate::wire::keys;

/// What stands before the mark of a search's cursor: no page's mark begins so.
const SEARCH: &str = "seek.";

/// Where a search goes on. The places are gone through in the order in which jobs do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Stop {
    /// In a sorted set: where Redis's own scan goes on.
    Set { set: Sorted, from: u64 },
    /// Before the first queue whose name comes after this one; none is empty.
    QueuesAfter(String),
    /// In a queue, so many jobs from its far end.
    Queue { name: String, from: u64 },
    /// Before the jobs that run.
    Flights,
}

/// A sorted set of jobs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sorted {
    Schedule,
    Retry,
    Held,
    Dead,
}

impl Sorted {
    const ALL: [Sorted; 4] = [Sorted::Schedule, Sorted::Retry, Sorted::Held, Sorted::Dead];

    pub(super) fn letter(self) -> char {
        match self {
            Sorted::Schedule => 'S',
            Sorted::Retry => 'R',
            Sorted::Held => 'H',
            Sorted::Dead => 'D',
        }
    }

    pub(super) fn key(self) -> &'static str {
        match self {
            Sorted::Schedule => keys::SCHEDULE,
            Sorted::Retry => keys::RETRY,
            Sorted::Held => keys::HELD,
            Sorted::Dead => keys::DEAD,
        }
    }

    pub(super) fn of_letter(letter: char) -> Option<Self> {
        Self::ALL.into_iter().find(|set| set.letter() == letter)
    }

    /// Where a search goes on behind this set; `None` at its end.
    pub(super) fn behind(self) -> Option<Stop> {
        match self {
            Sorted::Schedule => Some(Stop::start_of(Sorted::Retry)),
            Sorted::Retry => Some(Stop::start_of(Sorted::Held)),
            Sorted::Held => Some(Stop::QueuesAfter(String::new())),
            Sorted::Dead => None,
        }
    }
}

impl Stop {
    /// Where a search begins.
    pub(super) fn first() -> Self {
        Stop::start_of(Sorted::Schedule)
    }

    pub(super) fn start_of(set: Sorted) -> Self {
        Stop::Set { set, from: 0 }
    }

    /// As a cursor, to go on from later.
    pub(super) fn cursor(&self) -> Cursor {
        Cursor(match self {
            Stop::Set { set, from } => format!("{SEARCH}{}|{from}|", set.letter()),
            Stop::QueuesAfter(name) => format!("{SEARCH}A||{name}"),
            Stop::Queue { name, from } => format!("{SEARCH}Q|{from}|{name}"),
            Stop::Flights => format!("{SEARCH}B||"),
        })
    }

    /// What a cursor says, which comes back from outside.
    pub(super) fn read(op: &'static str, Cursor(cursor): &Cursor) -> StoreResult<Self> {
        let read = || {
            let mut parts = cursor.strip_prefix(SEARCH)?.splitn(3, '|');
            let (place, from, name) = (parts.next()?, parts.next()?, parts.next()?);
            let is_a_queue = QueueName::new(name).is_ok();
            Some(match (place, from, name) {
                // No list is longer than this, so that what is added to it stays a number.
                ("Q", from, name) if is_a_queue => {
                    Stop::Queue { name: name.to_owned(), from: from.parse::<u32>().ok()?.into() }
                }
                ("A", "", name) if is_a_queue || name.is_empty() => Stop::QueuesAfter(name.to_owned()),
                ("B", "", "") => Stop::Flights,
                (letter, from, "") => {
                    let mut letters = letter.chars();
                    let set = Sorted::of_letter(letters.next()?).filter(|_| letters.next().is_none())?;
                    Stop::Set { set, from: from.parse().ok()? }
                }
                _ => return None,
            })
        };
        read().ok_or_else(|| {
            let detail = format!("no such cursor: {cursor:?}: look for the job without one");
            StoreError::new(op, ErrorKind::Invalid, detail)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_stop_comes_back_from_its_cursor() {
        let mut stops = vec![Stop::first(), Stop::Flights, Stop::QueuesAfter(String::new())];
        stops.extend(Sorted::ALL.map(|set| Stop::Set { set, from: u64::MAX }));
        stops.push(Stop::QueuesAfter("low|est".to_owned()));
        stops.push(Stop::Queue { name: "a|b| 3".to_owned(), from: 20_000 });
        for stop in stops {
            assert_eq!(Stop::read("find", &stop.cursor()).expect("it is one"), stop);
        }
    }

    #[test]
    fn what_is_no_cursor_of_a_search_is_refused() {
        let long = format!("seek.Q|1|{}", "q".repeat(300));
        for text in [
            "",
            "seek.",
            "seek.S",
            "seek.S|",
            "seek.S|0",
            "seek.S|-1|",
            "seek.S|x|",
            "seek.S|0|name",
            "seek.SS|0|",
            "seek.X|0|",
            "seek.B|1|",
            "seek.B||x",
            "seek.A|1|",
            "seek.Q|1|",
            "seek.Q|x|low",
            "seek.Q|4294967296|low",
            "seek.S|18446744073709551616|",
            "back.seek.S|0|",
            "12|3|abc",
            &long,
        ] {
            let error = Stop::read("find", &Cursor(text.to_owned())).expect_err(text);
            assert_eq!(error.kind, ErrorKind::Invalid, "{text}");
        }
    }
}
