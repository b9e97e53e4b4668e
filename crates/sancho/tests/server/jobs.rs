//! Jobs for tests: each says in its arguments what it does.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use sancho::core::lifecycle::Failure;
use sancho::{Backoff, Context, Job, JobResult, Perform};
use serde::{Deserialize, Serialize};

/// What jobs said, in order, and a gate that some wait at.
#[derive(Clone, Debug, Default)]
pub(crate) struct Journal(Arc<Parts>);

#[derive(Debug, Default)]
struct Parts {
    lines: Mutex<Vec<String>>,
    running: Mutex<Vec<(String, bool)>>,
    crowded: Mutex<Vec<String>>,
    gate: tokio::sync::Notify,
}

impl Journal {
    pub(crate) fn said(&self) -> Vec<String> {
        self.0.lines.lock().expect("no test has failed under it").clone()
    }

    pub(crate) fn let_go(&self) {
        self.0.gate.notify_one();
    }

    /// Whether another job ran while one that says `word` did.
    pub(crate) fn had_company(&self, word: &str) -> bool {
        self.0.crowded.lock().expect("no test has failed under it").iter().any(|crowded| crowded == word)
    }

    fn enter(&self, word: &str) {
        let mut running = self.0.running.lock().expect("no test has failed under it");
        running.push((word.to_owned(), true));
        if running.len() > 1 {
            self.0
                .crowded
                .lock()
                .expect("no test has failed under it")
                .extend(running.iter().map(|(word, _)| word.clone()));
        }
    }

    fn leave(&self, word: &str) {
        let mut running = self.0.running.lock().expect("no test has failed under it");
        if let Some(at) = running.iter().position(|(name, _)| name == word) {
            running.remove(at);
        }
        self.0.lines.lock().expect("no test has failed under it").push(word.to_owned());
    }
}

/// Says a word, in the way that it is told.
#[derive(Job, Serialize, Deserialize)]
pub(crate) struct Say {
    word: String,
    how: String,
}

impl Say {
    pub(crate) fn new(word: &str) -> Self {
        Say::how(word, "")
    }

    pub(crate) fn how(word: &str, how: &str) -> Self {
        Say { word: word.to_owned(), how: how.to_owned() }
    }

    /// Fails so many times, and then no more.
    pub(crate) fn failing(word: &str, times: u32) -> Self {
        Say::how(word, &format!("fail {times}"))
    }
}

impl Perform<Journal> for Say {
    async fn perform(self, cx: &Context<Journal>) -> JobResult {
        let journal = cx.state();
        journal.enter(&self.word);
        match self.how.as_str() {
            "panic now" => panic!("the job panics"),
            "panic later" => {
                tokio::task::yield_now().await;
                panic!("the job panics");
            }
            "wait" => std::future::pending().await,
            "wait a moment" => tokio::time::sleep(Duration::from_millis(50)).await,
            "until stopping" => cx.stopping().await,
            "push my key" => {
                let next = Say::new("tock");
                _ = cx.client().push(next).key("ticker").after(Duration::from_secs(60)).await?;
            }
            "until let go" => journal.0.gate.notified().await,
            _ => {}
        }
        journal.leave(&self.word);
        let failures = self.how.strip_prefix("fail ").map_or(Ok(0), str::parse::<u32>)?;
        if cx.attempt() <= failures {
            return Err("I was told to fail".into());
        }
        Ok(())
    }

    fn backoff(_retry_count: u32, _failure: &Failure) -> Backoff {
        Backoff::After(Duration::from_millis(10))
    }
}

/// Waits for ever, but may only take a moment.
#[derive(Job, Serialize, Deserialize)]
#[job(timeout = "50ms")]
pub(crate) struct Brief {}

impl Perform<Journal> for Brief {
    async fn perform(self, _cx: &Context<Journal>) -> JobResult {
        std::future::pending().await
    }
}

/// Blocks its thread until it is let go.
#[derive(Job, Serialize, Deserialize)]
#[job(blocking)]
pub(crate) struct Sync {}

impl Perform<Journal> for Sync {
    async fn perform(self, cx: &Context<Journal>) -> JobResult {
        let journal = cx.state();
        journal.0.gate.notified().await;
        journal.0.lines.lock().expect("no test has failed under it").push("blocking".to_owned());
        Ok(())
    }
}
