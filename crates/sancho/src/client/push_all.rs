//! Any number of jobs: pushed batch by batch, the next one being prepared while one is on its way.

use std::fmt;
use std::time::Duration;

use sancho_core::{Backtrace, BoxFuture, Bury, Draft, NewJob, OnConflict, Pushed, QueueName, Retry, Timestamp};
use serde::Serialize;

use super::options::job_options;
use super::{Client, IntoDraft, PushError, PushedJob, RetryOption};

/// What one batch has at most. A store does nothing else while it takes a batch in, and a larger one saves nothing
/// more.
const BATCH_JOBS_MAX: usize = 1_000;

/// The size of payloads at which a batch is full, however few they are: two batches are in memory at a time.
const BATCH_BYTES: usize = 4 * 1024 * 1024;

/// Jobs that are prepared at a stretch, some 100 µs: then whoever shares the thread has a turn, the socket above all.
const STRETCH_JOBS: usize = 100;

impl Client {
    /// Pushes any number of jobs, once the answer is awaited: batch by batch, each batch all or none.
    ///
    /// The jobs are taken from the iterator as they are needed, so that a million of them take no more memory than two
    /// thousand. While a batch is on its way the next one is prepared. It is sent when that one has been answered:
    /// jobs of one queue run in the order given.
    ///
    /// Jobs that a client middleware stops are left out, and a key that is refused is no error: both are counted.
    ///
    /// A future that is dropped sends nothing more; the batch that is on its way is pushed as a whole, or not at all.
    ///
    /// ```no_run
    /// # async fn example(client: sancho::Client) -> Result<(), sancho::PushAllError> {
    /// use sancho::Raw;
    ///
    /// let pushed = client.push_all((0..1_000_000).map(|n| Raw::new("Resize", [n]))).queue("images").await?;
    /// assert_eq!(pushed.added, 1_000_000);
    /// # Ok(()) }
    /// ```
    pub fn push_all<'a, J, I>(&self, jobs: I) -> PushAll<'a>
    where
        J: IntoDraft,
        I: IntoIterator<Item = J, IntoIter: Send + 'a>,
    {
        let (client, mut jobs) = (self.clone(), jobs.into_iter().fuse());
        let next = move |now| jobs.next().map(|job| client.drafted(job, now));
        PushAll { client: self.clone(), jobs: Jobs { next: Box::new(next), changes: Vec::new() } }
    }
}

/// A push of any number of jobs that is being prepared: await it to push.
///
/// What is said here holds for each of the jobs, as it does for one in a [`Push`](crate::Push). A value that breaks a
/// rule is an error at the first job.
#[must_use = "nothing is pushed until this is awaited"]
pub struct PushAll<'a> {
    client: Client,
    jobs: Jobs<'a>,
}

impl fmt::Debug for PushAll<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PushAll").field("client", &self.client).finish_non_exhaustive()
    }
}

/// What came of the jobs of a [`PushAll`]: each of them is counted in one place.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct PushedAll {
    /// Jobs that were added, those included that replaced the holder of their key.
    pub added: u64,
    /// Jobs that were not added, because the job that holds their key was to be kept.
    pub kept: u64,
    /// Jobs that were not added, because their key is taken and the push was to be refused.
    pub refused: u64,
    /// Jobs that were there already, as those of a batch that was sent once more after an unknown outcome.
    pub repeated: u64,
    /// Jobs that a client middleware stopped.
    pub stopped: u64,
}

impl PushedAll {
    /// How many jobs that is altogether.
    pub fn jobs(&self) -> u64 {
        self.added + self.kept + self.refused + self.repeated + self.stopped
    }

    fn count(&mut self, answers: &[Pushed]) {
        for answer in answers {
            *match answer {
                Pushed::Kept { .. } => &mut self.kept,
                Pushed::Refused { .. } => &mut self.refused,
                Pushed::Repeated => &mut self.repeated,
                _ => &mut self.added,
            } += 1;
        }
    }
}

/// Why a [`PushAll`] came to an end before its jobs did.
///
/// What is on the store for certain stands in `done`. Of the batch behind that nothing was pushed, unless the store
/// says that the outcome is unknown; of all others nothing was, although up to two batches more have been taken from
/// the iterator.
#[derive(Debug, thiserror::Error)]
#[error("after the first {} jobs: {error}", .done.jobs())]
#[non_exhaustive]
pub struct PushAllError {
    /// What came of the first [`PushedAll::jobs`] jobs of those given.
    pub done: PushedAll,
    /// Why the job or the batch behind them was not pushed.
    pub error: PushError,
}

impl PushAll<'_> {
    /// Schedules all the jobs for one time; one that is not in the future means at once.
    pub fn at(self, time: impl Into<Timestamp>) -> Self {
        let at = time.into();
        self.each(move |draft| {
            draft.at = Some(at);
            Ok(())
        })
    }

    job_options!();

    fn each(mut self, change: impl FnMut(&mut Draft) -> Result<(), PushError> + Send + 'static) -> Self {
        self.jobs.changes.push(Box::new(change));
        self
    }

    async fn push(self) -> Result<PushedAll, PushAllError> {
        let PushAll { client, mut jobs } = self;
        let mut done = PushedAll::default();
        let mut prepared = jobs.prepare(&client).await;
        loop {
            let batch = match prepared {
                Ok(batch) if batch.is_empty() => return Ok(done),
                Ok(batch) => batch,
                Err(error) => return Err(PushAllError { done, error }),
            };
            // The push goes first: it is on its way before the next job is looked at.
            let (pushed, next) = tokio::join!(client.push_batch(batch, &mut done), jobs.prepare(&client));
            if let Err(error) = pushed {
                return Err(PushAllError { done, error });
            }
            prepared = next;
        }
    }
}

impl<'a> IntoFuture for PushAll<'a> {
    type Output = Result<PushedAll, PushAllError>;
    type IntoFuture = BoxFuture<'a, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.push())
    }
}

impl Client {
    /// Pushes a batch and counts what came of its jobs.
    async fn push_batch(&self, batch: Batch, done: &mut PushedAll) -> Result<(), PushError> {
        let Batch { jobs, stopped } = batch;
        if !jobs.is_empty() {
            let answers = self.push_jobs(&jobs).await?;
            done.count(&answers);
            if !self.setup.middleware.is_empty() {
                let jobs = jobs.into_iter().zip(answers);
                let pushed: Vec<_> = jobs.map(|(job, answer)| PushedJob { jid: job.jid, answer }).collect();
                self.tell_pushed(&pushed).await;
            }
        }
        done.stopped += stopped;
        Ok(())
    }
}

/// Jobs that go together.
#[derive(Debug)]
struct Batch {
    jobs: Vec<NewJob>,
    stopped: u64,
}

impl Batch {
    /// Whether there was no job left for it.
    fn is_empty(&self) -> bool {
        self.jobs.is_empty() && self.stopped == 0
    }
}

/// The draft of the next job, as of a time.
type NextDraft<'a> = dyn FnMut(Timestamp) -> Option<Result<Draft, PushError>> + Send + 'a;

/// What an option says of each job.
type Change = dyn FnMut(&mut Draft) -> Result<(), PushError> + Send;

/// The jobs that are not prepared yet.
struct Jobs<'a> {
    next: Box<NextDraft<'a>>,
    changes: Vec<Box<Change>>,
}

impl Jobs<'_> {
    /// Prepares the next batch; an empty one when there are no more jobs.
    async fn prepare(&mut self, client: &Client) -> Result<Batch, PushError> {
        let now = client.clock().now();
        let mut batch = Batch { jobs: Vec::with_capacity(BATCH_JOBS_MAX), stopped: 0 };
        let (mut taken, mut bytes) = (0, 0);
        while taken < BATCH_JOBS_MAX && bytes < BATCH_BYTES {
            if taken % STRETCH_JOBS == 0 {
                tokio::task::yield_now().await;
            }
            let Some(draft) = (self.next)(now) else { break };
            taken += 1;
            let mut draft = draft?;
            self.changes.iter_mut().try_for_each(|change| change(&mut draft))?;
            match client.prepare(draft, now)? {
                Some(job) => {
                    bytes += job.payload.as_bytes().len();
                    batch.jobs.push(job);
                }
                None => batch.stopped += 1,
            }
        }
        Ok(batch)
    }
}
