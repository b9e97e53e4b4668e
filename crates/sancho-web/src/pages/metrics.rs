//! What was performed lately, by class and by queue, and how long that took.

pub(crate) mod series;

use std::time::Duration;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use sancho_core::metrics::{ClassMetrics, Metrics, QueueMetrics, Step};
use sancho_core::{Execution, MetricsRequest, QueueName, Timestamp, limits};

use crate::chart::Svg;
use crate::failure::Failure;
use crate::fields::Fields;
use crate::frame::{Frame, Tab, page};
use crate::pages::queues;
use crate::plot::Plot;
use crate::site::Site;
use crate::text::{segment, shortened, visible};
use crate::when::run_time;
use series::{HeatMap, Histogram};

/// Spans that can be looked back over: minutes, and the key of the word.
const SPANS: [(u64, &str); 4] =
    [(60, "span.hour"), (480, "span.eight_hours"), (1_440, "span.day"), (4_320, "span.three_days")];

/// Minutes up to which run times by the minute are read of every class. They are kept longer, but each class has one of
/// each minute, and of many classes a store would be asked for ten thousands.
const MINUTES_OF_ALL_MAX: u64 = 60;

/// Characters of a class that a row of the table shows.
const NAME_CHARS_MAX: usize = 120;

/// Queues that the page names: each has a small chart, and those with the most come first.
const QUEUES_MAX: usize = 50;

/// Deploys that are told below a chart.
const DEPLOYS_MAX: usize = 5;

#[derive(Template)]
#[template(path = "metrics.html")]
struct MetricsPage {
    f: Frame,
    minutes: u64,
    /// The one class, or the one queue, that is shown.
    of: Of,
    count: u64,
    failures: u64,
    /// Whether steps of this length have run times in buckets, from which percentiles are told.
    has_run_times: bool,
    /// How long runs took; of a queue that is not known.
    times: Option<Execution>,
    executions: Plot,
    run_times: Option<Plot>,
    sizes: Option<Plot>,
    rows: Vec<Row>,
    left_out: usize,
    queues: Vec<QueueRow>,
    queues_left_out: usize,
    histogram: Option<Histogram>,
    heat: Option<HeatMap>,
    deploys: Vec<(Timestamp, String)>,
    /// The one class, and whether it is paused.
    class: Option<(String, bool)>,
}

/// What is shown.
enum Of {
    All,
    Class(String),
    Queue(QueueName),
}

impl Of {
    fn asked(fields: &Fields) -> Result<Of, Failure> {
        match (fields.get("class"), fields.get("queue")) {
            ("", "") => Ok(Of::All),
            ("", queue) => Ok(Of::Queue(QueueName::new(queue)?)),
            (class, _) => Ok(Of::Class(class.to_owned())),
        }
    }

    /// What is asked of the store for it: by ten minutes where the minutes of every class would be too many.
    fn request(&self, minutes: u64) -> MetricsRequest {
        let request = MetricsRequest::last(Duration::from_secs(minutes * 60));
        let ten = Step::TenMinutes.minutes().unsigned_abs();
        match self {
            Of::Class(class) => request.of(class.as_str()),
            Of::All | Of::Queue(_) if minutes > MINUTES_OF_ALL_MAX => {
                let steps = usize::try_from(minutes.div_ceil(ten)).unwrap_or(usize::MAX);
                MetricsRequest { step: Step::TenMinutes, steps, ..request }
            }
            Of::All | Of::Queue(_) => request,
        }
    }

    /// Its member of the query.
    fn query(&self) -> String {
        match self {
            Of::All => String::new(),
            Of::Class(class) => format!("&class={}", segment(class)),
            Of::Queue(queue) => format!("&queue={}", segment(queue.as_str())),
        }
    }
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
        Row {
            class: visible(&shortened(name, NAME_CHARS_MAX)).into_owned(),
            address: address_of_class(f, name, minutes),
            spark: series::spark(f, metrics, series::of_classes(std::slice::from_ref(class))),
            total: class.total.clone(),
        }
    }
}

/// The address of the metrics of one class; a name that is too long for an address has none.
pub(super) fn address_of_class(f: &Frame, class: &str, minutes: u64) -> Option<String> {
    (class.len() <= limits::CLASS_BYTES_MAX)
        .then(|| f.to(&format!("metrics?minutes={minutes}&class={}", segment(class))))
}

/// A queue in the table.
struct QueueRow {
    queue: String,
    address: String,
    count: u64,
    failures: u64,
    spark: Svg,
}

impl QueueRow {
    fn of(f: &Frame, metrics: &Metrics, row: &QueueMetrics, minutes: u64) -> QueueRow {
        let queue = row.queue.as_str().to_owned();
        QueueRow {
            address: f.to(&format!("metrics?minutes={minutes}&queue={}", segment(&queue))),
            spark: series::spark(f, metrics, series::of_queue(row)),
            count: row.count,
            failures: row.failures,
            queue,
        }
    }
}

pub(crate) async fn show(State(site): State<Site>, f: Frame) -> Result<Response, Failure> {
    let f = f.on(Tab::Metrics);
    let fields = Fields::from(f.query.clone());
    let minutes =
        fields.number("minutes").filter(|minutes| SPANS.iter().any(|(span, _)| span == minutes)).unwrap_or(60);
    let of = Of::asked(&fields)?;
    let request = of.request(minutes);
    let metrics = site.inspect.metrics(&request, f.now).await?;
    let from = metrics.starts.first().copied().unwrap_or(f.now);
    let deploys = site.inspect.deploys(from, f.now).await?;
    let label = f.t("metrics.executions");
    let named = deploys.iter().rev().take(DEPLOYS_MAX);
    let mut told = MetricsPage {
        minutes,
        count: 0,
        failures: 0,
        has_run_times: metrics.step == Step::Minute,
        times: None,
        executions: series::executions(&f, &metrics, series::of_classes(&metrics.classes), &deploys, label),
        run_times: None,
        sizes: None,
        rows: Vec::new(),
        left_out: 0,
        queues: Vec::new(),
        queues_left_out: 0,
        histogram: None,
        heat: None,
        deploys: named.map(|mark| (mark.at, visible(&mark.label).into_owned())).collect(),
        class: None,
        of,
        f,
    };
    if let Of::Queue(queue) = &told.of {
        let queue = metrics.queues.iter().find(|row| row.queue == *queue);
        (told.count, told.failures) = queue.map_or((0, 0), |row| (row.count, row.failures));
        let ran = queue.into_iter().flat_map(series::of_queue);
        told.executions = series::executions(&told.f, &metrics, ran, &deploys, label);
        return Ok(page(&told));
    }
    let all = all(&metrics);
    (told.count, told.failures) = (all.count, all.failures);
    told.times = Some(all);
    let f = &told.f;
    told.run_times = Some(series::run_times(f, &metrics, &deploys)).filter(|plot| !plot.is_empty());
    match &told.of {
        Of::Class(class) => {
            let is_paused = queues::paused_classes(&site).await?.contains(class);
            told.class = Some((class.clone(), is_paused));
            let one = metrics.classes.first();
            told.histogram = one.and_then(|class| series::histogram(f, &class.total));
            told.heat = one.and_then(|class| series::heat_map(f, &metrics, class));
        }
        _ => {
            told.left_out = metrics.left_out;
            told.sizes = Some(series::sizes(f, &metrics)).filter(|plot| !plot.is_empty());
            told.rows = metrics.classes.iter().map(|class| Row::of(f, &metrics, class, minutes)).collect();
            let queues = metrics.queues.iter().take(QUEUES_MAX);
            told.queues = queues.map(|queue| QueueRow::of(f, &metrics, queue, minutes)).collect();
            told.queues_left_out = metrics.queues.len().saturating_sub(QUEUES_MAX);
        }
    }
    Ok(page(&told))
}

/// All classes together.
pub(super) fn all(metrics: &Metrics) -> Execution {
    let mut all = Execution::default();
    metrics.classes.iter().for_each(|class| all.merge(&class.total));
    all
}

impl MetricsPage {
    fn spans(&self) -> [(u64, &'static str); 4] {
        SPANS
    }

    fn address(&self, minutes: &u64) -> String {
        self.f.to(&format!("metrics?minutes={minutes}{}", self.of.query()))
    }

    /// What it is of, for its title.
    fn name(&self) -> Option<String> {
        match &self.of {
            Of::All => None,
            Of::Class(class) => Some(visible(&shortened(class, NAME_CHARS_MAX)).into_owned()),
            Of::Queue(queue) => Some(queue.as_str().to_owned()),
        }
    }

    /// The page of the queue that it is of.
    fn queue_address(&self) -> Option<String> {
        match &self.of {
            Of::Queue(queue) => Some(self.f.to_queue(queue.as_str())),
            _ => None,
        }
    }

    fn time(&self, time: impl std::borrow::Borrow<Option<Duration>>) -> String {
        time.borrow().map_or_else(|| "–".to_owned(), |time| run_time(&self.f, time))
    }

    fn percentile(&self, execution: &Execution, percent: u8) -> String {
        self.time(execution.percentile(percent))
    }

    fn in_all(&self, execution: &Execution) -> String {
        run_time(&self.f, Duration::from_millis(execution.millis))
    }
}
