//! Many jobs in one atomic push.

use std::time::Duration;

use sancho_core::{
    Backtrace, BoxFuture, Bury, Draft, Invalid, NewJob, OnConflict, QueueName, Retry, Timestamp, limits,
};
use serde::Serialize;

use super::options::job_options;
use super::{Client, IntoDraft, PushError, PushedJob, RetryOption};

impl Client {
    /// Pushes jobs, all or none, once the answer is awaited; at most [`limits::JOBS_PER_PUSH_MAX`] at a time.
    /// [`Client::push_all`] takes any number.
    ///
    /// Those of one queue run in the order given. Jobs that a client middleware stops are left out. A key that is
    /// refused is an answer here, not an error: the other jobs have been pushed.
    ///
    /// ```no_run
    /// # async fn example(client: sancho::Client) -> Result<(), sancho::PushError> {
    /// use sancho::Raw;
    ///
    /// client.push_bulk((0..1_000).map(|n| Raw::new("Resize", [n]))).queue("images").await?;
    /// # Ok(()) }
    /// ```
    pub fn push_bulk<J: IntoDraft>(&self, jobs: impl IntoIterator<Item = J>) -> PushBulk {
        let now = self.clock().now();
        let drafts = jobs.into_iter().map(|job| self.drafted(job, now)).collect();
        PushBulk { client: self.clone(), drafts }
    }

    /// Pushes drafts, all or none, as [`Client::push_bulk`] does.
    ///
    /// # Errors
    /// [`PushError`]; nothing has been pushed then, unless the store says that the outcome is unknown.
    pub async fn push_drafts(&self, drafts: Vec<Draft>) -> Result<Vec<PushedJob>, PushError> {
        Ok(self.push_each(drafts).await?.into_iter().flatten().collect())
    }

    /// As [`Client::push_drafts`], with one answer for each draft, in order; `None` for one that was stopped.
    pub(super) async fn push_each(&self, drafts: Vec<Draft>) -> Result<Vec<Option<PushedJob>>, PushError> {
        if drafts.len() > limits::JOBS_PER_PUSH_MAX {
            return Err(PushError::Invalid(Invalid::new(format!(
                "{} jobs are too many for one push: push at most {} at a time",
                drafts.len(),
                limits::JOBS_PER_PUSH_MAX
            ))));
        }
        let now = self.clock().now();
        let prepared = drafts.into_iter().map(|draft| self.prepare(draft, now)).collect::<Result<Vec<_>, _>>()?;
        let is_pushed: Vec<bool> = prepared.iter().map(Option::is_some).collect();
        let jobs: Vec<NewJob> = prepared.into_iter().flatten().collect();
        let answers = if jobs.is_empty() { Vec::new() } else { self.push_jobs(&jobs).await? };
        let pushed: Vec<_> =
            jobs.into_iter().zip(answers).map(|(job, answer)| PushedJob { jid: job.jid, answer }).collect();
        self.tell_pushed(&pushed).await;
        let mut pushed = pushed.into_iter();
        Ok(is_pushed.into_iter().map(|is_pushed| if is_pushed { pushed.next() } else { None }).collect())
    }
}

/// A push of many jobs that is being prepared: await it to push.
///
/// What is said here holds for each of the jobs, as it does for one in a [`Push`](crate::Push).
#[derive(Debug)]
#[must_use = "nothing is pushed until this is awaited"]
pub struct PushBulk {
    client: Client,
    drafts: Result<Vec<Draft>, PushError>,
}

impl PushBulk {
    /// Schedules all the jobs for one time; one that is not in the future means at once.
    pub fn at(self, time: impl Into<Timestamp>) -> Self {
        let at = time.into();
        self.each(|draft| {
            draft.at = Some(at);
            Ok(())
        })
    }

    /// Schedules each job for the time at its place in the list, which is as long as the list of jobs.
    pub fn at_each(self, times: Vec<Timestamp>) -> Self {
        self.set(|drafts| {
            if drafts.len() != times.len() {
                return Err(PushError::Invalid(Invalid::new(format!(
                    "there are {} times for {} jobs: give one for each job",
                    times.len(),
                    drafts.len()
                ))));
            }
            drafts.iter_mut().zip(times).for_each(|(draft, at)| draft.at = Some(at));
            Ok(())
        })
    }

    job_options!();

    fn each(self, change: impl FnMut(&mut Draft) -> Result<(), PushError>) -> Self {
        self.set(|drafts| drafts.iter_mut().try_for_each(change))
    }

    fn set(mut self, change: impl FnOnce(&mut Vec<Draft>) -> Result<(), PushError>) -> Self {
        if let Ok(drafts) = &mut self.drafts
            && let Err(error) = change(drafts)
        {
            self.drafts = Err(error);
        }
        self
    }
}

impl IntoFuture for PushBulk {
    type Output = Result<Vec<PushedJob>, PushError>;
    type IntoFuture = BoxFuture<'static, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move { self.client.push_drafts(self.drafts?).await })
    }
}
