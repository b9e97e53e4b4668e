//! What was performed lately, by class and by queue, and the deploys beside it.

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use sancho_core::metrics::{self, ClassMetrics, QueueMetrics, SizeSample};
use sancho_core::{DeployMark, Execution, MetricsRequest, Timestamp, limits};
use serde::{Deserialize, Serialize};

use super::extract::{Asked, Body};
use super::problem::Problem;
use crate::safety::{Person, audit};
use crate::site::Site;

const SECS_PER_DAY: u64 = 86_400;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wanted {
    minutes: Option<u64>,
    class: Option<String>,
}

#[derive(Debug, Serialize)]
pub(super) struct Metrics {
    /// The start of the first step.
    from: f64,
    /// Seconds that each sample spans.
    step: i64,
    classes: Vec<Class>,
    /// Further classes, of which nothing is told.
    left_out: usize,
    /// The busiest first.
    queues: Vec<Queue>,
    /// What the sets held, once for each step in which a process beat.
    sizes: Vec<Size>,
}

/// What was performed of one queue.
#[derive(Debug, Serialize)]
struct Queue {
    queue: String,
    executions: u64,
    failures: u64,
    samples: Vec<QueueSample>,
}

#[derive(Debug, Serialize)]
struct QueueSample {
    at: f64,
    executions: u64,
    failures: u64,
}

#[derive(Debug, Serialize)]
struct Size {
    at: f64,
    enqueued: u64,
    scheduled: u64,
    retries: u64,
    dead: u64,
}

#[derive(Debug, Serialize)]
struct Class {
    class: String,
    executions: u64,
    failures: u64,
    /// Seconds that all that did not fail took together.
    seconds: f64,
    mean: Option<f64>,
    p50: Option<f64>,
    p95: Option<f64>,
    p99: Option<f64>,
    histogram: Vec<Bucket>,
    samples: Vec<Sample>,
}

#[derive(Debug, Serialize)]
struct Bucket {
    /// Seconds; none in the last bucket, which has no bound.
    below: Option<f64>,
    runs: u32,
}

#[derive(Debug, Serialize)]
struct Sample {
    at: f64,
    executions: u64,
    failures: u64,
    seconds: f64,
    /// One count for each bucket of run times; none unless one class was asked for and the steps have them.
    runs: Option<Vec<u32>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Days {
    days: Option<u64>,
}

#[derive(Debug, Serialize)]
pub(super) struct Deploys {
    deploys: Vec<Deploy>,
}

#[derive(Debug, Serialize)]
pub(super) struct Deploy {
    at: f64,
    label: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Marked {
    label: String,
}

impl From<&ClassMetrics> for Class {
    fn from(class: &ClassMetrics) -> Self {
        let total = &class.total;
        let percentile = |percent| total.percentile(percent).map(|time| time.as_secs_f64());
        let bounds = Execution::BOUNDS_MS.iter().map(|millis| Some(*millis as f64 / 1e3)).chain([None]);
        Class {
            class: total.class.clone(),
            executions: total.count,
            failures: total.failures,
            seconds: total.millis as f64 / 1e3,
            mean: total.mean().map(|time| time.as_secs_f64()),
            p50: percentile(50),
            p95: percentile(95),
            p99: percentile(99),
            histogram: bounds.zip(total.buckets).map(|(below, runs)| Bucket { below, runs }).collect(),
            samples: class.samples.iter().map(Sample::from).collect(),
        }
    }
}

impl From<&metrics::Sample> for Sample {
    fn from(sample: &metrics::Sample) -> Self {
        Sample {
            at: sample.at.as_unix_secs_f64(),
            executions: sample.count,
            failures: sample.failures,
            seconds: sample.millis as f64 / 1e3,
            runs: sample.buckets.as_ref().map(|runs| runs.to_vec()),
        }
    }
}

impl From<&QueueMetrics> for Queue {
    fn from(queue: &QueueMetrics) -> Self {
        let sample = |sample: &metrics::QueueSample| QueueSample {
            at: sample.at.as_unix_secs_f64(),
            executions: sample.count,
            failures: sample.failures,
        };
        Queue {
            queue: queue.queue.to_string(),
            executions: queue.count,
            failures: queue.failures,
            samples: queue.samples.iter().map(sample).collect(),
        }
    }
}

impl From<&SizeSample> for Size {
    fn from(sample: &SizeSample) -> Self {
        let SizeSample { at, enqueued, scheduled, retries, dead } = *sample;
        Size { at: at.as_unix_secs_f64(), enqueued, scheduled, retries, dead }
    }
}

impl From<DeployMark> for Deploy {
    fn from(mark: DeployMark) -> Self {
        Deploy { at: mark.at.as_unix_secs_f64(), label: mark.label }
    }
}

pub(super) async fn metrics(State(site): State<Site>, Asked(wanted): Asked<Wanted>) -> Result<Json<Metrics>, Problem> {
    let (minutes, most) = (wanted.minutes.unwrap_or(60), limits::METRICS_COARSE_KEPT_FOR.as_secs() / 60);
    if minutes == 0 || minutes > most {
        return Err(Problem::invalid(format!("minutes is {minutes}: ask for 1 to {most}")));
    }
    let mut request = MetricsRequest::last(Duration::from_secs(minutes * 60));
    if let Some(class) = wanted.class {
        request = request.of(class);
    }
    let now = site.clock.now();
    let metrics = site.inspect.metrics(&request, now).await?;
    Ok(Json(Metrics {
        from: metrics.starts.first().copied().map_or(now, |start: Timestamp| start).as_unix_secs_f64(),
        step: metrics.step.minutes() * 60,
        classes: metrics.classes.iter().map(Class::from).collect(),
        left_out: metrics.left_out,
        queues: metrics.queues.iter().map(Queue::from).collect(),
        sizes: metrics.sizes.iter().map(Size::from).collect(),
    }))
}

pub(super) async fn deploys(State(site): State<Site>, Asked(asked): Asked<Days>) -> Result<Json<Deploys>, Problem> {
    let (days, most) = (asked.days.unwrap_or(7), limits::MARKS_KEPT_FOR.as_secs() / SECS_PER_DAY);
    if days == 0 || days > most {
        return Err(Problem::invalid(format!("days is {days}: ask for 1 to {most}")));
    }
    let now = site.clock.now();
    let since = now.before(Duration::from_secs(days * SECS_PER_DAY));
    let marks = site.inspect.deploys(since, now).await?;
    Ok(Json(Deploys { deploys: marks.into_iter().map(Deploy::from).collect() }))
}

/// Answers with the mark that stands: this one, or one that was there.
pub(super) async fn mark(
    State(site): State<Site>,
    person: Person,
    Body(marked): Body<Marked>,
) -> Result<(StatusCode, Json<Deploy>), Problem> {
    let mark = site.inspect.mark_deploy(&marked.label, site.clock.now()).await?;
    audit(&person, "mark", &mark.label, 1);
    Ok((StatusCode::CREATED, Json(mark.into())))
}
