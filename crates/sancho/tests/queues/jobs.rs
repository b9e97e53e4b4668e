//! Jobs for tests: each notes where it began, and then does what its argument says.

use std::sync::Arc;
use std::sync::Mutex;
use std::time::Duration;

use sancho::{Context, Job, JobResult, Perform};
use serde::{Deserialize, Serialize};
use tokio::sync::{Semaphore, watch};

/// What was begun, in order, and a gate that some jobs wait at.
#[derive(Clone, Debug)]
pub(crate) struct Diary {
    begun: Arc<watch::Sender<Vec<String>>>,
    running: Arc<Mutex<Running>>,
    gate: Arc<Semaphore>,
}

#[derive(Debug, Default)]
struct Running {
    now: Vec<String>,
    /// The jobs that ran while one that is called `poison` did.
    beside_poison: Vec<String>,
    most: std::collections::BTreeMap<String, usize>,
}

impl Default for Diary {
    fn default() -> Self {
        let (begun, running) = (Arc::new(watch::Sender::default()), Arc::default());
        Diary { begun, running, gate: Arc::new(Semaphore::new(0)) }
    }
}

impl Diary {
    /// What was begun so far: the queue of each job, in the order in which they were claimed.
    pub(crate) fn queues(&self) -> Vec<String> {
        self.begun.borrow().clone()
    }

    /// Waits until so many jobs have begun.
    pub(crate) async fn begun(&self, jobs: usize) {
        let mut begun = self.begun.subscribe();
        let waited = tokio::time::timeout(crate::stage::PATIENCE, begun.wait_for(|begun| begun.len() >= jobs)).await;
        let seen = self.queues();
        waited.unwrap_or_else(|_| panic!("{jobs} jobs do not begin: {seen:?}")).expect("the diary is there");
    }

    /// Lets so many jobs go that wait.
    pub(crate) fn let_go(&self, jobs: usize) {
        self.gate.add_permits(jobs);
    }

    /// How many jobs of a queue ran at a time, at the most.
    pub(crate) fn most(&self, queue: &str) -> usize {
        self.running.lock().expect("no test has failed under it").most.get(queue).copied().unwrap_or(0)
    }

    pub(crate) fn beside_poison(&self) -> Vec<String> {
        self.running.lock().expect("no test has failed under it").beside_poison.clone()
    }

    fn enter(&self, queue: &str, how: &str) {
        self.begun.send_modify(|begun| begun.push(queue.to_owned()));
        let mut running = self.running.lock().expect("no test has failed under it");
        running.now.push(format!("{queue} {how}"));
        if running.now.len() > 1 && running.now.iter().any(|job| job.ends_with("poison")) {
            let crowd = running.now.clone();
            running.beside_poison.extend(crowd);
        }
        let now = running.now.iter().filter(|job| job.starts_with(&format!("{queue} "))).count();
        let most = running.most.entry(queue.to_owned()).or_default();
        *most = now.max(*most);
    }

    fn leave(&self, queue: &str, how: &str) {
        let mut running = self.running.lock().expect("no test has failed under it");
        if let Some(at) = running.now.iter().position(|job| *job == format!("{queue} {how}")) {
            running.now.remove(at);
        }
    }
}

/// Notes that it began, and does what it is told.
#[derive(Job, Serialize, Deserialize)]
pub(crate) struct Act {
    how: String,
}

impl Act {
    pub(crate) fn new(how: &str) -> Self {
        Act { how: how.to_owned() }
    }
}

impl Perform<Diary> for Act {
    async fn perform(self, cx: &Context<Diary>) -> JobResult {
        let (diary, queue) = (cx.state(), cx.queue().as_str());
        diary.enter(queue, &self.how);
        let done = self.act(cx).await;
        diary.leave(queue, &self.how);
        done
    }
}

impl Act {
    async fn act(&self, cx: &Context<Diary>) -> JobResult {
        match self.how.split_once(' ').unwrap_or((&self.how, "")) {
            ("wait", _) => cx.state().gate.acquire().await?.forget(),
            ("linger", ms) => tokio::time::sleep(Duration::from_millis(ms.parse().unwrap_or(2))).await,
            ("poison", _) => tokio::time::sleep(Duration::from_millis(10)).await,
            ("fail", _) => return Err("I was told to fail".into()),
            // Pushes the rest of the words to the queue that the first of them names.
            ("push", rest) => {
                let (queue, how) = rest.split_once(' ').unwrap_or((rest, ""));
                _ = cx.client().push(Act::new(how)).queue(queue).await?;
            }
            _ => {}
        }
        Ok(())
    }
}
