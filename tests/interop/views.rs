//! What Ruby's API tells, `Inspect` tells too: calls that the tables of docs/guides/from-sidekiq.md set beside each other
//! are both made, on the same Redis, and compared.

use sancho::core::inspect::{Action, Direction, Filter, Paused, ProcessRow, Selection, Set};
use sancho::core::lifecycle::Refusal;
use sancho::core::process::Quiet;
use sancho::{JobRow, QueueName, State, Timestamp};
use serde_json::{Value, json};

use crate::corpus::nasty_args;
use crate::home::{Home, until};
use crate::ruby;
use crate::ruby_server::RubyServer;
use crate::side::{ProofDraft, Side, Worker, push};

const QUEUE: &str = "proof";

/// A Redis with something in each place: two jobs in queues, one scheduled, one that retries, one that is dead.
async fn something_of_each() -> Home {
    let home = Home::new().await;
    let failing = |retry: u32| ProofDraft::new(QUEUE, nasty_args("fail")).retry(retry).backtrace();
    push(Side::Ruby, &home, &failing(5)).await;
    push(Side::Ruby, &home, &failing(0)).await;
    let ruby = RubyServer::start(&home, &[QUEUE], 1, 20).await;
    home.until_size("retry", 1).await;
    home.until_size("dead", 1).await;
    ruby.stop().await;
    push(Side::Ruby, &home, &ProofDraft::new("default", "[\"do\",1]")).await;
    push(Side::Ruby, &home, &ProofDraft::new(QUEUE, "[\"do\",2]")).await;
    push(Side::Ruby, &home, &ProofDraft::new(QUEUE, "[\"do\",3]").at(home.now_secs() + 5_000.0)).await;
    home
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn numbers_of_rubys_api_are_those_of_inspect() {
    let home = something_of_each().await;
    let script = "stats, days = Sidekiq::Stats.new, Sidekiq::Stats::History.new(2)
        [[stats.processed, stats.failed, stats.enqueued, stats.scheduled_size, stats.retry_size, stats.dead_size,
          stats.processes_size, stats.workers_size],
         Sidekiq::Stats::Queues.new.lengths, [days.processed.values, days.failed.values],
         [Sidekiq::ScheduledSet.new.size, Sidekiq::RetrySet.new.size, Sidekiq::DeadSet.new.size],
         Sidekiq::Queue.all.map { |queue| [queue.name, queue.size, queue.latency.to_i / 60, queue.paused?] }]";
    let theirs = home.ruby_value(script, &[]).await;
    let (inspect, now) = (home.client.inspect(), home.client.clock().now());
    let stats = inspect.stats(now).await.expect("Redis answers");
    let days = inspect.history(2, now).await.expect("Redis answers");
    let queues = inspect.queues(now).await.expect("Redis answers");
    let totals = json!([
        stats.processed,
        stats.failed,
        stats.enqueued,
        stats.scheduled,
        stats.retries,
        stats.dead,
        stats.processes,
        stats.busy
    ]);
    let lengths: serde_json::Map<String, Value> =
        queues.iter().map(|row| (row.name.to_string(), json!(row.size))).collect();
    let by_day = json!([
        days.iter().map(|day| day.processed).collect::<Vec<_>>(),
        days.iter().map(|day| day.failed).collect::<Vec<_>>()
    ]);
    let rows: Vec<Value> = queues
        .iter()
        .map(|row| json!([row.name.as_str(), row.size, row.latency.as_secs() / 60, row.paused == Paused::Yes]))
        .collect();
    let ours = json!([totals, lengths, by_day, [stats.scheduled, stats.retries, stats.dead], rows]);
    assert_eq!(ours, theirs);
    assert_eq!(theirs[0], json!([2, 2, 2, 1, 1, 1, 0, 0]));
}

/// All jobs of a set.
async fn rows(home: &Home, set: Set, filter: &str) -> Vec<JobRow> {
    let filter = Filter::parse(filter, home.client.clock().now()).expect("a filter");
    home.client.inspect().page(&set, &filter, Direction::Forward, None, 100).await.expect("Redis answers").rows
}

/// A time in whole milliseconds: no clock is compared more closely here.
fn millis(time: Option<Timestamp>) -> i64 {
    time.expect("it has one").as_unix_micros() / 1_000
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_job_is_read_alike_in_ruby_and_here() {
    let home = something_of_each().await;
    let script = "read = ->(job) { [job.jid, job.klass, job.display_class, JSON.generate(job.args), job.queue,
            job.tags, job['retry'], job['nothing'].nil?, job.value, job.item.keys.first,
            (job.created_at.to_f * 1000).to_i, job['error_class'], job['error_message'],
            (job['failed_at'].to_f * 1000).to_i] }
        at = ->(job) { (job.at.to_f * 1000).to_i == (job.score * 1000).to_i ? (job.score * 1000).to_i : nil }
        [Sidekiq::Queue.new('proof').map { |job| [read[job], (job.enqueued_at.to_f * 1000).to_i] },
         Sidekiq::ScheduledSet.new.map { |job| [read[job], at[job]] },
         Sidekiq::RetrySet.new.map { |job| [read[job], at[job]] },
         Sidekiq::DeadSet.new.map { |job| [read[job], at[job]] }]";
    let theirs = home.ruby_value(script, &[]).await;
    let mut ours = Vec::new();
    for set in [Set::Queue(QueueName::new(QUEUE).expect("a name")), Set::Scheduled, Set::Retries, Set::Dead] {
        let mut seen = Vec::new();
        for row in rows(&home, set, "").await {
            let text = row.payload.to_text_lossy().into_owned();
            let job = row.payload.envelope().expect("it can be read");
            let payload: Value = serde_json::from_str(&text).expect("JSON");
            let args: Value = serde_json::from_str(job.args()).expect("JSON");
            let first = text[2..].split('"').next().unwrap_or_default().to_owned();
            let at = millis(row.at);
            let failed = (payload["failed_at"].as_f64().unwrap_or_default() * 1e3) as i64;
            assert_eq!(args, payload["args"]);
            seen.push(json!([
                [
                    row.jid.as_str(),
                    job.class(),
                    job.class(),
                    job.args(),
                    row.queue.as_str(),
                    [],
                    payload["retry"],
                    true,
                    text,
                    first,
                    (payload["created_at"].as_f64().unwrap_or_default() * 1e3) as i64,
                    payload["error_class"],
                    payload["error_message"],
                    failed
                ],
                at
            ]));
        }
        ours.push(Value::Array(seen));
    }
    assert_eq!(Value::Array(ours), theirs);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_set_is_searched_alike_in_ruby_and_here() {
    let home = Home::new().await;
    let at = (home.now_secs() + 5_000.0).floor();
    for (n, word) in ["blue", "green", "bluest"].into_iter().enumerate() {
        let draft = ProofDraft::new(QUEUE, format!("[\"{word}\",{n}]")).at(at + n as f64);
        push(Side::Ruby, &home, &draft).await;
    }
    let script = "set = Sidekiq::ScheduledSet.new
        first = set.map { |job| job }.min_by(&:score)
        [set.scan('blue').map(&:jid).sort, set.find_job(first.jid).args, set.fetch(first.score, first.jid).map(&:args),
         set.fetch(first.score).map(&:args), set.name, set.sort_by(&:score).map(&:jid), first.jid, set.size]";
    let theirs = home.ruby_value(script, &[]).await;
    let all = rows(&home, Set::Scheduled, "").await;
    let first = &all[0];
    let found = home.client.find(&first.jid).await.expect("Redis answers").expect("it is there");
    let found: Value = serde_json::from_str(found.payload.envelope().expect("readable").args()).expect("JSON");
    let mut scanned: Vec<String> =
        rows(&home, Set::Scheduled, "blue").await.iter().map(|row| row.jid.to_string()).collect();
    scanned.sort();
    let order: Vec<String> = all.iter().map(|row| row.jid.to_string()).collect();
    assert_eq!(theirs, json!([scanned, found, [found], [found], "schedule", order, first.jid.as_str(), 3]));
    assert_eq!(scanned.len(), 2);
}

/// Does an action to all of a set.
async fn act(home: &Home, action: Action, set: Set) -> usize {
    let selection = Selection::All { set, filter: Filter::all(), after: None };
    let now = home.client.clock().now();
    home.client.inspect().apply(&action, &selection, 100, now).await.expect("Redis answers").done
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_ruby_does_to_whole_sets_is_done_here_too() {
    let home = something_of_each().await;
    let sizes = "[Sidekiq::Queue.new('proof').size, Sidekiq::ScheduledSet.new.size, Sidekiq::RetrySet.new.size,
        Sidekiq::DeadSet.new.size]";
    // RetrySet#kill_all, DeadSet#retry_all, ScheduledSet's add_to_queue of each, and clear.
    assert_eq!(act(&home, Action::Kill, Set::Retries).await, 1);
    assert_eq!(home.ruby_value(sizes, &[]).await, json!([1, 1, 0, 2]));
    assert_eq!(act(&home, Action::RunNow, Set::Dead).await, 2);
    assert_eq!(home.ruby_value(sizes, &[]).await, json!([3, 1, 0, 0]));
    assert_eq!(act(&home, Action::RunNow, Set::Scheduled).await, 1);
    assert_eq!(home.ruby_value(sizes, &[]).await, json!([4, 0, 0, 0]));
    let queue = QueueName::new(QUEUE).expect("a name");
    let cleared = home.client.inspect().clear(&queue, 100, home.client.clock().now()).await;
    assert_eq!(cleared.expect("Redis answers"), 4);
    assert_eq!(home.ruby_value(sizes, &[]).await, json!([0, 0, 0, 0]));
    assert_eq!(home.ruby_value("Sidekiq::Queue.all.map(&:name)", &[]).await, json!(["default"]));
}

/// What runs is told job by job, whoever runs it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn processes_and_their_work_are_read_alike_in_ruby_and_here() {
    for side in Side::BOTH {
        let home = Home::new().await;
        let jid = push(Side::Ruby, &home, &ProofDraft::new(QUEUE, nasty_args("wait"))).await;
        let worker = Worker::start(side, &home, QUEUE).await;
        home.until_performed(&jid, 1).await;
        let theirs = until("a beat tells of the job", async || {
            let seen = home.ruby_value(WORK, &[]).await;
            (seen[3] != json!([]) && seen[2][0][7] == 1).then_some(seen)
        })
        .await;
        let now = home.client.clock().now();
        let processes = home.client.inspect().processes(now).await.expect("Redis answers");
        let ours: Vec<Value> = processes.iter().map(process).collect();
        assert_eq!(json!([processes.len(), 1, ours]), json!([theirs[0], theirs[1], theirs[2]]), "{side:?}");
        let work: Vec<Value> = rows(&home, Set::Busy, "").await.iter().map(work).collect();
        assert_eq!(Value::Array(work), theirs[3], "{side:?}");
        home.let_go().await;
        worker.stop().await;
    }
}

/// What Ruby runs is known by what its process says at each beat: what it is and since when, and that nobody here can
/// take it away.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_job_that_ruby_runs_is_listed_and_found_and_out_of_reach() {
    let home = Home::new().await;
    let jid = push(Side::Ruby, &home, &ProofDraft::new(QUEUE, nasty_args("wait"))).await;
    push(Side::Rust, &home, &ProofDraft::new("waiting", "[1]")).await;
    let ruby = RubyServer::start(&home, &[QUEUE], 2, 20).await;
    let begun = home.until_performed(&jid, 1).await[0].at;
    let row = until("a beat tells of the job", async || rows(&home, Set::Busy, "class:Proof").await.pop()).await;
    assert_eq!(work(&row), json!([ruby.identity(), QUEUE, jid]));
    assert_eq!((row.payload.envelope().expect("a job").class(), row.state), ("Proof", State::Busy));
    let since = row.at.expect("it says since when").as_unix_micros() / 1_000_000;
    assert!((since - begun / 1_000_000).abs() <= 1, "since {since}, and it began at {begun}");
    assert_eq!(rows(&home, Set::Busy, "class:Other").await.len(), 0);
    let found = home.client.find(&row.jid).await.expect("Redis answers").expect("it runs");
    assert_eq!(found.incarnation, row.incarnation);
    let (inspect, now) = (home.client.inspect(), home.client.clock().now());
    assert_eq!(inspect.stats(now).await.expect("Redis answers").busy, 1);
    let one = Selection::Jid(row.jid.clone());
    let applied = inspect.apply(&Action::Delete, &one, 1, now).await.expect("Redis answers");
    assert_eq!((applied.done, applied.refused), (0, vec![(row.jid, Refusal::Started)]));
    home.let_go().await;
    ruby.stop().await;
    assert_eq!(rows(&home, Set::Busy, "").await.len(), 0, "a process that stops takes its list along");
}

/// What Ruby tells of processes, and of the jobs that they run.
const WORK: &str = "processes = Sidekiq::ProcessSet.new
    [processes.size, processes.total_concurrency, processes.map { |process| [process.identity, process['hostname'],
       process['pid'], process['concurrency'], process.queues.sort, process.labels, process.tag, process['busy'],
       process.stopping?] },
     Sidekiq::WorkSet.new.map { |identity, _, work|
       job = work['payload'].is_a?(String) ? JSON.parse(work['payload']) : work['payload']
       [identity, work['queue'], job['jid']] }]";

fn process(row: &ProcessRow) -> Value {
    let info = &row.info;
    let mut queues: Vec<&str> = info.queues.iter().map(QueueName::as_str).collect();
    queues.sort_unstable();
    let quiet = row.quiet == Quiet::Yes;
    let identity = info.incarnation.as_str();
    json!([identity, info.hostname, info.pid, info.slots, queues, info.labels, info.tag, row.busy, quiet])
}

fn work(row: &JobRow) -> Value {
    let by = row.incarnation.as_ref().map(|by| by.as_str());
    json!([by, row.queue.as_str(), row.jid.as_str()])
}

/// The report of `sidekiqmon` goes on being true when servers of ours perform.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sidekiqmon_reports_what_is_ours() {
    let home = Home::new().await;
    push(Side::Rust, &home, &ProofDraft::new("waiting", "[1]")).await;
    let jid = push(Side::Rust, &home, &ProofDraft::new(QUEUE, nasty_args("wait"))).await;
    let worker = Worker::start(Side::Rust, &home, QUEUE).await;
    home.until_performed(&jid, 1).await;
    let report = until("its report has our process", async || {
        let output = ruby::command("sidekiqmon", "ruby-sidekiq", &home).arg("all").output().await;
        let output = output.expect("sidekiqmon is installed, and so it starts");
        let report = String::from_utf8_lossy(&output.stdout).into_owned();
        ruby::explain_missing_gem(&String::from_utf8_lossy(&output.stderr));
        report.contains("1 busy").then_some(report)
    })
    .await;
    for line in ["Enqueued: 1", "Busy: 1", "Processes (1)", "proof", "waiting"] {
        assert!(report.contains(line), "{line} is missing:\n{report}");
    }
    home.let_go().await;
    worker.stop().await;
}
