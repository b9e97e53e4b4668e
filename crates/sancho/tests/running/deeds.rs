//! Jobs for tests: each says in its argument what it does.

use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use sancho::{Context, Job, JobResult, Perform, Raw};

/// What jobs said, in order, and a gate for code that blocks.
#[derive(Clone, Debug, Default)]
pub(crate) struct Journal(Arc<Parts>);

#[derive(Debug, Default)]
struct Parts {
    lines: Mutex<Vec<String>>,
    said: tokio::sync::Notify,
    is_open: Mutex<bool>,
    opened: Condvar,
}

/// Longer than anything here takes: code that blocks for longer is a defect of the test.
const PATIENCE: Duration = Duration::from_secs(60);

impl Journal {
    pub(crate) fn say(&self, line: impl Into<String>) {
        self.0.lines.lock().expect("no test has failed under it").push(line.into());
        self.0.said.notify_waiters();
    }

    pub(crate) fn said(&self) -> Vec<String> {
        self.0.lines.lock().expect("no test has failed under it").clone()
    }

    /// Resolves when somebody has said this.
    pub(crate) async fn heard(&self, line: &str) {
        let heard = async {
            loop {
                let said = self.0.said.notified();
                if self.said().iter().any(|said| said == line) {
                    return;
                }
                said.await;
            }
        };
        tokio::time::timeout(PATIENCE, heard)
            .await
            .unwrap_or_else(|_| panic!("nobody says {line:?}: {:?}", self.said()));
    }

    /// Lets all go that block.
    pub(crate) fn open(&self) {
        *self.0.is_open.lock().expect("no test has failed under it") = true;
        self.0.opened.notify_all();
    }

    /// Blocks the thread until the gate is open.
    fn block(&self) {
        let is_open = self.0.is_open.lock().expect("no test has failed under it");
        let waited = self.0.opened.wait_timeout_while(is_open, PATIENCE, |is_open| !*is_open);
        assert!(!waited.expect("no test has failed under it").1.timed_out(), "nobody opens the gate");
    }
}

/// Says that it is dropped, and then panics.
struct Bomb(Journal);

impl Drop for Bomb {
    fn drop(&mut self) {
        self.0.say("the bomb is dropped");
        if !std::thread::panicking() {
            panic!("told to panic when dropped");
        }
    }
}

/// Does as it is told.
#[derive(Job)]
pub(crate) struct Deed {
    how: String,
}

/// The same, for a short time.
#[derive(Job)]
#[job(timeout = "80ms")]
pub(crate) struct BriefDeed {
    how: String,
}

/// The same, on a thread of its own.
#[derive(Job)]
#[job(blocking)]
pub(crate) struct BlockingDeed {
    how: String,
}

/// The same, on a thread of its own, for a short time.
#[derive(Job)]
#[job(blocking, timeout = "80ms")]
pub(crate) struct BriefBlockingDeed {
    how: String,
}

/// The same, of which nothing is told.
#[derive(Job)]
#[job(redact)]
pub(crate) struct HiddenDeed {
    how: String,
}

macro_rules! performs {
    ($($class:ident),*) => {
        $(
            impl $class {
                pub(crate) fn new(how: &str) -> Self {
                    $class { how: how.to_owned() }
                }
            }

            impl Perform<Journal> for $class {
                async fn perform(self, cx: &Context<Journal>) -> JobResult {
                    perform(&self.how, cx).await
                }
            }
        )*
    };
}

performs!(Deed, BriefDeed, BlockingDeed, BriefBlockingDeed, HiddenDeed);

async fn perform(how: &str, cx: &Context<Journal>) -> JobResult {
    let journal = cx.state();
    match how {
        "ends when canceled" => {
            journal.say("begun");
            cx.cancelled().await;
            assert!(cx.is_cancelled());
            journal.say("ends");
        }
        "fails when canceled" => {
            journal.say("begun");
            cx.cancelled().await;
            return Err("I was canceled".into());
        }
        "waits for ever" => {
            journal.say("begun");
            std::future::pending::<()>().await;
        }
        "waits with a bomb" => {
            let _bomb = Bomb(journal.clone());
            journal.say("begun");
            std::future::pending::<()>().await;
        }
        "panics with a bomb" => {
            tokio::task::yield_now().await;
            std::panic::panic_any(Bomb(journal.clone()));
        }
        "blocks" => {
            journal.say("begun");
            journal.block();
            journal.say(format!("goes on, cancelled: {}", cx.is_cancelled()));
        }
        "yields and blocks" => {
            tokio::task::yield_now().await;
            cx.step("blocking");
            journal.say("begun");
            journal.block();
            journal.say(format!("goes on, cancelled: {}", cx.is_cancelled()));
        }
        "counts" => {
            let before = cx.last_progress().map(|progress| (progress.done, progress.total));
            journal.say(format!("from {before:?} at {:?}", cx.last_step()));
            if before.is_none() {
                cx.step("counting");
                cx.progress(2, 5);
                journal.say("begun");
                std::future::pending::<()>().await;
            }
        }
        "pushes" => {
            tokio::task::yield_now().await;
            journal.say(format!("performed in {:?}", cx.traceparent()));
            _ = cx.client().push(Deed::new("tells its trace")).await?;
        }
        "tells its trace" => {
            let current = sancho::trace::current();
            assert_eq!(current.as_ref(), cx.trace());
            journal.say(format!("pushed in {:?}", cx.traceparent()));
        }
        "tells of itself" => {
            let tenant: Option<String> = cx.member("tenant");
            let other: Option<u32> = cx.member("tenant");
            assert_eq!(other, None, "it is no number");
            let (class, queue, attempt) = (cx.class(), cx.queue(), cx.attempt());
            let is_mine = cx.payload().to_text_lossy().contains(cx.jid().as_str());
            journal.say(format!("{class} {queue} {attempt} {:?} {tenant:?} {is_mine} {:?}", cx.tags(), cx.timeout()));
        }
        "fails" => return Err("it failed".into()),
        "snoozes" => return Err(sancho::JobError::snooze(Duration::from_secs(60))),
        "discards" => return Err(sancho::JobError::discard()),
        _ => journal.say(how),
    }
    Ok(())
}

/// A deed as another program pushes it.
pub(crate) fn raw(how: &str) -> Raw {
    Raw::new("Deed", [how])
}
