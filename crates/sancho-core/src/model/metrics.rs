//! Metrics: what beats brought of executions, the sizes of sets over time, and the marks of deploys.

use super::Model;
use crate::metrics::{Gathering, SizeSample, Step};
use crate::{DeployMark, Execution, Metrics, MetricsRequest, QueueCount, Timestamp, error::Invalid, limits};

impl Model {
    /// Counts what a beat brings.
    pub(super) fn count_executions(&mut self, executions: &[Execution], now: Timestamp) {
        for step in Step::ALL {
            let counted = self.executions.entry((step, step.start_of(now))).or_default();
            for execution in executions {
                let full = counted.len() >= limits::METRICS_CLASSES_PER_STEP_MAX;
                if full && !counted.contains_key(&execution.class) {
                    continue;
                }
                let mut more = execution.clone();
                if step != Step::Minute {
                    more.buckets = Default::default();
                }
                counted.entry(more.class.clone()).or_insert_with(|| Execution::of(&*more.class)).merge(&more);
            }
        }
    }

    /// Counts what a beat brings by queue.
    pub(super) fn count_queues(&mut self, counts: &[QueueCount], now: Timestamp) {
        for step in Step::ALL {
            let counted = self.queue_counts.entry((step, step.start_of(now))).or_default();
            for more in counts {
                let full = counted.len() >= limits::METRICS_QUEUES_PER_STEP_MAX;
                if full && !counted.contains_key(&more.queue) {
                    continue;
                }
                counted.entry(more.queue.clone()).or_insert_with(|| QueueCount::of(more.queue.clone())).merge(more);
            }
        }
    }

    /// Notes the sizes of the sets, if this is the first beat of a step.
    pub(super) fn note_sizes(&mut self, now: Timestamp) {
        for step in Step::ALL {
            let at = step.start_of(now);
            if !self.sizes.contains_key(&(step, at)) {
                self.sizes.insert((step, at), SizeSample::of(at, &self.stats(now)));
            }
        }
    }

    /// As [`Inspect::metrics`](crate::Inspect::metrics).
    pub fn metrics(&self, request: &MetricsRequest, now: Timestamp) -> Metrics {
        let mut gathering = Gathering::new(request, now);
        for at in gathering.starts().to_vec() {
            for execution in self.executions.get(&(request.step, at)).into_iter().flat_map(|counted| counted.values()) {
                gathering.add(at, execution);
            }
            for count in self.queue_counts.get(&(request.step, at)).into_iter().flat_map(|counted| counted.values()) {
                gathering.add_queue(at, count);
            }
            if let Some(sizes) = self.sizes.get(&(request.step, at)) {
                gathering.add_sizes(*sizes);
            }
        }
        gathering.finish()
    }

    /// As [`Inspect::mark_deploy`](crate::Inspect::mark_deploy).
    ///
    /// # Errors
    /// A label that is none.
    pub fn mark_deploy(&mut self, label: &str, now: Timestamp) -> Result<DeployMark, Invalid> {
        let mark = DeployMark::new(label, now)?;
        let there = self.deploys.iter().find(|there| there.at == mark.at || mark.repeats(there)).cloned();
        Ok(there.unwrap_or_else(|| {
            self.deploys.insert(mark.clone());
            mark
        }))
    }

    /// As [`Inspect::deploys`](crate::Inspect::deploys).
    pub fn deploys(&self, since: Timestamp, now: Timestamp) -> Vec<DeployMark> {
        let since = since.max(now.before(limits::MARKS_KEPT_FOR));
        let marks = self.deploys.iter().filter(|mark| mark.at >= since && mark.at <= now);
        let mut marks: Vec<DeployMark> = marks.rev().take(limits::MARKS_MAX).cloned().collect();
        marks.reverse();
        marks
    }

    /// Forgets what is kept no longer.
    pub(super) fn prune_metrics(&mut self, now: Timestamp) {
        self.executions.retain(|(step, at), _| now.since(*at) <= step.kept_for());
        self.queue_counts.retain(|(step, at), _| now.since(*at) <= step.kept_for());
        self.sizes.retain(|(step, at), _| now.since(*at) <= step.kept_for());
        self.deploys.retain(|mark| now.since(mark.at) <= limits::MARKS_KEPT_FOR);
    }
}
