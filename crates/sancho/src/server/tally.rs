//! What was performed since the last beat, counted by class.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use sancho_core::{Execution, limits};

/// Executions on their way to the store. The fetcher counts; the heart takes them along.
#[derive(Debug, Default)]
pub(crate) struct Tally(Mutex<BTreeMap<String, Execution>>);

impl Tally {
    /// Counts a job that did not fail.
    pub(crate) fn add_run(&self, class: &str, took: Duration) {
        self.change(class, |execution| execution.add_run(took));
    }

    /// Counts a job that failed.
    pub(crate) fn add_failure(&self, class: &str) {
        self.change(class, Execution::add_failure);
    }

    /// Takes what was counted.
    pub(crate) fn take(&self) -> Vec<Execution> {
        std::mem::take(&mut *self.lock()).into_values().collect()
    }

    /// Puts back what could not be brought to the store.
    pub(crate) fn give_back(&self, executions: &[Execution]) {
        for more in executions {
            self.change(&more.class, |execution| execution.merge(more));
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.lock().is_empty()
    }

    fn change(&self, class: &str, change: impl FnOnce(&mut Execution)) {
        let mut counted = self.lock();
        if let Some(execution) = counted.get_mut(class) {
            change(execution);
        } else if counted.len() < limits::CLASSES_PER_BEAT_MAX && class.len() <= limits::CLASS_BYTES_MAX {
            change(counted.entry(class.to_owned()).or_insert_with(|| Execution::of(class)));
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, Execution>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_given_back_is_counted_with_what_came_since() {
        let tally = Tally::default();
        tally.add_run("A", Duration::from_millis(3));
        tally.add_failure("B");
        let taken = tally.take();
        assert!(tally.is_empty());
        tally.add_failure("A");
        tally.give_back(&taken);
        let counted = tally.take();
        let of = |n: usize| (counted[n].class.as_str(), counted[n].count, counted[n].failures, counted[n].millis);
        assert_eq!([of(0), of(1)], [("A", 2, 1, 3), ("B", 1, 1, 0)]);
    }

    #[test]
    fn classes_have_a_bound() {
        let tally = Tally::default();
        for n in 0..limits::CLASSES_PER_BEAT_MAX + 5 {
            tally.add_failure(&format!("Class{n}"));
        }
        assert_eq!(tally.take().len(), limits::CLASSES_PER_BEAT_MAX);
        tally.add_failure(&"x".repeat(limits::CLASS_BYTES_MAX + 1));
        assert!(tally.is_empty(), "and so have their names");
    }
}
