//! Facts of metrics: what beats bring of executions, and the marks of deploys.

use std::time::Duration;

use sancho_core::metrics::{ClassMetrics, Sample, SizeSample, Step};
use sancho_core::{DeployMark, ErrorKind, Execution, Greeting, Metrics, MetricsRequest, limits};

use crate::stage::{Stage, at, beat};

const HOUR: Duration = Duration::from_secs(60 * 60);

/// What was performed of a class: runs of so many milliseconds each, and so many failures.
fn performed(class: &str, runs: &[u64], failures: u64) -> Execution {
    let mut execution = Execution::of(class);
    runs.iter().for_each(|millis| execution.add_run(Duration::from_millis(*millis)));
    (0..failures).for_each(|_| execution.add_failure());
    execution
}

async fn brings(s: &Stage, who: &str, executions: Vec<Execution>, now: i64) {
    let mut beat = beat(who, Greeting::Hello);
    beat.executions = executions;
    s.store.beat(&beat, at(now)).await.expect("beat");
}

async fn metrics(s: &Stage, request: MetricsRequest, now: i64) -> Metrics {
    s.inspect.metrics(&request, at(now)).await.expect("metrics")
}

async fn last_hour(s: &Stage, now: i64) -> Metrics {
    metrics(s, MetricsRequest::last(HOUR), now).await
}

async fn of_class(s: &Stage, class: &str, now: i64) -> ClassMetrics {
    let mut metrics = metrics(s, MetricsRequest::last(HOUR).of(class), now).await;
    assert!(metrics.classes.len() <= 1, "one class was asked for");
    metrics.classes.pop().unwrap_or_default()
}

fn sample(now: i64, execution: &Execution) -> Sample {
    let Execution { count, failures, millis, .. } = *execution;
    Sample { at: at(now), count, failures, millis, buckets: None }
}

pub(super) async fn nothing_performed_is_nothing_shown(s: Stage) {
    let metrics = last_hour(&s, 30).await;
    assert_eq!((metrics.classes.len(), metrics.left_out, metrics.starts.len()), (0, 0, 60));
    assert_eq!((metrics.starts[0], metrics.starts[59]), (at(-59 * 60), at(0)));
    brings(&s, "p", Vec::new(), 31).await;
    let sizes = vec![SizeSample { at: at(0), ..SizeSample::default() }];
    assert_eq!(last_hour(&s, 31).await, Metrics { sizes, ..metrics });
}

pub(super) async fn what_beats_bring_is_counted_by_class_and_minute(s: Stage) {
    let (early, late) = (performed("Mailer", &[5, 25], 1), performed("Mailer", &[400], 0));
    brings(&s, "p", vec![early.clone(), performed("Report", &[], 2)], 59).await;
    brings(&s, "p", vec![late.clone()], 60).await;
    let metrics = last_hour(&s, 100).await;
    let [mailer, report] = &metrics.classes[..] else { panic!("two classes: {metrics:?}") };
    assert_eq!(mailer.samples, [sample(0, &early), sample(60, &late)]);
    assert_eq!((mailer.total.count, mailer.total.failures, mailer.total.millis), (4, 1, 430));
    assert_eq!(report.samples, [sample(0, &performed("Report", &[], 2))]);
}

pub(super) async fn what_several_processes_bring_adds_up(s: Stage) {
    brings(&s, "p", vec![performed("Mailer", &[5], 0)], 1).await;
    brings(&s, "q", vec![performed("Mailer", &[7], 1)], 2).await;
    let both = performed("Mailer", &[5, 7], 1);
    let mailer = of_class(&s, "Mailer", 3).await;
    assert_eq!(mailer.total, both);
    assert_eq!(mailer.samples, [Sample { buckets: Some(both.buckets.into()), ..sample(0, &both) }]);
}

pub(super) async fn run_times_of_every_minute_are_in_the_total(s: Stage) {
    brings(&s, "p", vec![performed("Mailer", &[5, 340_000], 0), performed("Report", &[90], 0)], 0).await;
    brings(&s, "p", vec![performed("Mailer", &[5, 44_000], 3)], 600).await;
    let all = performed("Mailer", &[5, 5, 44_000, 340_000], 3);
    assert_eq!(last_hour(&s, 660).await.classes[0].total, all);
    let mailer = of_class(&s, "Mailer", 660).await;
    assert_eq!(mailer.total, all);
    let buckets: Vec<_> = mailer.samples.iter().map(|sample| sample.buckets.as_deref().copied()).collect();
    assert_eq!(buckets, [Some(performed("", &[5, 340_000], 0).buckets), Some(performed("", &[5, 44_000], 0).buckets)]);
}

pub(super) async fn a_class_that_was_not_performed_has_no_metrics(s: Stage) {
    brings(&s, "p", vec![performed("Mailer", &[5], 0)], 0).await;
    for class in ["Mail", "Mailer|p", "mailer", "Mailer2", ""] {
        assert_eq!(of_class(&s, class, 1).await, ClassMetrics::default(), "{class}");
    }
}

pub(super) async fn minutes_that_are_not_asked_for_are_left_out(s: Stage) {
    for minute in 0..4 {
        brings(&s, "p", vec![performed("Mailer", &[5], 0)], minute * 60).await;
    }
    let request = MetricsRequest::last(Duration::from_secs(120));
    let metrics = metrics(&s, request, 150).await;
    let times: Vec<_> = metrics.classes[0].samples.iter().map(|sample| sample.at).collect();
    assert_eq!(times, [at(60), at(120)]);
}

pub(super) async fn counts_by_ten_minutes_reach_further_back_and_have_no_run_times(s: Stage) {
    let runs = performed("Mailer", &[5, 7], 1);
    brings(&s, "p", vec![runs.clone()], 9 * 60).await;
    brings(&s, "p", vec![runs.clone()], 10 * 60).await;
    brings(&s, "p", vec![runs.clone()], 19 * 60 + 59).await;
    let late = 60 * 60 * 60;
    let request = MetricsRequest::last(limits::METRICS_COARSE_KEPT_FOR).of("Mailer");
    let metrics = metrics(&s, request, late).await;
    assert_eq!((metrics.step, metrics.starts.len()), (Step::TenMinutes, 432));
    let (once, mut twice) = (sample(0, &runs), sample(600, &runs));
    (twice.count, twice.failures, twice.millis) = (6, 2, 24);
    assert_eq!(metrics.classes[0].samples, [once, twice]);
    assert_eq!(metrics.classes[0].total.percentile(50), None);
}

pub(super) async fn what_an_unknown_process_brings_is_not_counted(s: Stage) {
    let mut lost = beat("p", Greeting::StillHere);
    lost.executions = vec![performed("Mailer", &[5], 0)];
    s.store.beat(&lost, at(0)).await.expect("beat");
    assert!(last_hour(&s, 1).await.classes.is_empty());
}

pub(super) async fn what_took_longest_in_all_comes_first(s: Stage) {
    let often = vec![4; 10];
    let executions = [performed("Once", &[30], 0), performed("Often", &often, 0), performed("Never", &[], 7)];
    brings(&s, "p", executions.to_vec(), 0).await;
    let metrics = last_hour(&s, 1).await;
    let names: Vec<&str> = metrics.classes.iter().map(|class| class.total.class.as_str()).collect();
    assert_eq!(names, ["Often", "Once", "Never"]);
}

pub(super) async fn more_classes_than_are_shown_are_counted(s: Stage) {
    let classes = 0..limits::METRICS_CLASSES_MAX + 3;
    let executions = classes.map(|number| performed(&format!("Class{number}"), &[number as u64], 0));
    brings(&s, "p", executions.collect(), 0).await;
    let metrics = last_hour(&s, 1).await;
    assert_eq!((metrics.classes.len(), metrics.left_out), (limits::METRICS_CLASSES_MAX, 3));
    assert_eq!(metrics.classes[0].total.class, format!("Class{}", limits::METRICS_CLASSES_MAX + 2));
}

async fn mark(s: &Stage, label: &str, now: i64) -> DeployMark {
    s.inspect.mark_deploy(label, at(now)).await.expect("a mark")
}

async fn labels(s: &Stage, since: i64, now: i64) -> Vec<(String, i64)> {
    let marks = s.inspect.deploys(at(since), at(now)).await.expect("deploys");
    marks
        .into_iter()
        .map(|mark| (mark.label, (mark.at.as_unix_micros() - at(0).as_unix_micros()) / 1_000_000))
        .collect()
}

pub(super) async fn deploys_are_listed_by_the_minute_since_a_time(s: Stage) {
    let day = 24 * 60 * 60;
    for (label, now) in [("v1", -3 * day), ("v2 — \"quick\"", 59), ("v3", 60), ("v4", day + 61)] {
        let made = mark(&s, label, now).await;
        assert_eq!((made.label.as_str(), made.at), (label, at(now.div_euclid(60) * 60)));
    }
    let name = |label: &str, at| (label.to_owned(), at);
    let all = [name("v1", -3 * day), name("v2 — \"quick\"", 0), name("v3", 60), name("v4", day + 60)];
    assert_eq!(labels(&s, -4 * day, 2 * day).await, all);
    assert_eq!(labels(&s, 60, 2 * day).await, all[2..]);
    assert_eq!(labels(&s, -4 * day, 30).await, all[..2], "none of the future");
    assert_eq!(labels(&s, -4 * day, 88 * day).await, all[1..], "none that is too old");
}

pub(super) async fn a_deploy_that_is_told_again_is_marked_once(s: Stage) {
    let first = mark(&s, "v1", 50).await;
    assert_eq!(mark(&s, " v1 ", 70).await, first);
    assert_eq!(labels(&s, 0, 300).await.len(), 1);
    assert_eq!(mark(&s, "v1", 240).await.at, at(240));
    assert_eq!(labels(&s, 0, 300).await.len(), 2);
}

pub(super) async fn a_minute_has_one_mark_the_first(s: Stage) {
    let first = mark(&s, "v1", 1).await;
    assert_eq!(mark(&s, "v2", 2).await, first);
    assert_eq!(labels(&s, 0, 3).await, [("v1".to_owned(), 0)]);
}

pub(super) async fn a_mark_without_a_label_is_refused(s: Stage) {
    for label in ["", " ", "a\u{1b}[31m", &"x".repeat(limits::MARK_LABEL_CHARS_MAX + 1)] {
        let error = s.inspect.mark_deploy(label, at(0)).await.expect_err("no label");
        assert_eq!(error.kind, ErrorKind::Invalid, "{label:?}");
    }
    assert!(labels(&s, -60, 60).await.is_empty());
}
