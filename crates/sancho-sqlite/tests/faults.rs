//! Faults, contention and sudden death lose no job on SQLite.

mod common;

use std::io::{BufRead, BufReader};
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

/// The process that [`what_a_killed_process_pushed_is_there`] kills.
#[tokio::test]
#[ignore = "a part of another test, which starts it in a process of its own"]
async fn pushes_until_it_is_killed() {
    let path = std::env::var("SANCHO_TEST_FILE").expect("the other test names the file");
    let store = SqliteStore::open(path.as_ref(), Options::default()).expect("the file opens");
    for number in 0_u64.. {
        let name = format!("J{number}");
        store.push(&[job(&name).build()], at(0)).await.expect("push");
        println!("pushed {}", jid_of(&name));
    }
}

#[tokio::test]
async fn what_a_killed_process_pushed_is_there() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("jobs.db");
    let mut child = Command::new(std::env::current_exe().expect("this program"))
        .args(["--exact", "pushes_until_it_is_killed", "--ignored", "--nocapture"])
        .env("SANCHO_TEST_FILE", &path)
        .stdout(Stdio::piped())
        .spawn()
        .expect("it starts");
    let lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
    let pushed =
        lines.map_while(Result::ok).filter_map(|line| line.split_once("pushed ").map(|(_, jid)| jid.to_owned()));
    let pushed: Vec<String> = pushed.take(50).collect();
    child.kill().expect("it dies");
    child.wait().expect("it is dead");
    assert_eq!(pushed.len(), 50);
    let store = SqliteStore::open(&path, Options::default()).expect("the file opens");
    for jid in pushed {
        let found = store.find(&Jid::new(jid.clone()).expect("a jid")).await.expect("find");
        assert!(found.is_some(), "{jid} was acknowledged, and is gone");
    }
}
