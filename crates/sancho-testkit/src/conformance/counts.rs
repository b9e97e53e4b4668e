//! Facts of what beats bring by queue, and of the sizes that the first beat of a step finds.

use std::time::Duration;

use sancho_core::metrics::{QueueMetrics, QueueSample, SizeSample, Step};
use sancho_core::{Greeting, Metrics, MetricsRequest, Place, QueueCount, QueueName, limits};

use crate::factory::{job, queue};
use crate::stage::{Stage, at, beat, held};

const HOUR: Duration = Duration::from_secs(60 * 60);

fn count(name: &str, count: u64, failures: u64) -> QueueCount {
    QueueCount { queue: queue(name), count, failures }
}

async fn brings(s: &Stage, who: &str, by_queue: Vec<QueueCount>, now: i64) {
    let mut beat = beat(who, Greeting::Hello);
    beat.by_queue = by_queue;
    s.store.beat(&beat, at(now)).await.expect("beat");
}

async fn metrics(s: &Stage, request: MetricsRequest, now: i64) -> Metrics {
    s.inspect.metrics(&request, at(now)).await.expect("metrics")
}

async fn last_hour(s: &Stage, now: i64) -> Metrics {
    metrics(s, MetricsRequest::last(HOUR), now).await
}

/// What is told of a queue that was performed in these steps: their start in seconds, the count and the failures.
fn told<const N: usize>(name: &str, samples: [(i64, u64, u64); N]) -> QueueMetrics {
    let samples = samples.map(|(now, count, failures)| QueueSample { at: at(now), count, failures });
    QueueMetrics {
        queue: queue(name),
        count: samples.iter().map(|sample| sample.count).sum(),
        failures: samples.iter().map(|sample| sample.failures).sum(),
        samples: samples.to_vec(),
    }
}

/// Sizes in the order of the totals: enqueued, scheduled, retries, dead.
fn sizes(now: i64, [enqueued, scheduled, retries, dead]: [u64; 4]) -> SizeSample {
    SizeSample { at: at(now), enqueued, scheduled, retries, dead }
}

pub(super) async fn what_beats_bring_is_counted_by_queue_and_minute(s: Stage) {
    brings(&s, "p", vec![count("mail", 3, 1), count("low", 1, 0)], 59).await;
    brings(&s, "p", vec![count("mail", 2, 0)], 60).await;
    brings(&s, "p", vec![count("mail", 4, 2)], 119).await;
    let told = [told("mail", [(0, 3, 1), (60, 6, 2)]), told("low", [(0, 1, 0)])];
    assert_eq!(last_hour(&s, 130).await.queues, told);
}

pub(super) async fn what_several_processes_bring_of_a_queue_adds_up(s: Stage) {
    brings(&s, "p", vec![count("mail", 3, 1)], 1).await;
    brings(&s, "q", vec![count("mail", 5, 0), count("low", 1, 1)], 2).await;
    brings(&s, "p", vec![count("mail", 1, 1)], 3).await;
    assert_eq!(last_hour(&s, 4).await.queues, [told("mail", [(0, 9, 2)]), told("low", [(0, 1, 1)])]);
}

pub(super) async fn queues_by_ten_minutes_reach_further_back(s: Stage) {
    for now in [9 * 60, 10 * 60, 19 * 60 + 59] {
        brings(&s, "p", vec![count("mail", 3, 1)], now).await;
    }
    let request = MetricsRequest::last(limits::METRICS_COARSE_KEPT_FOR);
    let days = metrics(&s, request, 60 * 60 * 60).await;
    assert_eq!((days.step, &days.queues[..]), (Step::TenMinutes, &[told("mail", [(0, 3, 1), (600, 6, 2)])][..]));
    let minutes = metrics(&s, MetricsRequest::last(Duration::from_secs(120)), 11 * 60).await;
    assert_eq!(minutes.queues, [told("mail", [(600, 3, 1)])], "what is not asked for is left out");
}

pub(super) async fn queues_and_sizes_that_an_unknown_process_tells_of_are_not_counted(s: Stage) {
    let mut lost = beat("p", Greeting::StillHere);
    lost.by_queue = vec![count("mail", 3, 1)];
    s.store.beat(&lost, at(0)).await.expect("beat");
    let metrics = last_hour(&s, 1).await;
    assert!(metrics.queues.is_empty() && metrics.sizes.is_empty(), "{metrics:?}");
}

pub(super) async fn the_busiest_queues_come_first(s: Stage) {
    brings(&s, "p", vec![count("b", 4, 0), count("a", 4, 4), count("none", 0, 0), count("most", 5, 0)], 0).await;
    brings(&s, "p", vec![count("low", 1, 0)], 60).await;
    let queues = last_hour(&s, 61).await.queues;
    let names: Vec<&str> = queues.iter().map(|queue| queue.queue.as_str()).collect();
    assert_eq!(names, ["most", "a", "b", "low"]);
}

pub(super) async fn queues_of_any_name_are_counted_apart(s: Stage) {
    let longest = "x".repeat(limits::QUEUE_NAME_BYTES_MAX);
    let names = [
        "mail",
        "mail|p",
        "p|mail",
        "p|",
        "f|",
        "p",
        "f",
        "p:mail",
        "enqueued",
        "dead",
        "1",
        " mail",
        "Mail",
        "%",
        "*",
        "\"'); --",
        "\u{202e}liam",
        "hàng đợi",
        &longest,
    ];
    let counts = (1..).zip(names).map(|(number, name)| count(name, 2 * number, number)).collect();
    brings(&s, "p", counts, 0).await;
    let mut told: Vec<_> = (1..).zip(names).map(|(number, name)| told(name, [(0, 2 * number, number)])).collect();
    told.reverse();
    assert_eq!(last_hour(&s, 1).await.queues, told);
}

pub(super) async fn no_more_queues_are_told_than_people_read(s: Stage) {
    let name = |number: usize| QueueName::new(format!("queue{number:04}")).expect("a name");
    let most = limits::METRICS_QUEUES_MAX;
    let some = |numbers: std::ops::Range<usize>| {
        numbers.map(|number| QueueCount { queue: name(number), count: 1 + number as u64, failures: 0 }).collect()
    };
    brings(&s, "p", some(0..limits::QUEUES_PER_BEAT_MAX), 0).await;
    brings(&s, "q", some(limits::QUEUES_PER_BEAT_MAX..most + 3), 0).await;
    let queues = last_hour(&s, 1).await.queues;
    assert_eq!((queues.len(), &queues[0].queue, &queues[most - 1].queue), (most, &name(most + 2), &name(3)));
}

pub(super) async fn of_one_class_neither_queues_nor_sizes_are_told(s: Stage) {
    brings(&s, "p", vec![count("mail", 3, 1)], 0).await;
    let metrics = metrics(&s, MetricsRequest::last(HOUR).of("Mailer"), 1).await;
    assert!(metrics.queues.is_empty() && metrics.sizes.is_empty(), "{metrics:?}");
}

pub(super) async fn the_first_beat_of_a_minute_tells_the_sizes(s: Stage) {
    s.push(["A", "B", "C", "D", "E", "F"].map(job), 0).await;
    s.push([job("G").queue("other"), job("H").at(at(900)), job("I").at(at(900))], 0).await;
    s.hello("p", 1).await;
    let claims = s.claim("p", 4, &["default"], 2).await;
    s.settle(&claims[0], Place::Retries { at: at(900) }, 3).await;
    s.settle(&claims[1], Place::Dead, 3).await;
    s.settle(&claims[2], held(), 3).await;
    s.hello("p", 59).await;
    assert_eq!(last_hour(&s, 59).await.sizes, [sizes(0, [7, 2, 0, 0])], "one minute is told once");
    s.still_here("p", &[&claims[3]], 60).await;
    assert_eq!(last_hour(&s, 60).await.sizes, [sizes(0, [7, 2, 0, 0]), sizes(60, [3, 2, 1, 1])]);
}

pub(super) async fn sizes_are_told_once_a_step_whoever_beats(s: Stage) {
    for (who, now) in [("p", 0), ("q", 1), ("p", 59), ("q", 60), ("p", 61), ("r", 600)] {
        s.hello(who, now).await;
        s.push([job(&format!("J{now}"))], now).await;
    }
    let minutes = last_hour(&s, 650).await.sizes;
    assert_eq!(minutes, [sizes(0, [0; 4]), sizes(60, [3, 0, 0, 0]), sizes(600, [5, 0, 0, 0])]);
    let days = metrics(&s, MetricsRequest::last(limits::METRICS_COARSE_KEPT_FOR), 650).await;
    assert_eq!(days.sizes, [sizes(0, [0; 4]), sizes(600, [5, 0, 0, 0])]);
    let late = metrics(&s, MetricsRequest::last(Duration::from_secs(60)), 650).await;
    assert_eq!(late.sizes, [sizes(600, [5, 0, 0, 0])], "what is not asked for is left out");
}
