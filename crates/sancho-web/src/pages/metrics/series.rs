//! What was performed, as series over time.

use sancho_core::inspect::DayStats;
use sancho_core::metrics::{ClassMetrics, Metrics, QueueMetrics, Step};
use sancho_core::{DeployMark, Execution, Timestamp};

use crate::chart::{Column, Columns, Svg, heat};
use crate::frame::Frame;
use crate::plot::{By, Kind, Plot, Row, Unit};
use crate::text::visible;
use crate::when::run_time;

/// Rows of a series: more of them could not be told apart.
const ROWS_MAX: usize = 160;

/// Columns of the small chart in a row of a table.
const SPARK_COLUMNS: usize = 40;

/// How often something was performed in one step, and how often that failed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ran {
    at: Timestamp,
    count: u64,
    failures: u64,
}

/// What classes did in their steps.
pub(crate) fn of_classes(classes: &[ClassMetrics]) -> impl Iterator<Item = Ran> {
    let samples = classes.iter().flat_map(|class| &class.samples);
    samples.map(|sample| Ran { at: sample.at, count: sample.count, failures: sample.failures })
}

/// What was done of a queue in its steps.
pub(crate) fn of_queue(queue: &QueueMetrics) -> impl Iterator<Item = Ran> {
    queue.samples.iter().map(|sample| Ran { at: sample.at, count: sample.count, failures: sample.failures })
}

/// So many steps in one row that there are no more rows than `most`; the row of each step, by its start.
#[derive(Clone, Copy, Debug)]
struct Rows<'a> {
    starts: &'a [Timestamp],
    together: usize,
}

impl<'a> Rows<'a> {
    fn of(metrics: &'a Metrics, most: usize) -> Self {
        Rows { starts: &metrics.starts, together: metrics.starts.len().div_ceil(most.max(1)).max(1) }
    }

    fn len(self) -> usize {
        self.starts.len().div_ceil(self.together)
    }

    fn row(self, at: Timestamp) -> Option<usize> {
        Some(self.starts.binary_search(&at).ok()? / self.together)
    }

    fn starts(self) -> impl Iterator<Item = Timestamp> {
        self.starts.iter().step_by(self.together).copied()
    }

    /// A row for each of them, with so many numbers.
    fn plotted(self, numbers: impl IntoIterator<Item = Vec<Option<u64>>>) -> Vec<Row> {
        self.starts().zip(numbers).map(|(at, numbers)| Row { at, numbers, mark: None }).collect()
    }

    fn marked(self, rows: &mut [Row], step: Step, deploys: &[DeployMark], f: &Frame) {
        for mark in deploys {
            let Some(row) = self.row(step.start_of(mark.at)).and_then(|row| rows.get_mut(row)) else { continue };
            let said = f.with("metrics.deployed", visible(&mark.label));
            row.mark = Some(row.mark.take().map_or(said.clone(), |before| format!("{before}, {said}")));
        }
    }

    fn counted(self, ran: impl Iterator<Item = Ran>) -> Vec<(u64, u64)> {
        let mut counted = vec![(0, 0); self.len()];
        for ran in ran {
            if let Some(row) = self.row(ran.at) {
                counted[row].0 += ran.count.saturating_sub(ran.failures);
                counted[row].1 += ran.failures;
            }
        }
        counted
    }
}

/// What went well and what failed, as pages color and call it.
fn good_and_bad(f: &Frame) -> Vec<(&'static str, String)> {
    vec![("good", f.t("metrics.succeeded").to_owned()), ("bad", f.t("dashboard.failed").to_owned())]
}

/// Executions over time, with the deploys between.
pub(crate) fn executions(
    f: &Frame,
    metrics: &Metrics,
    ran: impl Iterator<Item = Ran>,
    deploys: &[DeployMark],
    label: &str,
) -> Plot {
    let rows = Rows::of(metrics, ROWS_MAX);
    let counted = rows.counted(ran).into_iter().map(|(good, bad)| vec![Some(good), Some(bad)]);
    let mut plotted = rows.plotted(counted);
    rows.marked(&mut plotted, metrics.step, deploys, f);
    let label = label.to_owned();
    Plot { label, kind: Kind::Bars, unit: Unit::Count, by: By::Minutes, series: good_and_bad(f), rows: plotted }
}

/// Executions by the day; the store tells the latest day first.
pub(crate) fn history(f: &Frame, days: &[DayStats]) -> Plot {
    let row = |day: &DayStats| Row {
        at: Timestamp::from_unix_micros(day.unix_day * 86_400_000_000),
        numbers: vec![Some(day.processed.saturating_sub(day.failed)), Some(day.failed)],
        mark: None,
    };
    let label = f.t("dashboard.history").to_owned();
    let rows = days.iter().rev().map(row).collect();
    Plot { label, kind: Kind::Bars, unit: Unit::Count, by: By::Day, series: good_and_bad(f), rows }
}

/// Executions over time, small enough for a line of a table.
pub(crate) fn spark(f: &Frame, metrics: &Metrics, ran: impl Iterator<Item = Ran>) -> Svg {
    let counted = Rows::of(metrics, SPARK_COLUMNS).counted(ran).into_iter();
    let columns = counted.map(|(good, bad)| Column { title: String::new(), good, bad }).collect();
    Columns { columns, marks: Vec::new() }.spark(f.t("metrics.executions"))
}

/// How long runs took over time: by percentiles where each step has run times, else the mean.
pub(crate) fn run_times(f: &Frame, metrics: &Metrics, deploys: &[DeployMark]) -> Plot {
    let rows = Rows::of(metrics, ROWS_MAX);
    let mut together = vec![Execution::default(); rows.len()];
    let mut has_buckets = false;
    for sample in metrics.classes.iter().flat_map(|class| &class.samples) {
        let Some(row) = rows.row(sample.at) else { continue };
        let row = &mut together[row];
        row.count += sample.count;
        row.failures += sample.failures;
        row.millis += sample.millis;
        if let Some(buckets) = &sample.buckets {
            has_buckets = true;
            Execution::add_buckets(&mut row.buckets, buckets);
        }
    }
    let millis =
        |time: Option<std::time::Duration>| time.map(|time| u64::try_from(time.as_millis()).unwrap_or(u64::MAX));
    let percentiles = [50, 95, 99];
    let numbers = together.iter().map(|ran| match has_buckets {
        true => percentiles.map(|percent| millis(ran.percentile(percent))).to_vec(),
        false => vec![millis(ran.mean())],
    });
    let series = match has_buckets {
        true => vec![("first", "p50".to_owned()), ("second", "p95".to_owned()), ("third", "p99".to_owned())],
        false => vec![("first", f.t("metrics.mean").to_owned())],
    };
    let mut plotted = rows.plotted(numbers);
    rows.marked(&mut plotted, metrics.step, deploys, f);
    let label = f.t("metrics.run_times").to_owned();
    Plot { label, kind: Kind::Lines, unit: Unit::Millis, by: By::Minutes, series, rows: plotted }
}

/// How many jobs waited over time: in queues, for their next try, and for their time.
pub(crate) fn sizes(f: &Frame, metrics: &Metrics) -> Plot {
    let rows = Rows::of(metrics, ROWS_MAX);
    let mut numbers = vec![vec![None; 3]; rows.len()];
    for sizes in &metrics.sizes {
        if let Some(row) = rows.row(sizes.at) {
            // The last one of those that stand together.
            numbers[row] = vec![Some(sizes.enqueued), Some(sizes.retries), Some(sizes.scheduled)];
        }
    }
    let series = [("first", "dashboard.enqueued"), ("second", "nav.retries"), ("third", "nav.scheduled")];
    let series = series.map(|(color, word)| (color, f.t(word).to_owned())).to_vec();
    let label = f.t("metrics.sizes").to_owned();
    Plot { label, kind: Kind::Lines, unit: Unit::Count, by: By::Minutes, series, rows: rows.plotted(numbers) }
}

/// Runs by how long they took, drawn, with what stands at its ends.
#[derive(Clone, Debug)]
pub(super) struct Histogram {
    pub(super) svg: Svg,
    pub(super) top: u64,
    pub(super) from: String,
    pub(super) to: String,
    /// What it says: how long, and how many.
    pub(super) rows: Vec<(String, u64)>,
}

pub(super) fn histogram(f: &Frame, total: &Execution) -> Option<Histogram> {
    let last = total.buckets.iter().rposition(|runs| *runs > 0)?;
    let first = total.buckets.iter().position(|runs| *runs > 0)?;
    let rows: Vec<(String, u64)> =
        (first..=last).map(|bucket| (bounds(f, bucket), u64::from(total.buckets[bucket]))).collect();
    let columns = rows.iter().map(|(name, runs)| Column {
        title: format!("{name}: {}", f.count("metrics.ran", runs)),
        good: *runs,
        bad: 0,
    });
    let columns = Columns { columns: columns.collect(), marks: Vec::new() };
    let svg = columns.draw(f.t("metrics.histogram"));
    Some(Histogram { svg, top: columns.top(), from: bounds(f, first), to: bounds(f, last), rows })
}

/// What falls into a bucket, such as `< 20 ms`.
fn bounds(f: &Frame, bucket: usize) -> String {
    let time = |millis: &u64| run_time(f, std::time::Duration::from_millis(*millis));
    match (Execution::BOUNDS_MS.get(bucket), Execution::BOUNDS_MS.last()) {
        (Some(bound), _) => f.with("metrics.below", time(bound)),
        (None, Some(last)) => f.with("metrics.above", time(last)),
        (None, None) => String::new(),
    }
}

/// Run times over time, where the steps have them, with what its highest and its lowest row are.
#[derive(Clone, Debug)]
pub(super) struct HeatMap {
    pub(super) svg: Svg,
    pub(super) top: String,
    pub(super) foot: String,
}

pub(super) fn heat_map(f: &Frame, metrics: &Metrics, class: &ClassMetrics) -> Option<HeatMap> {
    let top = class.total.buckets.iter().rposition(|runs| *runs > 0)?;
    let foot = class.total.buckets.iter().position(|runs| *runs > 0)?;
    let rows = Rows::of(metrics, ROWS_MAX);
    let mut columns = vec![vec![0_u32; top - foot + 1]; rows.len()];
    for sample in &class.samples {
        let buckets = sample.buckets.as_ref()?;
        if let Some(row) = rows.row(sample.at) {
            for (all, runs) in columns[row].iter_mut().zip(&buckets[foot..]) {
                *all = all.saturating_add(*runs);
            }
        }
    }
    let starts: Vec<Timestamp> = rows.starts().collect();
    let svg = heat(f.t("metrics.heat"), &columns, |column, row, runs| {
        let when = f.at(starts[column]).plain();
        format!("{when}, {}: {}", bounds(f, foot + row), f.count("metrics.ran", runs))
    });
    Some(HeatMap { svg, top: bounds(f, top), foot: bounds(f, foot) })
}
