//! Metrics in a file: what is kept, and for how long.

use std::sync::Arc;
use std::time::Duration;

use sancho_core::metrics::SizeSample;
use sancho_core::{Execution, Greeting, MetricsRequest, QueueCount, QueueName, Retention, limits};
use sancho_sqlite::rusqlite::Connection;
use sancho_sqlite::{Options, SqliteStore};
use sancho_testkit::stage::beat;
use sancho_testkit::{Stage, at, job};

struct Bench {
    stage: Stage,
    looking: Connection,
    _directory: tempfile::TempDir,
}

impl Bench {
    fn new() -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("jobs.db");
        let store = SqliteStore::open(&path, Options::default()).expect("a store");
        let looking = Connection::open(&path).expect("a file");
        Bench { stage: Stage::new(Arc::new(store.clone()), Arc::new(store)), looking, _directory: directory }
    }

    async fn brings(&self, classes: impl Iterator<Item = String>, now: i64) {
        let mut beat = beat("p", Greeting::Hello);
        beat.executions = classes.map(|class| Execution { count: 1, ..Execution::of(class) }).collect();
        self.stage.store.beat(&beat, at(now)).await.expect("beat");
    }

    async fn prune(&self, limit: usize, now: i64) {
        self.stage.store.prune(&Retention::default(), limit, at(now)).await.expect("prune");
    }

    async fn brings_queues(&self, queues: impl Iterator<Item = String>, now: i64) {
        let mut beat = beat("p", Greeting::Hello);
        beat.by_queue = queues
            .map(|name| QueueCount { count: 1, ..QueueCount::of(QueueName::new(name).expect("a name")) })
            .collect();
        self.stage.store.beat(&beat, at(now)).await.expect("beat");
    }

    async fn sizes(&self, now: i64) -> Vec<SizeSample> {
        let request = MetricsRequest::last(Duration::from_secs(600));
        self.stage.inspect.metrics(&request, at(now)).await.expect("metrics").sizes
    }

    fn rows(&self, minutes: i64) -> i64 {
        self.rows_of("sancho_executions", minutes)
    }

    fn rows_of(&self, table: &str, minutes: i64) -> i64 {
        let sql = format!("SELECT count(*) FROM {table} WHERE minutes = ?1");
        self.looking.query_row(&sql, [minutes], |row| row.get(0)).expect("a count")
    }
}

fn one() -> impl Iterator<Item = String> {
    std::iter::once("Mailer".to_owned())
}

fn seconds(span: Duration) -> i64 {
    i64::try_from(span.as_secs()).expect("a span")
}

#[tokio::test]
async fn each_step_is_pruned_when_it_is_kept_no_longer() {
    let bench = Bench::new();
    bench.brings(one(), 0).await;
    bench.brings(one(), 60).await;
    bench.prune(10, seconds(limits::METRICS_KEPT_FOR)).await;
    assert_eq!((bench.rows(1), bench.rows(10)), (2, 1));
    bench.prune(10, seconds(limits::METRICS_KEPT_FOR) + 1).await;
    assert_eq!((bench.rows(1), bench.rows(10)), (1, 1));
    bench.prune(10, seconds(limits::METRICS_COARSE_KEPT_FOR) + 1).await;
    assert_eq!((bench.rows(1), bench.rows(10)), (0, 0));
}

#[tokio::test]
async fn pruning_removes_no_more_than_its_limit() {
    let bench = Bench::new();
    for minute in 0..5 {
        bench.brings(one(), minute * 60).await;
    }
    let late = seconds(limits::METRICS_COARSE_KEPT_FOR) * 2;
    bench.prune(3, late).await;
    assert_eq!(bench.rows(1), 2);
    bench.prune(3, late).await;
    assert_eq!(bench.rows(1), 0);
}

#[tokio::test]
async fn marks_are_pruned_when_they_are_kept_no_longer() {
    let bench = Bench::new();
    bench.stage.inspect.mark_deploy("v1", at(0)).await.expect("a mark");
    let marks = || bench.looking.query_row("SELECT count(*) FROM sancho_deploys", [], |row| row.get::<_, i64>(0));
    bench.prune(10, seconds(limits::MARKS_KEPT_FOR)).await;
    assert_eq!(marks(), Ok(1));
    bench.prune(10, seconds(limits::MARKS_KEPT_FOR) + 1).await;
    assert_eq!(marks(), Ok(0));
}

#[tokio::test]
async fn a_step_counts_so_many_classes_and_no_more() {
    let bench = Bench::new();
    let most = limits::METRICS_CLASSES_PER_STEP_MAX;
    for start in (0..most + 500).step_by(1_000) {
        bench.brings((start..start + 1_000).map(|number| format!("Class{number}")), 0).await;
    }
    let most = i64::try_from(most).expect("few");
    assert_eq!((bench.rows(1), bench.rows(10)), (most, most));
    // Those that are there are counted on, and the next minute has room again.
    bench.brings(std::iter::once("Class7".to_owned()), 1).await;
    bench.brings(one(), 60).await;
    let count = async |class: &str| {
        let request = MetricsRequest::last(Duration::from_secs(120)).of(class);
        let metrics = bench.stage.inspect.metrics(&request, at(60)).await.expect("metrics");
        metrics.classes.first().map(|class| class.total.count)
    };
    assert_eq!((count("Class7").await, count("Mailer").await), (Some(2), Some(1)));
}

#[tokio::test]
async fn queues_and_sizes_are_pruned_when_they_are_kept_no_longer() {
    let bench = Bench::new();
    for now in [0, 60] {
        bench.brings_queues(one(), now).await;
    }
    let rows = || ["sancho_queue_counts", "sancho_sizes"].map(|table| [1, 10].map(|step| bench.rows_of(table, step)));
    bench.prune(10, seconds(limits::METRICS_KEPT_FOR)).await;
    assert_eq!(rows(), [[2, 1]; 2]);
    bench.prune(10, seconds(limits::METRICS_KEPT_FOR) + 1).await;
    assert_eq!(rows(), [[1, 1]; 2]);
    bench.prune(10, seconds(limits::METRICS_COARSE_KEPT_FOR) + 1).await;
    assert_eq!(rows(), [[0, 0]; 2]);
}

#[tokio::test]
async fn pruning_removes_no_more_queues_and_sizes_than_its_limit() {
    let bench = Bench::new();
    for minute in 0..5 {
        bench.brings_queues(one(), minute * 60).await;
    }
    let rows = || ["sancho_queue_counts", "sancho_sizes"].map(|table| bench.rows_of(table, 1));
    let late = seconds(limits::METRICS_COARSE_KEPT_FOR) * 2;
    bench.prune(3, late).await;
    assert_eq!(rows(), [2, 2]);
    bench.prune(3, late).await;
    assert_eq!(rows(), [0, 0]);
}

#[tokio::test]
async fn a_step_counts_so_many_queues_and_no_more() {
    let bench = Bench::new();
    let most = limits::METRICS_QUEUES_PER_STEP_MAX;
    for start in (0..most + 500).step_by(1_000) {
        bench.brings_queues((start..start + 1_000).map(|number| format!("queue{number}")), 0).await;
    }
    let rows = i64::try_from(most).expect("few");
    assert_eq!([1, 10].map(|step| bench.rows_of("sancho_queue_counts", step)), [rows, rows]);
    // Those that are there are counted on, and the next minute has room again.
    bench.brings_queues(["queue7", "queue7000"].map(str::to_owned).into_iter(), 1).await;
    bench.brings_queues(one(), 60).await;
    let counted = |name: &str| {
        let sql = "SELECT count FROM sancho_queue_counts WHERE minutes = 1 AND queue = ?1";
        bench.looking.query_row(sql, [name], |row| row.get::<_, i64>(0)).ok()
    };
    assert_eq!(["queue7", "queue7000", "Mailer"].map(counted), [Some(2), None, Some(1)]);
}

#[tokio::test]
async fn many_jobs_are_counted_beside_the_beat() {
    const MANY: u64 = 10_003;
    let bench = Bench::new();
    bench.stage.push((0..MANY / 2).map(|number| job(&format!("A{number}"))), 0).await;
    bench.stage.push((MANY / 2..MANY).map(|number| job(&format!("B{number}"))), 0).await;
    bench.stage.push([job("C").at(at(900))], 0).await;
    bench.stage.hello("p", 1).await;
    // Looks are answered in their order, and so are moves: after one of each what the beat began is done.
    bench.stage.stats(1).await;
    bench.stage.promote(1).await;
    let sizes = bench.sizes(2).await;
    let want = SizeSample { at: at(0), enqueued: MANY, scheduled: 1, ..SizeSample::default() };
    assert_eq!(sizes, [want]);
    bench.stage.still_here("p", &[], 3).await;
    assert_eq!(bench.rows_of("sancho_sizes", 1), 1);
}
