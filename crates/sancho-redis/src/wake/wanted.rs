//! What is waited for just now.

use std::collections::BTreeMap;
use std::sync::Mutex;

use sancho_core::{Incarnation, Interest};
use tokio::sync::Notify;

use super::lock;
use crate::wire::keys;

/// Something that can be looked at: one queue, the sets that have a time, or one process's orders.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Sight {
    /// A queue, by its name.
    Queue(String),
    Due,
    Orders(Incarnation),
}

impl Sight {
    /// What an interest wants to be looked at.
    fn of(interest: &Interest) -> Vec<Sight> {
        match interest {
            Interest::Ready(queues) => queues.iter().map(|queue| Sight::Queue(queue.as_str().to_owned())).collect(),
            Interest::Orders(incarnation) => vec![Sight::Orders(incarnation.clone())],
            _ => vec![Sight::Due],
        }
    }

    /// What a changed key belongs to; `None` for the set of paused queues, which concerns every queue.
    pub(super) fn of_key(key: &str) -> Option<Sight> {
        if let Some(queue) = key.strip_prefix(keys::QUEUE_PREFIX) {
            return Some(Sight::Queue(queue.to_owned()));
        }
        if key == keys::SCHEDULE || key == keys::RETRY {
            return Some(Sight::Due);
        }
        let ours = key.strip_prefix(keys::ORDERS_PREFIX);
        ours.or_else(|| key.strip_suffix(keys::SIGNALS_SUFFIX)).map(|name| Sight::Orders(Incarnation::new(name)))
    }
}

/// How many wait for each sight.
#[derive(Debug, Default)]
pub(super) struct Wanted {
    counts: Mutex<BTreeMap<Sight, usize>>,
    /// Tells the watcher of sights that nobody wanted before, or not at the moment.
    pub(super) more: Notify,
}

impl Wanted {
    /// Wants what this interest needs, until the answer is dropped.
    pub(super) fn add(&self, interest: &Interest) -> Waiting<'_> {
        let sights = Sight::of(interest);
        let mut counts = lock(&self.counts);
        for sight in &sights {
            *counts.entry(sight.clone()).or_default() += 1;
        }
        drop(counts);
        self.more.notify_one();
        Waiting { wanted: self, sights }
    }

    pub(super) fn now(&self) -> Vec<Sight> {
        lock(&self.counts).keys().cloned().collect()
    }
}

/// Someone who waits.
pub(super) struct Waiting<'a> {
    wanted: &'a Wanted,
    sights: Vec<Sight>,
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        let mut counts = lock(&self.wanted.counts);
        for sight in &self.sights {
            if let Some(count) = counts.get_mut(sight) {
                *count -= 1;
                if *count == 0 {
                    counts.remove(sight);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use sancho_core::QueueName;

    use super::*;

    #[test]
    fn keys_and_sights_belong_together() {
        for (key, sight) in [
            ("queue:a:b", Some(Sight::Queue("a:b".into()))),
            ("schedule", Some(Sight::Due)),
            ("retry", Some(Sight::Due)),
            ("sancho:orders:host:1:x", Some(Sight::Orders(Incarnation::new("host:1:x")))),
            ("host:1:x-signals", Some(Sight::Orders(Incarnation::new("host:1:x")))),
            ("paused", None),
        ] {
            assert_eq!(Sight::of_key(key), sight, "{key}");
        }
    }

    #[test]
    fn a_sight_is_wanted_while_someone_waits_for_it() {
        let wanted = Wanted::default();
        let queue = |name| QueueName::new(name).expect("a name");
        let first = wanted.add(&Interest::Ready(vec![queue("a"), queue("b")]));
        let second = wanted.add(&Interest::Ready(vec![queue("b")]));
        let orders = wanted.add(&Interest::Orders(Incarnation::new("p")));
        drop(first);
        assert_eq!(wanted.now(), [Sight::Queue("b".into()), Sight::Orders(Incarnation::new("p"))]);
        drop(second);
        drop(orders);
        assert_eq!(wanted.now(), []);
    }
}
