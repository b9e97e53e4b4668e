//! What this process has performed since it began, by class, as its events tell it.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::{Event, Subscription};

/// Bounds of the buckets of run times. Three a decade up to ten seconds, then those of people: each class has as many
/// series as there are bounds.
pub(super) const BOUNDS: [Duration; 14] = [
    Duration::from_millis(5),
    Duration::from_millis(10),
    Duration::from_millis(25),
    Duration::from_millis(50),
    Duration::from_millis(100),
    Duration::from_millis(250),
    Duration::from_millis(500),
    Duration::from_secs(1),
    Duration::from_millis(2_500),
    Duration::from_secs(5),
    Duration::from_secs(10),
    Duration::from_secs(60),
    Duration::from_secs(600),
    Duration::from_secs(3_600),
];

/// Classes that are counted by name; jobs of further ones are counted together. Names come from payloads.
const CLASSES_MAX: usize = 200;

/// The name of those further ones; no class can have it, for it begins with a parenthesis.
const OTHERS: &str = "(others)";

/// The counters.
#[derive(Debug, Default)]
pub(super) struct Performed(Mutex<Counters>);

/// The counters, as they are read.
#[derive(Clone, Debug, Default)]
pub(super) struct Counters {
    pub(super) classes: BTreeMap<String, ClassCounters>,
    pub(super) claims_lost: u64,
    pub(super) leases_lost: u64,
    pub(super) promoted: u64,
    pub(super) taken_over: u64,
    pub(super) store_outages: u64,
}

/// The counters of one class.
#[derive(Clone, Debug, Default)]
pub(super) struct ClassCounters {
    pub(super) processed: u64,
    pub(super) failed: u64,
    /// Runs whose time is at most each of [`BOUNDS`], and above the bound before.
    pub(super) buckets: [u64; BOUNDS.len()],
    /// Runs that were performed, those above every bound too.
    pub(super) runs: u64,
    pub(super) seconds: f64,
}

impl Performed {
    /// Counts what happens, until the server is gone.
    pub(super) async fn listen(&self, mut events: Subscription) {
        while let Some(event) = events.next().await {
            self.lock().count(&event);
        }
        // The other halves of the probes go on until the server has stopped.
        std::future::pending().await
    }

    /// The counters now.
    pub(super) fn read(&self) -> Counters {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, Counters> {
        // Counters are whole after every step.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Counters {
    fn count(&mut self, event: &Event) {
        match event {
            Event::Settled { class, tally, elapsed, .. } if tally.processed + tally.failed > 0 => {
                let class = self.class(class);
                class.processed += u64::from(tally.processed);
                class.failed += u64::from(tally.failed);
                if tally.processed > 0 {
                    class.ran(*elapsed);
                }
            }
            Event::ClaimLost { .. } => self.claims_lost += 1,
            Event::LeaseLost { .. } => self.leases_lost += 1,
            Event::StoreAway { .. } => self.store_outages += 1,
            Event::Promoted { jobs } => self.promoted += *jobs as u64,
            Event::TakenOver { jobs, .. } => self.taken_over += *jobs as u64,
            _ => {}
        }
    }

    fn class(&mut self, name: &str) -> &mut ClassCounters {
        let name = if self.classes.contains_key(name) || self.classes.len() < CLASSES_MAX { name } else { OTHERS };
        self.classes.entry(name.to_owned()).or_default()
    }
}

impl ClassCounters {
    fn ran(&mut self, time: Duration) {
        self.runs += 1;
        self.seconds += time.as_secs_f64();
        if let Some(bucket) = BOUNDS.iter().position(|bound| time <= *bound) {
            self.buckets[bucket] += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use sancho_core::lifecycle::{Tally, Verdict};

    use super::*;
    use crate::QueueName;

    fn settled(class: &str, (processed, failed): (u8, u8), millis: u64) -> Event {
        Event::Settled {
            jid: None,
            class: class.to_owned(),
            queue: QueueName::default(),
            verdict: Verdict::Done,
            tally: Tally { processed, failed },
            error: None,
            elapsed: Duration::from_millis(millis),
        }
    }

    #[test]
    fn jobs_are_counted_by_class_and_by_time() {
        let mut counters = Counters::default();
        for (tally, millis) in [((1, 0), 5), ((1, 1), 6), ((1, 0), 4_000_000), ((0, 0), 1), ((0, 1), 1)] {
            counters.count(&settled("A", tally, millis));
        }
        let a = &counters.classes["A"];
        assert_eq!((a.processed, a.failed, a.runs, a.buckets[0], a.buckets[1]), (3, 2, 3, 1, 1));
        assert_eq!(a.buckets.iter().sum::<u64>(), 2, "the longest is above every bound");
    }

    #[test]
    fn classes_have_a_bound() {
        let mut counters = Counters::default();
        for n in 0..CLASSES_MAX + 50 {
            counters.count(&settled(&format!("Class{n}"), (1, 0), 1));
        }
        assert_eq!(counters.classes.len(), CLASSES_MAX + 1);
        assert_eq!(counters.classes[OTHERS].processed, 50);
    }
}
