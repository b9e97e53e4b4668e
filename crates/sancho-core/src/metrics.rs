//! Metrics: what was performed, by class and by queue and by the minute, how much was there to be performed, and the
//! marks that deploys leave beside it.

mod gathering;

use std::time::Duration;

use crate::error::Invalid;
use crate::execution::{Buckets, Execution};
use crate::{QueueName, Stats, Timestamp, limits};

pub use gathering::{Gathering, Keep};

const MICROS_PER_MINUTE: i64 = 60_000_000;

/// The length of the steps in which executions are counted. Every execution is counted in a step of each length.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Step {
    /// One minute, kept for [`limits::METRICS_KEPT_FOR`], with run times in buckets.
    #[default]
    Minute,
    /// Ten minutes, kept for [`limits::METRICS_COARSE_KEPT_FOR`], without buckets.
    TenMinutes,
}

impl Step {
    /// Every step, the shortest first.
    pub const ALL: [Step; 2] = [Step::Minute, Step::TenMinutes];

    /// Its length in minutes.
    pub const fn minutes(self) -> i64 {
        match self {
            Step::Minute => 1,
            Step::TenMinutes => 10,
        }
    }

    /// How long counts of this step are kept.
    pub const fn kept_for(self) -> Duration {
        match self {
            Step::Minute => limits::METRICS_KEPT_FOR,
            Step::TenMinutes => limits::METRICS_COARSE_KEPT_FOR,
        }
    }

    /// How many steps are kept.
    pub const fn most(self) -> usize {
        (self.kept_for().as_secs() / 60) as usize / self.minutes() as usize
    }

    /// The start of the step in which a time is, in UTC.
    pub const fn start_of(self, time: Timestamp) -> Timestamp {
        let length = MICROS_PER_MINUTE * self.minutes();
        Timestamp::from_unix_micros(time.as_unix_micros().div_euclid(length) * length)
    }

    /// The start of the step that comes after so many others.
    fn after(self, start: Timestamp, steps: usize) -> Timestamp {
        let steps = i64::try_from(steps).expect("steps are few");
        Timestamp::from_unix_micros(start.as_unix_micros() + steps * MICROS_PER_MINUTE * self.minutes())
    }
}

/// Which executions are asked for: so many steps, of which the one under way is the last.
///
/// ```
/// use std::time::Duration;
/// use sancho_core::{MetricsRequest, metrics::Step};
///
/// let hour = MetricsRequest::last(Duration::from_secs(3_600));
/// assert_eq!((hour.step, hour.steps), (Step::Minute, 60));
/// let days = MetricsRequest::last(Duration::from_secs(2 * 86_400)).of("Mailer");
/// assert_eq!((days.step, days.steps), (Step::TenMinutes, 288));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct MetricsRequest {
    /// How long each step is.
    pub step: Step,
    /// How many steps; no more than [`Step::most`] are looked at.
    pub steps: usize,
    /// The one class that is asked for, as people know it; every class if there is none. Of one class neither queues
    /// nor sizes are told: they are not those of a class.
    pub class: Option<String>,
}

impl MetricsRequest {
    /// What was performed in the last `span`: by the minute as long as minutes are kept, else by ten minutes, and at
    /// most as much as is kept.
    pub fn last(span: Duration) -> Self {
        let step = if span <= Step::Minute.kept_for() { Step::Minute } else { Step::TenMinutes };
        let minutes = usize::try_from(span.as_secs().div_ceil(60)).unwrap_or(usize::MAX);
        let steps = minutes.div_ceil(step.minutes() as usize).clamp(1, step.most());
        MetricsRequest { step, steps, class: None }
    }

    /// The same for one class.
    pub fn of(self, class: impl Into<String>) -> Self {
        MetricsRequest { class: Some(class.into()), ..self }
    }

    /// The start of each step, earliest first.
    pub fn starts(&self, now: Timestamp) -> Vec<Timestamp> {
        let (steps, last) = (self.steps.min(self.step.most()), self.step.start_of(now));
        let back = i64::try_from(steps).expect("steps are few") - 1;
        let first = Timestamp::from_unix_micros(last.as_unix_micros() - back * MICROS_PER_MINUTE * self.step.minutes());
        (0..steps).map(|step| self.step.after(first, step)).collect()
    }
}

/// What was performed in some steps.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Metrics {
    /// How long each step is.
    pub step: Step,
    /// The start of each step, earliest first; the last one is under way.
    pub starts: Vec<Timestamp>,
    /// The classes that were performed, those that took the longest in all first, at most
    /// [`limits::METRICS_CLASSES_MAX`].
    pub classes: Vec<ClassMetrics>,
    /// How many further classes were performed; an upper bound where there are more than
    /// [`limits::METRICS_CLASSES_GATHERED_MAX`].
    pub left_out: usize,
    /// The queues that jobs were performed of, those with the most first, at most [`limits::METRICS_QUEUES_MAX`].
    pub queues: Vec<QueueMetrics>,
    /// What the store had in its sets, earliest first: one for each step in which a process beat, of the moment of its
    /// first beat.
    pub sizes: Vec<SizeSample>,
}

impl Metrics {
    /// How many jobs of a queue were performed a minute, in the mean of all steps up to `now`, which is that of the
    /// request; none of a queue that is not among [`Metrics::queues`].
    ///
    /// Jobs are counted as processes beat: those of the last seconds are not there yet.
    ///
    /// ```
    /// use sancho_core::metrics::{Metrics, QueueMetrics};
    /// use sancho_core::{QueueName, Timestamp};
    ///
    /// let queue = QueueMetrics { count: 30, ..QueueMetrics::default() };
    /// let metrics = Metrics { starts: vec![Timestamp::EPOCH], queues: vec![queue], ..Metrics::default() };
    /// let now = Timestamp::from_unix_millis(20_000);
    /// assert_eq!(metrics.per_minute(&QueueName::default(), now), 90.0);
    /// ```
    pub fn per_minute(&self, queue: &QueueName, now: Timestamp) -> f64 {
        let count = self.queues.iter().find(|told| told.queue == *queue).map_or(0, |told| told.count);
        let span = self.starts.first().map_or(Duration::ZERO, |first| now.since(*first));
        // A step that has only begun would make of one job a torrent.
        count as f64 * 60.0 / span.as_secs_f64().max(1.0)
    }
}

/// What was performed of one class.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ClassMetrics {
    /// All steps together. Its buckets are empty where the steps have none.
    pub total: Execution,
    /// The steps in which it was performed, earliest first.
    pub samples: Vec<Sample>,
}

/// What was performed of one class in one step.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sample {
    /// The start of the step.
    pub at: Timestamp,
    /// How many times it was performed.
    pub count: u64,
    /// How many of these failed.
    pub failures: u64,
    /// Whole milliseconds that those took that did not fail.
    pub millis: u64,
    /// Run times, where one class was asked for and the steps have them.
    pub buckets: Option<Box<Buckets>>,
}

/// How many jobs of one queue were performed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct QueueMetrics {
    /// The queue.
    pub queue: QueueName,
    /// How many of its jobs were performed in all steps together.
    pub count: u64,
    /// How many of these failed.
    pub failures: u64,
    /// The steps in which some were performed, earliest first.
    pub samples: Vec<QueueSample>,
}

/// How many jobs of one queue were performed in one step.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct QueueSample {
    /// The start of the step.
    pub at: Timestamp,
    /// How many were performed.
    pub count: u64,
    /// How many of these failed.
    pub failures: u64,
}

/// What the store had in its sets, once in a step.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SizeSample {
    /// The start of the step.
    pub at: Timestamp,
    /// Jobs in queues.
    pub enqueued: u64,
    /// Jobs scheduled for later.
    pub scheduled: u64,
    /// Jobs that failed and wait for their next try.
    pub retries: u64,
    /// Jobs in the dead set.
    pub dead: u64,
}

impl SizeSample {
    /// What totals say of a step.
    pub fn of(at: Timestamp, stats: &Stats) -> Self {
        let Stats { enqueued, scheduled, retries, dead, .. } = *stats;
        SizeSample { at, enqueued, scheduled, retries, dead }
    }
}

/// A deploy, as somebody marked it: what is performed from then on may take longer, or less long.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DeployMark {
    /// The minute in which it was, in UTC.
    pub at: Timestamp,
    /// What was deployed: a version, a revision.
    pub label: String,
}

impl DeployMark {
    /// A mark of the minute in which a time is.
    ///
    /// # Errors
    /// A label that is empty, has a control character, or more than [`limits::MARK_LABEL_CHARS_MAX`] characters.
    pub fn new(label: &str, now: Timestamp) -> Result<Self, Invalid> {
        let label = label.trim();
        if label.is_empty() {
            return Err(Invalid::new("the label of the mark is empty: say what was deployed, such as a version"));
        }
        let chars = label.chars().count();
        if chars > limits::MARK_LABEL_CHARS_MAX {
            let most = limits::MARK_LABEL_CHARS_MAX;
            return Err(Invalid::new(format!(
                "the label of the mark has {chars} characters: at most {most} are shown"
            )));
        }
        if label.chars().any(char::is_control) {
            return Err(Invalid::new(format!("the label of the mark {label:?} has a control character: leave it out")));
        }
        Ok(DeployMark { at: Step::Minute.start_of(now), label: label.to_owned() })
    }

    /// Whether this mark is one that stands already, told again: the same label within a minute of it.
    pub fn repeats(&self, earlier: &DeployMark) -> bool {
        let apart = self.at.since(earlier.at).max(earlier.at.since(self.at));
        self.label == earlier.label && apart <= limits::MARK_REPEAT
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn minute(minute: i64) -> Timestamp {
        Timestamp::from_unix_micros(1_795_000_020_000_000 + minute * MICROS_PER_MINUTE)
    }

    #[test]
    fn the_step_under_way_is_the_last() {
        let now = Timestamp::from_unix_micros(minute(0).as_unix_micros() + 59_999_999);
        let request = MetricsRequest { step: Step::Minute, steps: 3, class: None };
        assert_eq!(request.starts(now), [minute(-2), minute(-1), minute(0)]);
        assert_eq!(MetricsRequest { steps: usize::MAX, ..request }.starts(now).len(), 480);
        let before_all = MetricsRequest { step: Step::TenMinutes, steps: 1, class: None };
        assert_eq!(before_all.starts(Timestamp::from_unix_micros(-1))[0].as_unix_micros(), -600_000_000);
    }

    #[test]
    fn a_span_beyond_what_is_kept_asks_for_what_is_kept() {
        let request = MetricsRequest::last(Duration::MAX);
        assert_eq!((request.step, request.steps), (Step::TenMinutes, 432));
        assert_eq!(MetricsRequest::last(Duration::ZERO).steps, 1);
        assert_eq!(MetricsRequest::last(limits::METRICS_KEPT_FOR).steps, 480);
    }

    #[test]
    fn a_label_has_bounds() {
        for label in ["", "  ", "a\nb", &"x".repeat(limits::MARK_LABEL_CHARS_MAX + 1)] {
            assert!(DeployMark::new(label, minute(0)).is_err(), "{label:?}");
        }
        let mark = |minutes| DeployMark::new(" v1.2 ", minute(minutes)).expect("a label");
        assert_eq!(mark(0).label, "v1.2");
        assert!(mark(1).repeats(&mark(0)) && mark(0).repeats(&mark(1)) && !mark(2).repeats(&mark(0)));
    }
}
