//! How classes behave at their first poll: one that always comes back at once is polled by the loop that claims for all,
//! and needs no task.

use std::collections::HashMap;
use std::time::Duration;

use sancho_core::limits;

/// A job that took longer than this at its first poll is given a task of its own from then on: the loop that claims for
/// all must not wait for the code of one.
const POLL_BUDGET: Duration = Duration::from_micros(100);

/// What is known of each class. A class is tried out on a task before the loop polls it: code that blocks its thread,
/// as that of somebody who did not know better, must not hold up all others at its first chance.
#[derive(Debug, Default)]
pub(super) struct Manners(HashMap<String, Manner>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Manner {
    /// It has always come back at once.
    Quick,
    /// It once took its time.
    Slow,
}

impl Manners {
    /// What is known of a class, if anything is.
    pub(super) fn of(&self, class: &str) -> Option<Manner> {
        self.0.get(class).copied()
    }

    /// A job of the class was polled for the first time, and came back after so long.
    pub(super) fn learn(&mut self, class: &str, after: Duration) {
        let manner = if after > POLL_BUDGET { Manner::Slow } else { Manner::Quick };
        let Some(known) = self.0.get_mut(class) else {
            // A fallback performs classes that payloads name: those beyond the bound have tasks.
            if self.0.len() < limits::CLASSES_PER_BEAT_MAX {
                self.0.insert(class.to_owned(), manner);
            }
            return;
        };
        if manner == Manner::Slow {
            *known = manner;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_class_that_was_slow_once_stays_so() {
        let mut manners = Manners::default();
        let (quick, slow) = (POLL_BUDGET, POLL_BUDGET * 2);
        for (after, want) in
            [(quick, Manner::Quick), (quick, Manner::Quick), (slow, Manner::Slow), (quick, Manner::Slow)]
        {
            manners.learn("A", after);
            assert_eq!(manners.of("A"), Some(want));
        }
        assert_eq!(manners.of("B"), None);
    }
}
