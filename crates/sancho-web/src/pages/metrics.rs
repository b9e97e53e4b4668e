//! What was performed lately, by class, and how long that took.

use std::time::Duration;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use sancho_core::metrics::{ClassMetrics, Metrics};
use sancho_core::{DeployMark, Execution, MetricsRequest, Timestamp, limits};

use crate::chart::{Column, Columns, Svg, heat};
use crate::failure::Failure;
use crate::fields::Fields;
use crate::frame::{Frame, Tab, page};
use crate::site::Site;
use crate::text::{segment, shortened, visible};
use crate::when::run_time;

/// Spans that can be looked back over: minutes, and the key of the word.
const SPANS: [(u64, &str); 4] =
    [(60, "span.hour"), (480, "span.eight_hours"), (1_440, "span.day"), (4_320, "span.three_days")];

/// Characters of a class that a row of the table shows.
const NAME_CHARS_MAX: usize = 120;

/// Columns of the small chart in a row of the table.
const SPARK_COLUMNS: usize = 40;

/// Columns of a chart: more of them could not be told apart.
const COLUMNS_MAX: usize = 160;

#[derive(Template)]
#[template(path = "metrics.html")]
struct MetricsPage {
    f: Frame,
    minutes: u64,
    /// The one class that is shown.
    class: Option<String>,
    all: Execution,
    chart: Chart,
    rows: Vec<Row>,
    left_out: usize,
    histogram: Option<Chart>,
    heat: Option<Svg>,
    deploys: Vec<(Timestamp, String)>,
}

impl MetricsPage {
    fn spans(&self) -> [(u64, &'static str); 4] {
        SPANS
    }

    fn address(&self, minutes: &u64) -> String {
        let class = self.class.as_ref().map(|class| format!("&class={}", segment(class))).unwrap_or_default();
        self.f.to(&format!("metrics?minutes={minutes}{class}"))
    }
}

/// A chart with what stands beside it.
pub(crate) struct Chart {
    pub(crate) svg: Svg,
    pub(crate) top: u64,
    pub(crate) from: String,
    pub(crate) to: String,
}

/// A class in the table.
struct Row {
    class: String,
    address: Option<String>,
    total: Execution,
    spark: Svg,
}

impl Row {
    fn of(f: &Frame, metrics: &Metrics, class: &ClassMetrics, minutes: u64) -> Row {
        let name = &class.total.class;
        let columns = columns(f, metrics, std::slice::from_ref(class), SPARK_COLUMNS);
        Row {
            class: visible(&shortened(name, NAME_CHARS_MAX)).into_owned(),
            // A name that is too long for an address has no page of its own.
            address: (name.len() <= limits::CLASS_BYTES_MAX)
                .then(|| f.to(&format!("metrics?minutes={minutes}&class={}", segment(name)))),
            spark: columns.spark(f.t("metrics.executions")),
            total: class.total.clone(),
        }
    }
}

pub(crate) async fn show(State(site): State<Site>, f: Frame) -> Result<Response, Failure> {
    let f = f.on(Tab::Metrics);
    let fields = Fields::from(f.query.clone());
    let minutes =
        fields.number("minutes").filter(|minutes| SPANS.iter().any(|(span, _)| span == minutes)).unwrap_or(60);
    let class = Some(fields.get("class").to_owned()).filter(|class| !class.is_empty());
    let request = MetricsRequest::last(Duration::from_secs(minutes * 60));
    let request = MetricsRequest { class: class.clone(), ..request };
    let metrics = site.inspect.metrics(&request, f.now).await?;
    let from = metrics.starts.first().copied().unwrap_or(f.now);
    let deploys = site.inspect.deploys(from, f.now).await?;
    let one = class.as_ref().and_then(|_| metrics.classes.first());
    let page_of = MetricsPage {
        all: all(&metrics),
        chart: chart(&f, &metrics, &deploys, f.t("metrics.executions")),
        rows: metrics.classes.iter().map(|class| Row::of(&f, &metrics, class, minutes)).collect(),
        left_out: metrics.left_out,
        histogram: one.and_then(|class| histogram(&f, &class.total)),
        heat: one.and_then(|class| heat_map(&f, &metrics, class)),
        deploys: deploys.iter().rev().take(5).map(|mark| (mark.at, visible(&mark.label).into_owned())).collect(),
        minutes,
        class: class.map(|class| visible(&shortened(&class, NAME_CHARS_MAX)).into_owned()),
        f,
    };
    Ok(page(&page_of))
}

/// All classes together.
pub(crate) fn all(metrics: &Metrics) -> Execution {
    let mut all = Execution::default();
    metrics.classes.iter().for_each(|class| all.merge(&class.total));
    all
}

/// The executions of all classes over time, with the deploys between.
pub(crate) fn chart(f: &Frame, metrics: &Metrics, deploys: &[DeployMark], label: &str) -> Chart {
    let mut columns = columns(f, metrics, &metrics.classes, COLUMNS_MAX);
    let together = steps_together(metrics, COLUMNS_MAX);
    let mark = |mark: &DeployMark| {
        let before = metrics.starts.partition_point(|start| *start < metrics.step.start_of(mark.at));
        (before / together, f.with("metrics.deployed", visible(&mark.label)))
    };
    columns.marks = deploys.iter().map(mark).collect();
    let ends = |at: Option<&Timestamp>| at.map(|at| f.at(at).to_string()).unwrap_or_default();
    let from = ends(metrics.starts.first());
    Chart { svg: columns.draw(label), top: columns.top(), from, to: f.t("time.now").to_owned() }
}

/// How many steps stand in one column, so that there are no more columns than `most`.
fn steps_together(metrics: &Metrics, most: usize) -> usize {
    metrics.starts.len().div_ceil(most.max(1)).max(1)
}

/// What classes did, step by step, with so many steps in one column that there are no more than `most`.
fn columns(f: &Frame, metrics: &Metrics, classes: &[ClassMetrics], most: usize) -> Columns {
    let steps = steps_together(metrics, most);
    let mut columns: Vec<Column> = vec![Column::default(); metrics.starts.len().div_ceil(steps)];
    for sample in classes.iter().flat_map(|class| &class.samples) {
        if let Ok(step) = metrics.starts.binary_search(&sample.at) {
            let column = &mut columns[step / steps];
            column.good += sample.count.saturating_sub(sample.failures);
            column.bad += sample.failures;
        }
    }
    for (column, start) in columns.iter_mut().zip(metrics.starts.iter().step_by(steps)) {
        column.title = said(f, &f.at(start).plain(), column);
    }
    Columns { columns, marks: Vec::new() }
}

/// What a column says of itself: when, and how many.
pub(crate) fn said(f: &Frame, when: &str, column: &Column) -> String {
    let ran = f.count("metrics.ran", column.good + column.bad);
    match column.bad {
        0 => format!("{when}: {ran}"),
        bad => format!("{when}: {ran}, {}", f.count("metrics.failed", bad)),
    }
}

/// Runs by how long they took.
fn histogram(f: &Frame, total: &Execution) -> Option<Chart> {
    let last = total.buckets.iter().rposition(|runs| *runs > 0)?;
    let first = total.buckets.iter().position(|runs| *runs > 0)?;
    let columns = (first..=last).map(|bucket| Column {
        title: format!("{}: {}", bounds(f, bucket), f.count("metrics.ran", total.buckets[bucket])),
        good: u64::from(total.buckets[bucket]),
        bad: 0,
    });
    let columns = Columns { columns: columns.collect(), marks: Vec::new() };
    let svg = columns.draw(f.t("metrics.histogram"));
    Some(Chart { svg, top: columns.top(), from: bounds(f, first), to: bounds(f, last) })
}

/// What falls into a bucket, such as `< 20 ms`.
fn bounds(f: &Frame, bucket: usize) -> String {
    let time = |millis: &u64| run_time(Duration::from_millis(*millis));
    match (Execution::BOUNDS_MS.get(bucket), Execution::BOUNDS_MS.last()) {
        (Some(bound), _) => f.with("metrics.below", time(bound)),
        (None, Some(last)) => f.with("metrics.above", time(last)),
        (None, None) => String::new(),
    }
}

/// Run times over time, where the steps have them.
fn heat_map(f: &Frame, metrics: &Metrics, class: &ClassMetrics) -> Option<Svg> {
    let top = class.total.buckets.iter().rposition(|runs| *runs > 0)?;
    let together = steps_together(metrics, COLUMNS_MAX);
    let mut columns = vec![vec![0_u32; top + 1]; metrics.starts.len().div_ceil(together)];
    for sample in &class.samples {
        let buckets = sample.buckets.as_ref()?;
        if let Ok(step) = metrics.starts.binary_search(&sample.at) {
            for (all, runs) in columns[step / together].iter_mut().zip(buckets.iter()) {
                *all = all.saturating_add(*runs);
            }
        }
    }
    Some(heat(f.t("metrics.heat"), &columns, |column, row, runs| {
        let when = f.at(metrics.starts[column * together]).plain();
        format!("{when}, {}: {}", bounds(f, row), f.count("metrics.ran", runs))
    }))
}

impl MetricsPage {
    fn time(&self, time: impl std::borrow::Borrow<Option<Duration>>) -> String {
        time.borrow().map_or_else(|| "–".to_owned(), run_time)
    }

    fn percentile(&self, execution: &Execution, percent: u8) -> String {
        self.time(execution.percentile(percent))
    }

    fn in_all(&self, execution: &Execution) -> String {
        run_time(Duration::from_millis(execution.millis))
    }
}
