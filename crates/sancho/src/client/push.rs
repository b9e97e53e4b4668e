//! One job's push: a builder that is a future.

use std::time::Duration;

use sancho_core::{
    Backtrace, BoxFuture, Bury, Draft, ErrorKind, Jid, Key, NewJob, OnConflict, Pushed, QueueName, Retry, StoreResult,
    Timestamp,
};
use serde::Serialize;

use super::options::job_options;
use super::{Client, IntoDraft, PushError, PushedJob, RetryOption};

impl Client {
    /// Pushes a job once the answer is awaited, with the options that are given before.
    ///
    /// A push of unknown outcome is repeated once, under the same id: a job is never added twice by that.
    ///
    /// ```no_run
    /// # async fn example(client: sancho::Client) -> Result<(), sancho::PushError> {
    /// use std::time::Duration;
    /// use sancho::Raw;
    ///
    /// client.push(Raw::new("HardWorker", (1, 2))).after(Duration::from_secs(60)).key("work:1").await?;
    /// # Ok(()) }
    /// ```
    pub fn push(&self, job: impl IntoDraft) -> Push {
        Push { client: self.clone(), draft: self.drafted(job, self.clock().now()), due: Due::Now }
    }

    /// Pushes jobs to the store; repeats the call once when its outcome is unknown.
    ///
    /// The store knows the batch by its ids and adds nothing twice. What is merely unavailable is reported at once:
    /// whether and how long to wait is the caller's to say.
    pub(super) async fn push_jobs(&self, jobs: &[NewJob]) -> StoreResult<Vec<Pushed>> {
        match self.store().push(jobs, self.clock().now()).await {
            Err(error) if error.kind == ErrorKind::OutcomeUnknown => self.store().push(jobs, self.clock().now()).await,
            answer => answer,
        }
    }

    /// Tells the middleware, in its order, which jobs have been pushed.
    pub(super) async fn tell_pushed(&self, jobs: &[PushedJob]) {
        for middleware in self.setup.middleware.iter() {
            for job in jobs {
                middleware.pushed(job).await;
            }
        }
    }
}

/// A push that is being prepared: await it to push.
///
/// What is said here goes before what the program is configured for, and that before what the class says.
///
/// A value that breaks a rule is remembered and reported when the push is awaited; nothing is pushed then.
#[derive(Debug)]
#[must_use = "nothing is pushed until this is awaited"]
pub struct Push {
    client: Client,
    draft: Result<Draft, PushError>,
    due: Due,
}

/// When a job is due.
#[derive(Clone, Copy, Debug)]
pub(super) enum Due {
    Now,
    After(Duration),
    At(Timestamp),
}

impl Push {
    /// Schedules the job for so long after the push.
    pub fn after(mut self, span: Duration) -> Self {
        self.due = Due::After(span);
        self
    }

    /// Schedules the job for a time; one that is not in the future means at once.
    pub fn at(mut self, time: impl Into<Timestamp>) -> Self {
        self.due = Due::At(time.into());
        self
    }

    /// Gives the job a name of the caller's own, such as `product:42`, by which it is found, cancelled and
    /// rescheduled. While the job lives, [`Push::on_conflict`] says what a push of the same key does.
    pub fn key(self, key: impl AsRef<str>) -> Self {
        self.each(|draft| {
            draft.key = Some(Key::new(&key)?);
            Ok(())
        })
    }

    /// Gives the job this id. A push repeated with the same id adds nothing.
    pub fn jid(self, jid: impl AsRef<str>) -> Self {
        self.each(|draft| {
            draft.jid = Jid::new(jid.as_ref())?;
            Ok(())
        })
    }

    job_options!();

    fn each(mut self, mut change: impl FnMut(&mut Draft) -> Result<(), PushError>) -> Self {
        if let Ok(draft) = &mut self.draft
            && let Err(error) = change(draft)
        {
            self.draft = Err(error);
        }
        self
    }

    /// The draft with its time, which counts from now.
    fn finish(self) -> Result<(Client, Draft), PushError> {
        let Push { client, draft, due } = self;
        let mut draft = draft?;
        match due {
            Due::Now => {}
            Due::After(span) => draft.at = Some(client.clock().now() + span),
            Due::At(time) => draft.at = Some(time),
        }
        Ok((client, draft))
    }
}

impl IntoFuture for Push {
    type Output = Result<PushedJob, PushError>;
    type IntoFuture = BoxFuture<'static, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let (client, draft) = self.finish()?;
            let Some(job) = client.prepare(draft, client.clock().now())? else { return Err(PushError::Stopped) };
            let answers = client.push_jobs(std::slice::from_ref(&job)).await?;
            let answer = answers.into_iter().next().expect("a store answers for each job");
            let pushed = one_answer(job, answer)?;
            client.tell_pushed(std::slice::from_ref(&pushed)).await;
            Ok(pushed)
        })
    }
}

/// What a push of one job says: a key that was refused is an error.
pub(crate) fn one_answer(job: NewJob, answer: Pushed) -> Result<PushedJob, PushError> {
    match (answer, job.key) {
        (Pushed::Refused { holder, state }, Some(key)) => Err(PushError::KeyTaken { key, holder, state }),
        (answer, _) => Ok(PushedJob { jid: job.jid, answer }),
    }
}
