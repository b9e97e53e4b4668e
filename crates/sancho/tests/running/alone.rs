//! What has nothing to do with a store: slots that die, code that does not yield, what is logged and what is reported.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::ThreadId;
use std::time::Duration;

use sancho::core::WireTime;
use sancho::core::lifecycle::Verdict;
use sancho::core::model::ModelStore;
use sancho::system::{SystemClock, SystemEntropy};
use sancho::{Client, Clock, Doing, Event, Heart, Retry, RunningJobReport, RunningServer, State, Timestamp, testing};

use crate::deeds::{BlockingDeed, BriefBlockingDeed, BriefDeed, Deed, HiddenDeed, Journal};
use crate::log;
use crate::stage::{PATIENCE, counts, dead, server, settled, stop};

/// Waits until the one job that runs is as it is wanted.
async fn report(server: &RunningServer, wanted: impl Fn(&RunningJobReport) -> bool) -> RunningJobReport {
    let found = async {
        loop {
            if let Some(found) = server.running().into_iter().find(&wanted) {
                return found;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(PATIENCE, found).await.unwrap_or_else(|_| panic!("not in time: {:?}", server.running()))
}

/// The first line that has all of these texts in it, now or when it is logged.
async fn logged(texts: &[&str]) -> String {
    let mut lines = log::lines();
    let find = |lines: &Vec<String>| lines.iter().find(|line| texts.iter().all(|text| line.contains(text))).cloned();
    let found = tokio::time::timeout(PATIENCE, lines.wait_for(|lines| find(lines).is_some())).await;
    let found = found.ok().and_then(|lines| find(&lines.expect("the log is there for ever")));
    found.unwrap_or_else(|| panic!("no {texts:?} in {:?}", log::lines().borrow()))
}

/// How many lines so far have all of these texts in them.
fn count_logged(texts: &[&str]) -> usize {
    log::lines().borrow().iter().filter(|line| texts.iter().all(|text| line.contains(text))).count()
}

#[tokio::test]
async fn a_job_that_panics_as_it_is_dropped_frees_its_slot_and_is_settled() {
    let (client, journal) = (testing::memory(), Journal::default());
    let server = server(&client, &journal).slots(1);
    let mut events = server.subscribe();
    let server = server.start().await.expect("starts");
    let timed_out = client.push(BriefDeed::new("waits with a bomb")).retry(0).await.expect("pushed").jid;
    assert_eq!(settled(&mut events, &timed_out).await, Verdict::Died);
    let canceled = client.push(Deed::new("waits with a bomb")).await.expect("pushed").jid;
    report(&server, |job| job.class == "Deed").await;
    _ = client.cancel_running(&canceled).await.expect("it runs");
    assert_eq!(settled(&mut events, &canceled).await, Verdict::Dropped);
    let next = client.push(Deed::new("next")).await.expect("pushed").jid;
    assert_eq!(settled(&mut events, &next).await, Verdict::Done);
    stop(&server).await;
    let bombs = journal.said().iter().filter(|said| *said == "the bomb is dropped").count();
    assert_eq!(bombs, 2);
    assert_eq!(counts(&client).await, (3, 1, 0));
}

/// A clock that, once it is told to, panics where it is read by a task or a thread that has never read it before: that of
/// a job, outside of the job's own code.
#[derive(Debug, Default)]
struct Trap {
    clock: SystemClock,
    known: Mutex<HashSet<(Option<tokio::task::Id>, ThreadId)>>,
    is_armed: AtomicBool,
}

impl Clock for Trap {
    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    fn uptime(&self) -> Duration {
        let reader = (tokio::task::try_id(), std::thread::current().id());
        let is_new = self.known.lock().expect("it is not held in a panic").insert(reader);
        if is_new && self.is_armed.swap(false, Ordering::SeqCst) {
            panic!("told to panic outside of the job's code");
        }
        self.clock.uptime()
    }
}

#[tokio::test]
async fn a_task_or_thread_that_dies_outside_of_the_jobs_code_is_replaced_and_its_job_fails() {
    let (trap, journal, model) = (Arc::new(Trap::default()), Journal::default(), ModelStore::new());
    let parts = (Arc::new(model.clone()), Arc::new(model), Arc::clone(&trap), Arc::new(SystemEntropy));
    let client = Client::with_parts(parts.0, parts.1, parts.2, parts.3);
    let server = server(&client, &journal).slots(1).blocking_threads(1).heart(Heart::Runtime);
    let mut events = server.subscribe();
    let server = server.start().await.expect("starts");
    // Once a job has come and gone, every loop of the server has had its turn, and has read the clock.
    let first = client.push(BriefDeed::new("first")).await.expect("pushed").jid;
    assert_eq!(settled(&mut events, &first).await, Verdict::Done);
    let task = client.draft("Deed", r#"["is never begun"]"#);
    let thread = client.draft("BlockingDeed", r#"["is never begun"]"#);
    for mut draft in [task, thread] {
        draft.retry = Retry::Limit(0);
        trap.is_armed.store(true, Ordering::SeqCst);
        let jid = client.push(draft).await.expect("pushed").jid;
        assert_eq!(settled(&mut events, &jid).await, Verdict::Died);
        assert!(!trap.is_armed.load(Ordering::SeqCst), "the trap has sprung");
    }
    for row in dead(&client).await {
        assert_eq!(row.payload.envelope().expect("readable").error_class().as_deref(), Some("Sancho::SlotDied"));
    }
    for next in ["Deed", "BlockingDeed"] {
        let jid = client.push(client.draft(next, r#"["next"]"#)).await.expect("pushed").jid;
        assert_eq!(settled(&mut events, &jid).await, Verdict::Done);
    }
    stop(&server).await;
    assert_eq!(journal.said(), ["first", "next", "next"]);
    assert_eq!(counts(&client).await, (5, 2, 0));
}

#[tokio::test]
async fn a_panic_whose_remains_panic_is_a_failure_and_no_more() {
    let (client, journal) = (testing::memory(), Journal::default());
    let server = server(&client, &journal).slots(1);
    let mut events = server.subscribe();
    let server = server.start().await.expect("starts");
    let jid = client.push(Deed::new("panics with a bomb")).retry(0).await.expect("pushed").jid;
    let blocking = client.push(BlockingDeed::new("panics with a bomb")).retry(0).await.expect("pushed").jid;
    assert_eq!(settled(&mut events, &jid).await, Verdict::Died);
    assert_eq!(settled(&mut events, &blocking).await, Verdict::Died);
    for next in [Deed::new("next")] {
        let next = client.push(next).await.expect("pushed").jid;
        assert_eq!(settled(&mut events, &next).await, Verdict::Done);
    }
    stop(&server).await;
    for row in dead(&client).await {
        assert_eq!(row.payload.envelope().expect("readable").error_class().as_deref(), Some("Sancho::Panic"));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_job_that_does_not_yield_is_named_once_and_fails_as_timeout_though_its_code_runs() {
    _ = log::lines();
    let (client, journal) = (testing::memory(), Journal::default());
    let server = server(&client, &journal);
    let mut events = server.subscribe();
    let server = server.start().await.expect("starts");
    let jid = client.push(BriefDeed::new("yields and blocks")).retry(0).await.expect("pushed").jid;
    let named = logged(&[jid.as_str(), "does not yield", "step=blocking", "#[job(blocking)]", "BriefDeed"]).await;
    assert!(named.starts_with("WARN sancho::job"), "{named}");
    let stuck = report(&server, |job| matches!(job.doing, Doing::Runs { not_yielded } if !not_yielded.is_zero())).await;
    assert_eq!((stuck.step.as_deref(), stuck.is_cancelled), (Some("blocking"), true));
    assert_eq!(settled(&mut events, &jid).await, Verdict::Died);
    logged(&[jid.as_str(), "still runs", "its time is over"]).await;
    journal.open();
    journal.heard("goes on, cancelled: true").await;
    stop(&server).await;
    assert_eq!(counts(&client).await, (1, 1, 0), "its late end changes nothing");
    assert_eq!(count_logged(&[jid.as_str(), "does not yield"]), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_first_job_of_a_class_that_blocks_its_thread_holds_up_no_slot_but_its_own() {
    _ = log::lines();
    let (client, journal) = (testing::memory(), Journal::default());
    let server = server(&client, &journal);
    let mut events = server.subscribe();
    let server = server.start().await.expect("starts");
    let blocks = client.push(Deed::new("blocks")).await.expect("pushed").jid;
    journal.heard("begun").await;
    let next = client.push(BriefDeed::new("next")).await.expect("pushed").jid;
    assert_eq!(settled(&mut events, &next).await, Verdict::Done);
    logged(&[blocks.as_str(), "does not yield"]).await;
    journal.open();
    assert_eq!(settled(&mut events, &blocks).await, Verdict::Done);
    stop(&server).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_job_that_holds_up_the_loop_of_all_is_named_too() {
    _ = log::lines();
    let (client, journal) = (testing::memory(), Journal::default());
    let server = server(&client, &journal);
    let mut events = server.subscribe();
    let server = server.start().await.expect("starts");
    // Its class is quick as a rule, and so the loop itself enters its code.
    for _ in 0..3 {
        let quick = client.push(Deed::new("quick")).await.expect("pushed").jid;
        assert_eq!(settled(&mut events, &quick).await, Verdict::Done);
    }
    let blocks = client.push(Deed::new("blocks")).await.expect("pushed").jid;
    journal.heard("begun").await;
    logged(&[blocks.as_str(), "does not yield"]).await;
    journal.open();
    assert_eq!(settled(&mut events, &blocks).await, Verdict::Done);
    stop(&server).await;
}

#[tokio::test]
async fn a_blocking_job_waits_for_a_thread_in_its_slot_and_its_timeout_begins_when_it_has_one() {
    let (client, journal) = (testing::memory(), Journal::default());
    let server = server(&client, &journal).slots(3).blocking_threads(1);
    let mut events = server.subscribe();
    let server = server.start().await.expect("starts");
    let first = client.push(BlockingDeed::new("blocks")).await.expect("pushed").jid;
    journal.heard("begun").await;
    let waits = client.push(BriefBlockingDeed::new("has waited")).await.expect("pushed").jid;
    let canceled = client.push(BlockingDeed::new("is never begun")).await.expect("pushed").jid;
    report(&server, |job| job.jid.as_ref() == Some(&canceled) && job.doing == Doing::WaitsForThread).await;
    _ = client.cancel_running(&canceled).await.expect("it runs");
    assert_eq!(settled(&mut events, &canceled).await, Verdict::Dropped);
    // Far longer than its timeout: it would be over by now, had it begun.
    let has_waited = |job: &RunningJobReport| {
        job.jid.as_ref() == Some(&waits)
            && job.elapsed > Duration::from_millis(400)
            && job.doing == Doing::WaitsForThread
    };
    report(&server, has_waited).await;
    journal.open();
    assert_eq!(settled(&mut events, &first).await, Verdict::Done);
    assert_eq!(settled(&mut events, &waits).await, Verdict::Done);
    stop(&server).await;
    assert_eq!(journal.said(), ["begun", "goes on, cancelled: false", "has waited"]);
}

#[tokio::test]
async fn a_server_has_at_least_one_thread_for_blocking_jobs_and_not_too_many() {
    for threads in [0, sancho::core::limits::BLOCKING_THREADS_MAX + 1] {
        let server = server(&testing::memory(), &Journal::default()).blocking_threads(threads);
        let error = server.start().await.expect_err("it cannot start").to_string();
        assert!(error.contains("1 to 1000 threads for blocking jobs"), "{error}");
    }
}

#[tokio::test]
async fn a_report_says_what_each_slot_is_doing() {
    let (client, journal) = (testing::memory(), Journal::default());
    let server = server(&client, &journal).stop_timeout(Duration::ZERO);
    let server = server.start().await.expect("starts");
    let counts = client.push(Deed::new("counts")).await.expect("pushed").jid;
    let blocks = client.push(BlockingDeed::new("blocks")).tags(["eu"]).await.expect("pushed").jid;
    let counting = report(&server, |job| job.progress.is_some() && job.doing == Doing::Waits).await;
    let progress = counting.progress.map(|progress| (progress.done, progress.total));
    assert_eq!((counting.class.as_str(), counting.queue.as_str(), counting.attempt), ("Deed", "default", 1));
    assert_eq!(
        (counting.jid, counting.step.as_deref(), progress),
        (Some(counts.clone()), Some("counting"), Some((2, 5)))
    );
    let blocking = report(&server, |job| matches!(job.doing, Doing::HasThread(_))).await;
    let Doing::HasThread(thread) = blocking.doing else { panic!("{blocking:?}") };
    assert_eq!(thread.name, "sancho-block-1");
    assert_eq!((thread.state.is_some(), thread.cpu.is_some()), (cfg!(target_os = "linux"), cfg!(target_os = "linux")));

    _ = log::lines();
    server.dump();
    logged(&[counts.as_str(), "a job runs", "step=counting", "progress=2/5", "doing=waits", "queue=default"]).await;
    logged(&[blocks.as_str(), "a job runs", "thread=sancho-block-1", "has a thread"]).await;
    journal.open();
    stop(&server).await;
}

#[tokio::test]
async fn the_log_tells_of_each_job_when_it_begins_and_what_came_of_it() {
    _ = log::lines();
    let (client, journal) = (testing::memory(), Journal::default());
    let running = server(&client, &journal).start().await.expect("starts");
    let done = client.push(Deed::new("a secret word")).tags(["eu", "vip"]).await.expect("pushed").jid;
    let start = logged(&[done.as_str(), "message=start"]).await;
    assert_eq!(
        start,
        format!("INFO sancho::job message=start class=Deed jid={done} queue=default attempt=1 tags=eu,vip")
    );
    let end = logged(&[done.as_str(), "message=done"]).await;
    let (before, after) = end.split_once("elapsed_ms=").expect("how long it ran");
    assert_eq!(before, format!("INFO sancho::job message=done class=Deed jid={done} queue=default attempt=1 "));
    let (elapsed, rest) = after.split_once(' ').expect("more fields");
    assert_eq!((elapsed.parse::<f64>().is_ok(), rest), (true, "tags=eu,vip"));

    for (how, wanted) in
        [("fails", "WARN sancho::job message=fail"), ("snoozes", "message=snoozed"), ("discards", "message=discarded")]
    {
        let jid = client.push(Deed::new(how)).await.expect("pushed").jid;
        let line = logged(&[jid.as_str(), wanted]).await;
        let next = if how == "fails" { "next=retry in " } else { "class=Deed" };
        assert!(line.contains(next), "{line}");
        assert_eq!(line.contains("error_message=it failed"), how == "fails", "{line}");
    }
    let last = client.push(Deed::new("fails")).retry(0).await.expect("pushed").jid;
    logged(&[last.as_str(), "message=fail", "next=dead"]).await;
    let expired = client.push(Deed::new("too late")).expires_in(Duration::ZERO).await.expect("pushed").jid;
    logged(&[expired.as_str(), "INFO", "message=expired"]).await;
    let cut = client.push(Deed::new("waits for ever")).await.expect("pushed").jid;
    journal.heard("begun").await;
    running.stop_now();
    stop(&running).await;
    logged(&[cut.as_str(), "message=interrupted", "next=again at once"]).await;
    assert_eq!(count_logged(&["a secret word"]), 0, "arguments are nobody's business");

    let telling = server(&client, &journal).log_args(true).start().await.expect("starts");
    let told = client.push(Deed::new("an open word")).await.expect("pushed").jid;
    logged(&[told.as_str(), "message=start", r#"args=["an open word"]"#]).await;
    // Of a class that hides them, neither its own pushes nor those of others tell any.
    let own = client.push(HiddenDeed::new("fails")).await.expect("pushed").jid;
    let others = client.push(sancho::Raw::new("HiddenDeed", ("fails",))).await.expect("pushed").jid;
    for jid in [own, others] {
        logged(&[jid.as_str(), "message=start", r#"args=["[redacted]"]"#]).await;
        logged(&[jid.as_str(), "message=fail", r#"args=["[redacted]"]"#, "error_message=[redacted]"]).await;
        assert_eq!(count_logged(&[jid.as_str(), "it failed"]) + count_logged(&[jid.as_str(), "\"fails\""]), 0);
    }
    telling.stop_now();
    stop(&telling).await;
}

#[tokio::test]
async fn a_job_that_is_canceled_is_told_of_as_that() {
    _ = log::lines();
    let (client, journal) = (testing::memory(), Journal::default());
    let server = server(&client, &journal);
    let mut events = server.subscribe();
    let server = server.start().await.expect("starts");
    let jid = client.push(Deed::new("fails when canceled")).await.expect("pushed").jid;
    journal.heard("begun").await;
    _ = client.cancel_running(&jid).await.expect("it runs");
    let dropped = |event: &Event| matches!(event, Event::Settled { verdict: Verdict::Dropped, .. }).then_some(());
    tokio::time::timeout(PATIENCE, events.wait_for(dropped)).await.expect("in time").expect("the server lives");
    logged(&[jid.as_str(), "INFO sancho::job message=cancelled"]).await;
    stop(&server).await;
}

#[tokio::test]
async fn a_job_that_waits_to_run_alone_is_canceled_at_once() {
    let (client, journal) = (testing::memory(), Journal::default());
    let server = server(&client, &journal);
    let mut events = server.subscribe();
    let server = server.start().await.expect("starts");
    let runs = client.push(Deed::new("ends when canceled")).await.expect("pushed").jid;
    journal.heard("begun").await;
    let now = client.clock().now();
    let mut suspect = client.draft("Deed", r#"["is never begun"]"#).into_job(now, WireTime::Seconds).expect("a job");
    let mut members = suspect.payload.members().expect("readable");
    members.set("orphaned_at", &[now.as_unix_secs_f64() - 60.0, now.as_unix_secs_f64() - 30.0]);
    suspect.payload = members.to_payload();
    let jid = suspect.jid.clone();
    client.store().push(&[suspect], now).await.expect("pushed");
    let claimed = async {
        while client.find(&jid).await.expect("found").expect("there").state != State::Busy {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(PATIENCE, claimed).await.expect("it is claimed in time");
    _ = client.cancel_running(&jid).await.expect("it is claimed");
    assert_eq!(settled(&mut events, &jid).await, Verdict::Dropped);
    _ = client.cancel_running(&runs).await.expect("it runs");
    assert_eq!(settled(&mut events, &runs).await, Verdict::Done);
    stop(&server).await;
    assert_eq!(journal.said(), ["begun", "ends"]);
}
