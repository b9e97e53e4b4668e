//! `sancho metrics`: what was performed in the last minutes, by class, and how long that took; and by queue.

mod histogram;

use std::time::Duration;

use clap::Args;
use sancho::Client;
use sancho_core::metrics::{self, ClassMetrics, Metrics, QueueMetrics, SizeSample};
use sancho_core::{DeployMark, Execution, MetricsRequest, Timestamp, limits};
use serde::Serialize;

use crate::exit::Exit;
use crate::output::Output;
use crate::table::Table;
use crate::text::{counted, number, rate, visible};
use crate::when;

/// Deploy marks that a table is followed by: the last ones.
const DEPLOYS_SHOWN: usize = 5;

#[derive(Debug, Args)]
pub(crate) struct Wanted {
    /// One class, by its whole name: with a histogram of its run times
    class: Option<String>,

    /// How far to look back. What is older than 480 minutes is counted by ten minutes, without run times
    #[arg(long, value_name = "N", default_value_t = 60,
          value_parser = clap::value_parser!(u64).range(1..=limits::METRICS_COARSE_KEPT_FOR.as_secs() / 60))]
    minutes: u64,
}

#[derive(Debug, Serialize)]
struct Told<'a> {
    /// Seconds since the epoch.
    from: f64,
    /// Seconds that each sample spans.
    step: i64,
    classes: Vec<Class<'a>>,
    /// Further classes, of which nothing is told.
    left_out: usize,
    /// None where one class was asked for, and no sizes.
    queues: Vec<Queue<'a>>,
    sizes: Vec<Sizes>,
    deploys: Vec<Deploy<'a>>,
}

#[derive(Debug, Serialize)]
struct Class<'a> {
    class: &'a str,
    executions: u64,
    failures: u64,
    /// Seconds that all that did not fail took together.
    seconds: f64,
    /// Seconds; none where nothing succeeded.
    mean: Option<f64>,
    /// Seconds, judged by the histogram; none where there is none.
    p50: Option<f64>,
    p95: Option<f64>,
    p99: Option<f64>,
    /// How many runs took less than so many seconds, and no less than the ones before; without a bound in the last.
    histogram: Vec<Bucket>,
    samples: Vec<Sample>,
}

#[derive(Debug, Serialize)]
struct Bucket {
    below: Option<f64>,
    runs: u32,
}

#[derive(Debug, Serialize)]
struct Sample {
    /// Seconds since the epoch.
    at: f64,
    executions: u64,
    failures: u64,
    seconds: f64,
}

#[derive(Debug, Serialize)]
struct Queue<'a> {
    queue: &'a str,
    executions: u64,
    failures: u64,
    /// Executions a minute, in the mean.
    per_minute: f64,
    samples: Vec<QueueSample>,
}

#[derive(Debug, Serialize)]
struct QueueSample {
    /// Seconds since the epoch.
    at: f64,
    executions: u64,
    failures: u64,
}

/// Jobs in each set, once in a step.
#[derive(Debug, Serialize)]
struct Sizes {
    /// Seconds since the epoch.
    at: f64,
    enqueued: u64,
    scheduled: u64,
    retries: u64,
    dead: u64,
}

#[derive(Debug, Serialize)]
struct Deploy<'a> {
    /// Seconds since the epoch.
    at: f64,
    label: &'a str,
}

impl<'a> From<&'a ClassMetrics> for Class<'a> {
    fn from(class: &'a ClassMetrics) -> Self {
        let total = &class.total;
        let percentile = |percent| total.percentile(percent).map(|time| time.as_secs_f64());
        let bounds = Execution::BOUNDS_MS.iter().map(|millis| Some(*millis as f64 / 1e3)).chain([None]);
        let histogram = bounds.zip(total.buckets).filter(|(_, runs)| *runs > 0);
        let sample = |sample: &sancho_core::metrics::Sample| Sample {
            at: sample.at.as_unix_secs_f64(),
            executions: sample.count,
            failures: sample.failures,
            seconds: sample.millis as f64 / 1e3,
        };
        Class {
            class: &total.class,
            executions: total.count,
            failures: total.failures,
            seconds: total.millis as f64 / 1e3,
            mean: total.mean().map(|time| time.as_secs_f64()),
            p50: percentile(50),
            p95: percentile(95),
            p99: percentile(99),
            histogram: histogram.map(|(below, runs)| Bucket { below, runs }).collect(),
            samples: class.samples.iter().map(sample).collect(),
        }
    }
}

impl From<&SizeSample> for Sizes {
    fn from(sample: &SizeSample) -> Self {
        let SizeSample { at, enqueued, scheduled, retries, dead } = *sample;
        Sizes { at: at.as_unix_secs_f64(), enqueued, scheduled, retries, dead }
    }
}

fn queue(queue: &QueueMetrics, per_minute: f64) -> Queue<'_> {
    let sample = |sample: &metrics::QueueSample| QueueSample {
        at: sample.at.as_unix_secs_f64(),
        executions: sample.count,
        failures: sample.failures,
    };
    Queue {
        queue: queue.queue.as_str(),
        executions: queue.count,
        failures: queue.failures,
        per_minute,
        samples: queue.samples.iter().map(sample).collect(),
    }
}

pub(super) async fn run(client: &Client, wanted: Wanted, output: &mut Output) -> Result<(), Exit> {
    let now = client.clock().now();
    let request = MetricsRequest::last(Duration::from_secs(wanted.minutes * 60));
    let request = MetricsRequest { class: wanted.class, ..request };
    let metrics = client.inspect().metrics(&request, now).await?;
    let from = metrics.starts.first().copied().unwrap_or(now);
    let deploys = client.inspect().deploys(from, now).await?;
    let told = Told {
        from: from.as_unix_secs_f64(),
        step: metrics.step.minutes() * 60,
        classes: metrics.classes.iter().map(Class::from).collect(),
        left_out: metrics.left_out,
        queues: metrics.queues.iter().map(|told| queue(told, metrics.per_minute(&told.queue, now))).collect(),
        sizes: metrics.sizes.iter().map(Sizes::from).collect(),
        deploys: deploys.iter().map(|mark| Deploy { at: mark.at.as_unix_secs_f64(), label: &mark.label }).collect(),
    };
    output.either(&told, || {
        let page = match (&request.class, metrics.classes.first()) {
            (Some(_), Some(class)) => histogram::page(class),
            (Some(class), None) => {
                format!("{} was not performed in the last {}\n", visible(class), span(wanted.minutes))
            }
            (None, None) => format!("nothing was performed in the last {}\n", span(wanted.minutes)),
            (None, Some(_)) => table(&metrics),
        };
        format!("{page}{}{}", queues(&metrics, now), marks(&deploys, now))
    })
}

fn table(metrics: &Metrics) -> String {
    const HEADINGS: [&str; 8] = ["class", "executions", "failures", "mean", "p50", "p95", "p99", "in all"];
    let mut table = Table::new(&HEADINGS, &[1, 2, 3, 4, 5, 6, 7]);
    for ClassMetrics { total, .. } in &metrics.classes {
        let percentile = |percent| time(total.percentile(percent)).into();
        table.row([
            total.class.as_str().into(),
            number(total.count).into(),
            number(total.failures).into(),
            time(total.mean()).into(),
            percentile(50),
            percentile(95),
            percentile(99),
            time(Some(Duration::from_millis(total.millis))).into(),
        ]);
    }
    match metrics.left_out {
        0 => table.to_string(),
        more => format!("{table}and {}\n", counted(more as u64, "further class", "further classes")),
    }
}

/// The queues in a table of their own, below that of the classes; nothing where there are none.
fn queues(metrics: &Metrics, now: Timestamp) -> String {
    if metrics.queues.is_empty() {
        return String::new();
    }
    let mut table = Table::new(&["queue", "executions", "failures", "per minute"], &[1, 2, 3]);
    for queue in &metrics.queues {
        table.row([
            queue.queue.as_str().into(),
            number(queue.count).into(),
            number(queue.failures).into(),
            rate(metrics.per_minute(&queue.queue, now)).into(),
        ]);
    }
    format!("\n{table}")
}

fn marks(deploys: &[DeployMark], now: Timestamp) -> String {
    let last = deploys.iter().skip(deploys.len().saturating_sub(DEPLOYS_SHOWN));
    last.map(|mark| format!("deployed {}: {}\n", when::told(mark.at, now), visible(&mark.label))).collect()
}

fn span(minutes: u64) -> String {
    counted(minutes, "minute", "minutes")
}

/// A run time for people: three digits, in the unit that shows them.
fn time(time: Option<Duration>) -> String {
    let Some(time) = time else { return "-".to_owned() };
    let millis = time.as_millis();
    match millis {
        0..1_000 => format!("{millis} ms"),
        1_000..100_000 => format!("{:.1} s", time.as_secs_f64()),
        100_000..3_600_000 => format!("{:.0} min", time.as_secs_f64() / 60.0),
        _ => format!("{:.1} h", time.as_secs_f64() / 3_600.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_told_in_the_unit_that_shows_their_digits() {
        let told = |millis| time(Some(Duration::from_millis(millis)));
        let times = [0, 999, 1_000, 99_940, 100_000, 3_599_000, 3_600_000].map(told);
        assert_eq!(times, ["0 ms", "999 ms", "1.0 s", "99.9 s", "2 min", "60 min", "1.0 h"]);
        assert_eq!(time(None), "-");
    }
}
