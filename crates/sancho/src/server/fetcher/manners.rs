//! How classes behave at their first poll: one that comes back at once is polled by the loop that claims for all, and needs
//! no task.

use std::collections::HashMap;
use std::time::Duration;

use sancho_core::limits;

/// A poll that took longer counts against its class: the loop that claims for all must not wait for the code of one.
const POLL_BUDGET: Duration = Duration::from_micros(100);

/// One that took longer than this is believed at once. A shorter one may be the system's doing, which had others run on
/// the core meanwhile: time goes by, and the code has nothing to do with it.
const POLL_MAX: Duration = Duration::from_millis(20);

/// So many long polls, each within this number of polls after the one before, are the code's own.
const STRIKES_MAX: u32 = 3;
const STRIKE_LASTS: u32 = 1_000;

/// Jobs of a slow class that are given tasks before it is tried out again: at first, and at most. The number doubles
/// each time, so that a class that is slow now and then stalls the loop less and less often.
const REST_FIRST: u32 = 10_000;
const REST_MAX: u32 = 10_000_000;

/// What is known of each class. A class is tried out on a task before the loop polls it: code that blocks its thread,
/// as that of somebody who did not know better, must not hold up all others at its first chance.
#[derive(Debug, Default)]
pub(super) struct Manners(HashMap<String, Known>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Manner {
    /// It comes back at once.
    Quick,
    /// It takes its time.
    Slow,
}

#[derive(Debug)]
struct Known {
    /// `None` where it is to be tried out.
    manner: Option<Manner>,
    strikes: u32,
    /// Quick polls since the last strike.
    since: u32,
    /// Jobs of a slow class that are still given tasks, and how many it will be the next time.
    rest: u32,
    next_rest: u32,
}

impl Manners {
    /// What is known of a class, if anything is.
    pub(super) fn of(&self, class: &str) -> Option<Manner> {
        self.0.get(class)?.manner
    }

    /// A job of the class was polled for the first time, and came back after so long.
    pub(super) fn learn(&mut self, class: &str, after: Duration) {
        if let Some(known) = self.0.get_mut(class) {
            known.learn(after);
        } else if self.0.len() < limits::CLASSES_PER_BEAT_MAX {
            // A fallback performs classes that payloads name: those beyond the bound have tasks.
            let mut known = Known { manner: None, strikes: 0, since: 0, rest: 0, next_rest: REST_FIRST };
            known.learn(after);
            self.0.insert(class.to_owned(), known);
        }
    }

    /// A job of a slow class is given a task.
    pub(super) fn passed_over(&mut self, class: &str) {
        if let Some(known) = self.0.get_mut(class) {
            known.rest = known.rest.saturating_sub(1);
            if known.rest == 0 {
                known.manner = None;
            }
        }
    }
}

impl Known {
    fn learn(&mut self, after: Duration) {
        if after <= POLL_BUDGET {
            // A task that was begun before the class was found to be slow may tell of itself later.
            self.manner = self.manner.or(Some(Manner::Quick));
            self.since = self.since.saturating_add(1);
            return;
        }
        self.strikes = if self.since < STRIKE_LASTS { self.strikes + 1 } else { 1 };
        self.since = 0;
        // One that is tried out has to come back at once.
        if after > POLL_MAX || self.strikes >= STRIKES_MAX || self.manner.is_none() {
            self.manner = Some(Manner::Slow);
            self.strikes = 0;
            self.rest = self.next_rest;
            self.next_rest = (self.next_rest * 2).min(REST_MAX);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: Duration = Duration::from_millis(1);

    fn polled(manners: &mut Manners, times: u32, after: Duration) {
        (0..times).for_each(|_| manners.learn("A", after));
    }

    #[test]
    fn a_class_that_is_slow_when_it_is_tried_out_has_tasks_for_a_while() {
        let mut manners = Manners::default();
        polled(&mut manners, 1, LONG);
        for rest in [REST_FIRST, 2 * REST_FIRST] {
            for _ in 0..rest {
                assert_eq!(manners.of("A"), Some(Manner::Slow));
                manners.passed_over("A");
            }
            assert_eq!(manners.of("A"), None, "it is tried out again");
            polled(&mut manners, 1, LONG);
        }
        assert_eq!((manners.of("A"), manners.of("B")), (Some(Manner::Slow), None));
    }

    #[test]
    fn a_long_poll_now_and_then_is_the_systems() {
        let mut manners = Manners::default();
        polled(&mut manners, 1, POLL_BUDGET);
        for _ in 0..10 {
            polled(&mut manners, STRIKES_MAX - 1, LONG);
            assert_eq!(manners.of("A"), Some(Manner::Quick));
            polled(&mut manners, STRIKE_LASTS, POLL_BUDGET);
        }
        polled(&mut manners, STRIKES_MAX, LONG);
        assert_eq!(manners.of("A"), Some(Manner::Slow));
        polled(&mut manners, 1, POLL_BUDGET);
        assert_eq!(manners.of("A"), Some(Manner::Slow), "what began before says nothing");
    }

    #[test]
    fn a_very_long_poll_is_believed_at_once() {
        let mut manners = Manners::default();
        polled(&mut manners, 100, POLL_BUDGET);
        polled(&mut manners, 1, POLL_MAX * 2);
        assert_eq!(manners.of("A"), Some(Manner::Slow));
    }
}
