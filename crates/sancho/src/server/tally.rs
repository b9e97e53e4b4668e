//! What was performed since the last beat, counted by class and by queue.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use sancho_core::{Execution, QueueCount, QueueName, limits};

/// Executions on their way to the store. The fetcher counts; the heart takes them along.
#[derive(Debug, Default)]
pub(crate) struct Tally(Mutex<Counted>);

/// What was counted: each job by its class, and once more by its queue.
#[derive(Debug, Default)]
struct Counted {
    classes: BTreeMap<String, Execution>,
    queues: BTreeMap<QueueName, QueueCount>,
}

impl Tally {
    /// Counts a job that did not fail.
    pub(crate) fn add_run(&self, class: &str, queue: &QueueName, took: Duration) {
        let mut counted = self.lock();
        counted.change_class(class, |execution| execution.add_run(took));
        counted.change_queue(queue, QueueCount::add_run);
    }

    /// Counts a job that failed.
    pub(crate) fn add_failure(&self, class: &str, queue: &QueueName) {
        let mut counted = self.lock();
        counted.change_class(class, Execution::add_failure);
        counted.change_queue(queue, QueueCount::add_failure);
    }

    /// Takes what was counted.
    pub(crate) fn take(&self) -> (Vec<Execution>, Vec<QueueCount>) {
        let counted = std::mem::take(&mut *self.lock());
        (counted.classes.into_values().collect(), counted.queues.into_values().collect())
    }

    /// Puts back what could not be brought to the store.
    pub(crate) fn give_back(&self, executions: &[Execution], by_queue: &[QueueCount]) {
        let mut counted = self.lock();
        for more in executions {
            counted.change_class(&more.class, |execution| execution.merge(more));
        }
        for more in by_queue {
            counted.change_queue(&more.queue, |count| count.merge(more));
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        let counted = self.lock();
        counted.classes.is_empty() && counted.queues.is_empty()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Counted> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Counted {
    fn change_class(&mut self, class: &str, change: impl FnOnce(&mut Execution)) {
        if let Some(execution) = self.classes.get_mut(class) {
            change(execution);
        } else if self.classes.len() < limits::CLASSES_PER_BEAT_MAX && class.len() <= limits::CLASS_BYTES_MAX {
            change(self.classes.entry(class.to_owned()).or_insert_with(|| Execution::of(class)));
        }
    }

    fn change_queue(&mut self, queue: &QueueName, change: impl FnOnce(&mut QueueCount)) {
        if let Some(count) = self.queues.get_mut(queue) {
            change(count);
        } else if self.queues.len() < limits::QUEUES_PER_BEAT_MAX {
            change(self.queues.entry(queue.clone()).or_insert_with(|| QueueCount::of(queue.clone())));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn queue(name: &str) -> QueueName {
        QueueName::new(name).expect("a name")
    }

    #[test]
    fn what_is_given_back_is_counted_with_what_came_since() {
        let (tally, mail, other) = (Tally::default(), queue("mail"), queue("other"));
        tally.add_run("A", &mail, Duration::from_millis(3));
        tally.add_failure("B", &mail);
        let taken = tally.take();
        assert!(tally.is_empty());
        tally.add_failure("A", &other);
        tally.give_back(&taken.0, &taken.1);
        let (classes, queues) = tally.take();
        let of = |n: usize| (classes[n].class.as_str(), classes[n].count, classes[n].failures, classes[n].millis);
        assert_eq!([of(0), of(1)], [("A", 2, 1, 3), ("B", 1, 1, 0)]);
        let count = |queue, count, failures| QueueCount { queue, count, failures };
        assert_eq!(queues, [count(mail, 2, 1), count(other, 1, 1)]);
    }

    #[test]
    fn classes_have_a_bound() {
        let tally = Tally::default();
        for n in 0..limits::CLASSES_PER_BEAT_MAX + 5 {
            tally.add_failure(&format!("Class{n}"), &QueueName::default());
        }
        let (classes, queues) = tally.take();
        assert_eq!((classes.len(), queues[0].count), (limits::CLASSES_PER_BEAT_MAX, 1_005), "a queue counts them all");
        tally.add_failure(&"x".repeat(limits::CLASS_BYTES_MAX + 1), &QueueName::default());
        assert!(tally.take().0.is_empty(), "and so have their names");
    }

    #[test]
    fn queues_have_a_bound_and_those_that_are_counted_are_counted_on() {
        let tally = Tally::default();
        for n in 0..limits::QUEUES_PER_BEAT_MAX + 5 {
            tally.add_run("A", &queue(&format!("queue{n}")), Duration::ZERO);
        }
        tally.add_run("A", &queue("queue0"), Duration::ZERO);
        let (_, queues) = tally.take();
        assert_eq!((queues.len(), queues[0].count), (limits::QUEUES_PER_BEAT_MAX, 2));
    }
}
