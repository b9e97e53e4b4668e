//! Classes that this build does not know: their jobs go back, and their queues are asked less and less often.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use sancho_core::{QueueName, limits};

const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// Which queues gave nothing but classes that are not known, and until when they are left alone.
#[derive(Debug, Default)]
pub(crate) struct UnknownClasses {
    paused: BTreeMap<QueueName, Pause>,
    told: BTreeSet<(String, QueueName)>,
}

#[derive(Debug)]
struct Pause {
    until: Duration,
    length: Duration,
}

impl UnknownClasses {
    /// Whether a queue may be asked at this uptime.
    pub(crate) fn allows(&self, queue: &QueueName, uptime: Duration) -> bool {
        self.paused.get(queue).is_none_or(|pause| pause.until <= uptime)
    }

    /// How long after this uptime the next queue that is left alone may be asked again.
    pub(crate) fn next_in(&self, uptime: Duration) -> Option<Duration> {
        self.paused.values().filter(|pause| pause.until > uptime).map(|pause| pause.until - uptime).min()
    }

    /// A queue gave a job of a class that is known.
    pub(crate) fn known(&mut self, queue: &QueueName) {
        if !self.paused.is_empty() {
            self.paused.remove(queue);
        }
    }

    /// A queue gave jobs of a class that is not known, and none of one that is.
    pub(crate) fn unknown(&mut self, class: &str, queue: &QueueName, uptime: Duration) {
        if !self.paused.contains_key(queue) {
            // Queues that a pattern matches come and go: those that are asked no longer are not to be kept for ever.
            self.paused.retain(|_, pause| uptime < pause.until + LONGEST_PAUSE);
        }
        let pause = self.paused.entry(queue.clone()).or_insert(Pause { until: uptime, length: Duration::ZERO });
        if pause.until <= uptime {
            pause.length = if pause.length.is_zero() { FIRST_PAUSE } else { (pause.length * 2).min(LONGEST_PAUSE) };
            pause.until = uptime + pause.length;
        }
        // Names of any number and length come from payloads: neither memory nor the log is to be filled by them.
        let class: String = class.chars().take(limits::CLASS_BYTES_MAX).collect();
        let is_room = self.told.len() < limits::UNKNOWN_CLASSES_TOLD_MAX;
        if is_room && self.told.insert((class.clone(), queue.clone())) {
            tracing::warn!(
                class,
                %queue,
                "this build does not know the class: its jobs stay in the queue for a day; register the class, or \
                 serve the queue by a program that knows it"
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queues_that_are_asked_no_longer_are_forgotten() {
        let mut classes = UnknownClasses::default();
        for n in 0..100 {
            let queue = QueueName::new(format!("tenant:{n}")).expect("a name");
            classes.unknown("Stranger", &queue, Duration::from_secs(n * 10));
            assert!(!classes.allows(&queue, Duration::from_secs(n * 10)));
        }
        assert!(classes.paused.len() <= 5, "{:?}", classes.paused);
    }

    #[test]
    fn classes_that_are_told_have_a_bound() {
        let (mut classes, queue) = (UnknownClasses::default(), QueueName::default());
        for n in 0..limits::UNKNOWN_CLASSES_TOLD_MAX + 5 {
            classes.unknown(&format!("Class{n}"), &queue, Duration::ZERO);
        }
        assert_eq!(classes.told.len(), limits::UNKNOWN_CLASSES_TOLD_MAX);
        let mut classes = UnknownClasses::default();
        classes.unknown(&"x".repeat(1 << 20), &queue, Duration::ZERO);
        assert!(classes.told.iter().all(|(class, _)| class.len() <= limits::CLASS_BYTES_MAX));
        assert!(!classes.allows(&queue, Duration::ZERO), "the queue is left alone all the same");
    }
}
