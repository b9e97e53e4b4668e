//! Jobs that do what their argument says, and write down what happens to them.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use sancho::core::lifecycle::Failure;
use sancho::{Backoff, Context, Job, JobError, JobResult, Perform};
use serde::{Deserialize, Serialize};

/// So far off that no test lives to see it.
pub(crate) const HOUR: Duration = Duration::from_secs(3_600);

/// What happened, in order.
#[derive(Clone, Debug, Default)]
pub(crate) struct Diary(Arc<Mutex<Vec<String>>>);

impl Diary {
    pub(crate) fn write(&self, line: impl Into<String>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(line.into());
    }

    pub(crate) fn read(&self) -> Vec<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// An error that falls over when it is to say what is wrong.
#[derive(Debug)]
struct Unsayable;

impl std::fmt::Display for Unsayable {
    fn fmt(&self, _: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        panic!("the error falls over")
    }
}

impl std::error::Error for Unsayable {}

/// Does what it is told at its first run, and is done at any later one.
#[derive(Job, Serialize, Deserialize)]
#[job(aliases("Former::Act", "OldAct"))]
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
        let line = format!("{} {}", self.how, cx.attempt());
        let is_first = !cx.state().read().iter().any(|have| have.starts_with(&format!("{} ", self.how)));
        cx.state().write(line);
        if !is_first && self.how != "fail always" {
            return Ok(());
        }
        match self.how.as_str() {
            "snooze" => Err(JobError::snooze(Duration::from_millis(20))),
            "discard" => Err(JobError::discard()),
            "give way" => Err(JobError::interrupted()),
            "fail by name" => Err(JobError::failure("Bank::Closed", "at noon").with_backoff(Backoff::After(HOUR))),
            "kill" => Err(JobError::kill("it makes no sense")),
            "retry at" => Err(JobError::retry_at(due(cx))),
            "retry in" => Err(JobError::retry_in(HOUR)),
            "retry soon" => Err(JobError::retry_in(Duration::from_millis(20))),
            "panic" => panic!("it fell over"),
            "say nothing" => Err(Unsayable.into()),
            "wait" => std::future::pending().await,
            "push" => {
                cx.client().push(Act::new("pushed")).await?;
                cx.client().push_bulk([Act::new("bulk one"), Act::new("bulk two")]).await?;
                Ok(())
            }
            how if how.starts_with("fail") => Err(format!("told to {how}").into()),
            _ => Ok(()),
        }
    }

    fn backoff(_: u32, failure: &Failure) -> Backoff {
        match failure.message.as_str() {
            "told to fail and kill" => Backoff::Kill,
            "told to fail and discard" => Backoff::Discard,
            "told to fail and panic" => panic!("the back-off function falls over"),
            _ => Backoff::After(Duration::from_millis(50)),
        }
    }

    async fn on_exhausted(self, cx: &Context<Diary>, failure: &Failure) {
        let row = cx.client().find(cx.jid()).await.expect("the store answers");
        let state = row.map_or("gone", |row| row.state.as_str());
        cx.state().write(format!("exhausted by {}, while {state}", failure.message));
        match self.how.as_str() {
            "fail and fall over" => panic!("the last words fall over"),
            "fail and talk on" => std::future::pending().await,
            _ => {}
        }
    }
}

/// When a job wants to be retried that asks for a time: the hour of its creation, one on.
fn due(cx: &Context<Diary>) -> sancho::Timestamp {
    let created = cx.payload().envelope().expect("readable").created_at().expect("pushed by us");
    created + HOUR
}
