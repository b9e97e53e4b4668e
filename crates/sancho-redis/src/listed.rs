//! Where jobs were listed, found or put: no index leads to a job in a queue or in the dead set, and whoever opens or
//! picks one has seen it in a list or looked for it a moment ago.
//!
//! A hint and nothing more: whoever follows it reads what stands there now, and searches where that is not the job.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use sancho_core::{Cursor, Direction, Jid, Set};

/// Jobs of a page that somebody looks at: longer ones are read by programs, which would crowd out what people saw.
pub(crate) const LISTED_MAX: usize = 200;

/// Jobs that are remembered in each of two halves, some hundred bytes each: the pages that a few people have open.
const REMEMBERED_MAX: usize = 10_000;

/// Where the jobs seen last have stood.
#[derive(Debug, Default)]
pub(crate) struct Listed(Mutex<Halves>);

/// When the young half is full it becomes the old one, and the old one is forgotten.
#[derive(Debug, Default)]
struct Halves {
    young: HashMap<Box<str>, Place>,
    old: HashMap<Box<str>, Place>,
}

/// Where a job is to be looked for.
#[derive(Clone, Debug)]
pub(crate) enum Place {
    /// In a list, from a cursor on.
    Listed { set: Arc<Set>, direction: Direction, after: Option<Cursor> },
    /// In a queue, so many jobs from its far end or more.
    InQueue { queue: Box<str>, from: u64 },
    /// Among the members of a sorted set, by its letter, that have a score.
    OfScore { letter: char, score: Box<str> },
}

impl Place {
    pub(crate) fn in_queue(queue: &str, from: u64) -> Self {
        Place::InQueue { queue: queue.into(), from }
    }

    pub(crate) fn of_score(letter: char, score: f64) -> Self {
        Place::OfScore { letter, score: score.to_string().into() }
    }
}

impl Listed {
    /// Remembers jobs of one page, each with the cursor before it.
    pub(crate) fn remember<'a>(
        &self,
        set: &Set,
        direction: Direction,
        jobs: impl Iterator<Item = (&'a Jid, Option<Cursor>)>,
    ) {
        let set = Arc::new(set.clone());
        for (jid, after) in jobs {
            self.remember_at(jid, Place::Listed { set: Arc::clone(&set), direction, after });
        }
    }

    /// Remembers where one job is.
    pub(crate) fn remember_at(&self, jid: &Jid, place: Place) {
        let mut halves = self.0.lock().expect("nothing panics while it holds the lock");
        if halves.young.len() >= REMEMBERED_MAX {
            halves.old = std::mem::take(&mut halves.young);
        }
        halves.young.insert(jid.as_str().into(), place);
    }

    /// Where a job was seen last.
    pub(crate) fn place_of(&self, jid: &str) -> Option<Place> {
        let halves = self.0.lock().expect("nothing panics while it holds the lock");
        halves.young.get(jid).or_else(|| halves.old.get(jid)).cloned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn remember(listed: &Listed, jid: &str, after: &str) {
        let jid = Jid::new(jid).expect("a jid");
        let after = Some(Cursor(after.to_owned()));
        listed.remember(&Set::Dead, Direction::Forward, std::iter::once((&jid, after)));
    }

    #[test]
    fn the_last_place_counts_and_the_oldest_are_forgotten() {
        let listed = Listed::default();
        remember(&listed, "first", "1");
        remember(&listed, "first", "2");
        let Some(Place::Listed { after, .. }) = listed.place_of("first") else { panic!("it was listed") };
        assert_eq!(after, Some(Cursor("2".to_owned())));
        for number in 0..2 * REMEMBERED_MAX {
            remember(&listed, &format!("job-{number}"), "3");
        }
        assert!(listed.place_of("first").is_none());
        assert!(listed.place_of(&format!("job-{}", REMEMBERED_MAX + 1)).is_some());
    }
}
