//! Gathering: how stores make an answer of what they have counted.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use super::{ClassMetrics, Metrics, MetricsRequest, QueueMetrics, QueueSample, Sample, SizeSample, Step};
use crate::execution::{Buckets, Execution, QueueCount};
use crate::{QueueName, Timestamp, limits};

/// For stores: gathers what was counted into the answer to a request.
#[derive(Debug)]
pub struct Gathering {
    request: MetricsRequest,
    starts: Vec<Timestamp>,
    classes: BTreeMap<String, ClassMetrics>,
    left_out: usize,
    queues: BTreeMap<QueueName, QueueMetrics>,
    sizes: BTreeMap<Timestamp, SizeSample>,
}

impl Gathering {
    /// Nothing yet.
    pub fn new(request: &MetricsRequest, now: Timestamp) -> Self {
        let starts = request.starts(now);
        Gathering {
            request: request.clone(),
            starts,
            classes: BTreeMap::new(),
            left_out: 0,
            queues: BTreeMap::new(),
            sizes: BTreeMap::new(),
        }
    }

    /// Whether queues and sizes are asked for: a store that is asked for one class need not read them.
    pub fn wants_queues(&self) -> bool {
        self.request.class.is_none()
    }

    /// The start of each step that is asked for.
    pub fn starts(&self) -> &[Timestamp] {
        &self.starts
    }

    /// Adds what was counted of a class in the step that starts at `at`; several counts of one step add up. What was
    /// not asked for is left aside.
    pub fn add(&mut self, at: Timestamp, counted: &Execution) {
        let wanted = self.request.class.as_ref().is_none_or(|class| *class == counted.class);
        if !wanted || self.starts.binary_search(&at).is_err() || counted.count == 0 {
            return;
        }
        let full = self.classes.len() >= limits::METRICS_CLASSES_GATHERED_MAX;
        let class = match self.classes.entry(counted.class.clone()) {
            Entry::Vacant(_) if full => {
                self.left_out += 1;
                return;
            }
            entry => {
                entry.or_insert_with(|| ClassMetrics { total: Execution::of(&*counted.class), samples: Vec::new() })
            }
        };
        class.total.merge(counted);
        let sample = class.sample(at);
        sample.count = sample.count.saturating_add(counted.count);
        sample.failures = sample.failures.saturating_add(counted.failures);
        sample.millis = sample.millis.saturating_add(counted.millis);
        if self.request.class.is_some() && self.request.step == Step::Minute {
            Execution::add_buckets(sample.buckets.get_or_insert_default(), &counted.buckets);
        }
    }

    /// Adds what was counted of a queue in the step that starts at `at`; several counts of one step add up. What was not
    /// asked for is left aside.
    pub fn add_queue(&mut self, at: Timestamp, counted: &QueueCount) {
        if !self.wants(at) || counted.count == 0 {
            return;
        }
        let full = self.queues.len() >= limits::METRICS_QUEUES_GATHERED_MAX;
        let queue = match self.queues.entry(counted.queue.clone()) {
            Entry::Vacant(_) if full => return,
            entry => entry.or_insert_with(|| QueueMetrics { queue: counted.queue.clone(), ..QueueMetrics::default() }),
        };
        queue.count = queue.count.saturating_add(counted.count);
        queue.failures = queue.failures.saturating_add(counted.failures);
        let index = match queue.samples.binary_search_by_key(&at, |sample| sample.at) {
            Ok(index) => index,
            Err(index) => {
                queue.samples.insert(index, QueueSample { at, ..QueueSample::default() });
                index
            }
        };
        let sample = &mut queue.samples[index];
        sample.count = sample.count.saturating_add(counted.count);
        sample.failures = sample.failures.saturating_add(counted.failures);
    }

    /// Adds what the store had in its sets in the step of the sample. What was not asked for is left aside.
    pub fn add_sizes(&mut self, sizes: SizeSample) {
        if self.wants(sizes.at) {
            self.sizes.insert(sizes.at, sizes);
        }
    }

    fn wants(&self, at: Timestamp) -> bool {
        self.wants_queues() && self.starts.binary_search(&at).is_ok()
    }

    /// The answer, in which nothing was counted of what was not [added](Gathering::add).
    pub fn finish(self) -> Metrics {
        let mut classes: Vec<ClassMetrics> = self.classes.into_values().collect();
        classes.sort_by(|a, b| {
            let key = |it: &ClassMetrics| (std::cmp::Reverse(it.total.millis), std::cmp::Reverse(it.total.count));
            key(a).cmp(&key(b)).then_with(|| a.total.class.cmp(&b.total.class))
        });
        let left_out = self.left_out + classes.len().saturating_sub(limits::METRICS_CLASSES_MAX);
        classes.truncate(limits::METRICS_CLASSES_MAX);
        let mut queues: Vec<QueueMetrics> = self.queues.into_values().collect();
        // They stand sorted by name, and those of one count stay so.
        queues.sort_by_key(|queue| std::cmp::Reverse(queue.count));
        queues.truncate(limits::METRICS_QUEUES_MAX);
        let sizes = self.sizes.into_values().collect();
        Metrics { step: self.request.step, starts: self.starts, classes, left_out, queues, sizes }
    }
}

impl ClassMetrics {
    /// For stores that keep run times apart from the counts: adds those of a step that is there already.
    pub fn add_buckets(&mut self, at: Timestamp, buckets: &Buckets, keep: Keep) {
        Execution::add_buckets(&mut self.total.buckets, buckets);
        if keep == Keep::EachStep {
            Execution::add_buckets(self.sample(at).buckets.get_or_insert_default(), buckets);
        }
    }

    fn sample(&mut self, at: Timestamp) -> &mut Sample {
        let index = match self.samples.binary_search_by_key(&at, |sample| sample.at) {
            Ok(index) => index,
            Err(index) => {
                self.samples.insert(index, Sample { at, ..Sample::default() });
                index
            }
        };
        &mut self.samples[index]
    }
}

/// Where run times are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keep {
    /// In the total alone.
    Total,
    /// In each step too.
    EachStep,
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn minute(minute: i64) -> Timestamp {
        Timestamp::from_unix_micros(1_795_000_020_000_000 + minute * 60_000_000)
    }

    fn ran(class: &str, count: u64, millis: u64) -> Execution {
        Execution { count, millis, ..Execution::of(class) }
    }

    #[test]
    fn those_that_took_longest_come_first_and_others_are_counted() {
        let request = MetricsRequest::last(Duration::from_secs(120));
        let mut gathering = Gathering::new(&request, minute(0));
        gathering.add(minute(0), &ran("Slow", 1, 900));
        gathering.add(minute(-1), &ran("Quick", 5, 100));
        gathering.add(minute(0), &ran("Quick", 5, 100));
        gathering.add(minute(-2), &ran("Old", 5, 100));
        for number in 0..limits::METRICS_CLASSES_MAX {
            gathering.add(minute(0), &ran(&format!("Class{number:03}"), 1, 1));
        }
        let metrics = gathering.finish();
        assert_eq!(metrics.left_out, 2);
        let names: Vec<&str> = metrics.classes.iter().take(3).map(|class| class.total.class.as_str()).collect();
        assert_eq!(names, ["Slow", "Quick", "Class000"]);
        let quick = &metrics.classes[1];
        assert_eq!((quick.total.count, quick.samples.len(), quick.samples[0].at), (10, 2, minute(-1)));
    }

    #[test]
    fn the_busiest_queues_come_first_and_have_a_bound() {
        let request = MetricsRequest::last(Duration::from_secs(120));
        let done = |queue: &str, count| {
            let queue = QueueName::new(queue).expect("a name");
            QueueCount { queue, count, failures: 1 }
        };
        let mut gathering = Gathering::new(&request, minute(0));
        gathering.add_queue(minute(0), &done("b", 5));
        gathering.add_queue(minute(-1), &done("b", 4));
        gathering.add_queue(minute(0), &done("a", 10));
        gathering.add_queue(minute(-2), &done("old", 99));
        gathering.add_queue(minute(0), &done("none", 0));
        for number in 0..limits::METRICS_QUEUES_MAX {
            gathering.add_queue(minute(0), &done(&format!("queue{number:04}"), 1));
        }
        let queues = gathering.finish().queues;
        assert_eq!(queues.len(), limits::METRICS_QUEUES_MAX);
        let names: Vec<&str> = queues.iter().take(3).map(|queue| queue.queue.as_str()).collect();
        assert_eq!(names, ["a", "b", "queue0000"]);
        let samples = [(minute(-1), 4), (minute(0), 5)].map(|(at, count)| QueueSample { at, count, failures: 1 });
        assert_eq!((queues[1].count, queues[1].failures, &queues[1].samples[..]), (9, 2, &samples[..]));
    }

    #[test]
    fn of_one_class_neither_queues_nor_sizes_are_told() {
        let request = MetricsRequest::last(Duration::from_secs(120)).of("A");
        let mut gathering = Gathering::new(&request, minute(0));
        gathering.add_queue(minute(0), &QueueCount { count: 3, ..QueueCount::default() });
        gathering.add_sizes(SizeSample { at: minute(0), enqueued: 7, ..SizeSample::default() });
        let metrics = gathering.finish();
        assert!(metrics.queues.is_empty() && metrics.sizes.is_empty());
    }
}
