//! Faults, contention and sudden death lose no job on SQLite.

mod common;

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use common::SqliteFactory;
use sancho_core::{Inspect, Jid, Store};
use sancho_sqlite::{Options, SqliteStore};
use sancho_testkit::{at, contention, fail_nth, jid_of, job};

#[tokio::test]
async fn each_failing_call_leaves_each_job_in_one_place() {
    let cases = fail_nth::fail_every_call(&SqliteFactory::default()).await;
    assert!(cases >= 16, "each of the script's calls failed in both ways");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn sixteen_tasks_perform_each_job_once() {
    contention::drain(&SqliteFactory::default(), 16, 2_000).await;
}

/// Jobs of one batch: it takes a while to push.
const BATCH: usize = 500;

/// The process that [`what_a_killed_process_pushed_is_there_and_batches_are_whole`] kills.
#[tokio::test]
#[ignore = "a part of another test, which starts it in a process of its own"]
async fn pushes_until_it_is_killed() {
    let path = std::env::var("SANCHO_TEST_FILE").expect("the other test names the file");
    let store = SqliteStore::open(path.as_ref(), Options::default()).expect("the file opens");
    for number in 0_u64.. {
        let name = |of_batch| format!("J{number}-{of_batch}");
        store.push(&[job(&name(0)).queue("single").build()], at(0)).await.expect("push");
        println!("pushed {}", jid_of(&name(0)));
        let batch: Vec<_> = (1..=BATCH).map(|of_batch| job(&name(of_batch)).queue("batches").build()).collect();
        println!("pushing a batch");
        store.push(&batch, at(0)).await.expect("push");
        println!("pushed {}", jid_of(&name(BATCH)));
    }
}

#[tokio::test]
async fn what_a_killed_process_pushed_is_there_and_batches_are_whole() {
    let mut cut_short = 0;
    for lines_seen in 6..24 {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("jobs.db");
        let acknowledged = pushed_until_killed(&path, lines_seen);
        let store = SqliteStore::open(&path, Options::default()).expect("the file opens");
        for jid in &acknowledged {
            let found = store.find(&Jid::new(jid.clone()).expect("a jid")).await.expect("find");
            assert!(found.is_some(), "{jid} was acknowledged, and is gone");
        }
        let queues = store.queues(at(0)).await.expect("queues");
        let batches = queues.iter().find(|row| row.name.as_str() == "batches").expect("a batch was pushed");
        assert_eq!(batches.size % BATCH as u64, 0, "a batch is there in part");
        cut_short += usize::from(acknowledged.len() % 2 == 1);
    }
    assert!(cut_short > 0, "some process was killed in the middle of a batch");
}

/// Starts a process that pushes, kills it as soon as it has said so many lines, and answers with what it was
/// acknowledged.
fn pushed_until_killed(path: &Path, lines_seen: usize) -> Vec<String> {
    let mut child = Command::new(std::env::current_exe().expect("this program"))
        .args(["--exact", "pushes_until_it_is_killed", "--ignored", "--nocapture"])
        .env("SANCHO_TEST_FILE", path)
        .stdout(Stdio::piped())
        .spawn()
        .expect("it starts");
    let lines = BufReader::new(child.stdout.take().expect("a pipe")).lines().map_while(Result::ok);
    let mut said = lines.filter(|line| line.contains("push"));
    let first: Vec<String> = said.by_ref().take(lines_seen).collect();
    child.kill().expect("it dies");
    child.wait().expect("it is dead");
    assert_eq!(first.len(), lines_seen);
    let pushed = |line: String| line.split_once("pushed ").map(|(_, jid)| jid.to_owned());
    first.into_iter().chain(said).filter_map(pushed).collect()
}
