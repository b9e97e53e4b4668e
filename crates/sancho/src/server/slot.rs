//! A slot at work: the task or the thread that has a job's code, and what it tells of it.

use std::sync::Arc;
use std::time::Duration;

use sancho_core::Outcome;
use tokio::sync::mpsc;
use tokio::task::AbortHandle;

use crate::server::performance::Performance;

/// Who has a job's code.
#[derive(Debug)]
pub(crate) enum Slot {
    /// A task of the runtime.
    Task(AbortHandle),
    /// A thread of the blocking pool, now or once one is free.
    Thread(Arc<Performance>),
}

impl Slot {
    /// Has the job's code dropped where it waits next, or never begun. Code that does not wait goes on, whatever it does.
    pub(crate) fn let_go(&self) {
        match self {
            Slot::Task(task) => task.abort(),
            Slot::Thread(performance) => {
                performance.never_begins();
                performance.dropped.raise();
            }
        }
    }
}

/// What a slot tells of the job that it has.
#[derive(Debug)]
pub(crate) enum Report {
    /// It has a thread, and begins.
    Began,
    /// Its code was entered for the first time, and came back after so long.
    CameBack(Duration),
    /// It came to its end.
    Over(Outcome),
    /// Its code is gone, and nobody will say what came of it: it was dropped, or its task or thread died.
    Gone,
}

/// Where slots report: the number of the claim, and what is to be told.
pub(crate) type Reports = mpsc::UnboundedSender<(u64, Report)>;

/// A slot's duty to report: whatever becomes of the task or the thread that holds it, the job's end is told once.
#[derive(Debug)]
pub(crate) struct Reporter {
    number: u64,
    to: Reports,
    is_over: bool,
}

impl Reporter {
    pub(crate) fn new(number: u64, to: Reports) -> Self {
        Reporter { number, to, is_over: false }
    }

    pub(crate) fn began(&self) {
        self.tell(Report::Began);
    }

    pub(crate) fn came_back(&self, after: Duration) {
        self.tell(Report::CameBack(after));
    }

    pub(crate) fn over(mut self, outcome: Outcome) {
        self.is_over = true;
        self.tell(Report::Over(outcome));
    }

    fn tell(&self, report: Report) {
        // The fetcher is there as long as jobs are; if it is not, nobody is left to tell.
        _ = self.to.send((self.number, report));
    }
}

impl Drop for Reporter {
    fn drop(&mut self) {
        if !self.is_over {
            self.tell(Report::Gone);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_end_is_told_once_whatever_becomes_of_the_task() {
        let (to, mut reports) = mpsc::unbounded_channel();
        let reporter = |number| Reporter::new(number, to.clone());
        let (done, panics, aborted, unborn) = (reporter(1), reporter(2), reporter(3), reporter(4));
        tokio::spawn(async move { done.over(Outcome::Done) }).await.unwrap();
        let panicked = tokio::spawn(async move {
            let _held = panics;
            std::panic::resume_unwind(Box::new("told to panic"))
        });
        assert!(panicked.await.unwrap_err().is_panic());
        let waits = tokio::spawn(async move {
            aborted.began();
            std::future::pending::<()>().await;
            drop(aborted);
        });
        tokio::task::yield_now().await;
        waits.abort();
        _ = waits.await;
        let never = tokio::spawn(async move { drop(unborn) });
        never.abort();
        _ = never.await;
        drop(to);
        let mut told = Vec::new();
        while let Some((number, report)) = reports.recv().await {
            told.push(format!("{number} {report:?}"));
        }
        assert_eq!(told, ["1 Over(Done)", "2 Gone", "3 Began", "3 Gone", "4 Gone"]);
    }
}
