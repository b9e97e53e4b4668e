//! Where jobs were listed: no index leads to a job in a queue or in the dead set, and whoever opens or picks one has seen
//! it in a list a moment ago.
//!
//! A hint and nothing more: whoever follows it reads what stands there now, and searches where that is not the job.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use sancho_core::{Cursor, Direction, Jid, Set};

/// Jobs of a page that somebody looks at: longer ones are read by programs, which would crowd out what people saw.
pub(crate) const LISTED_MAX: usize = 200;

/// Jobs that are remembered in each of two halves, some hundred bytes each: the pages that a few people have open.
const REMEMBERED_MAX: usize = 10_000;

/// Where the jobs listed last have stood.
#[derive(Debug, Default)]
pub(crate) struct Listed(Mutex<Halves>);

/// When the young half is full it becomes the old one, and the old one is forgotten.
#[derive(Debug, Default)]
struct Halves {
    young: HashMap<Box<str>, Place>,
    old: HashMap<Box<str>, Place>,
}

/// From where on a job is to be looked for.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    pub(crate) set: Arc<Set>,
    pub(crate) direction: Direction,
    pub(crate) after: Option<Cursor>,
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
        let mut halves = self.0.lock().expect("nothing panics while it holds the lock");
        for (jid, after) in jobs {
            if halves.young.len() >= REMEMBERED_MAX {
                halves.old = std::mem::take(&mut halves.young);
            }
            halves.young.insert(jid.as_str().into(), Place { set: Arc::clone(&set), direction, after });
        }
    }

    /// Where a job was listed last.
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
        assert_eq!(listed.place_of("first").and_then(|place| place.after), Some(Cursor("2".to_owned())));
        for number in 0..2 * REMEMBERED_MAX {
            remember(&listed, &format!("job-{number}"), "3");
        }
        assert!(listed.place_of("first").is_none());
        assert!(listed.place_of(&format!("job-{}", REMEMBERED_MAX + 1)).is_some());
    }
}
