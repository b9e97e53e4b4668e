//! What a running job is told.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use sancho_core::checkpointed::{Checkpointed, Progress};
use sancho_core::{Jid, Payload, QueueName};
use serde::Deserialize;
use serde_json::value::RawValue;
use tokio::sync::watch;

use crate::Client;
use crate::server::performance::Performance;
use crate::trace::TraceContext;

/// What a running job is told, and what it may ask for.
#[derive(Debug)]
pub struct Context<S> {
    pub(crate) shared: Arc<Shared<S>>,
    pub(crate) performance: Arc<Performance>,
}

/// What every job of a server is told.
#[derive(Debug)]
pub(crate) struct Shared<S> {
    pub(crate) state: Arc<S>,
    pub(crate) client: Client,
    pub(crate) stopping: watch::Receiver<bool>,
    pub(crate) stop_timeout: Duration,
}

impl<S> Context<S> {
    /// The application's state.
    pub fn state(&self) -> &S {
        &self.shared.state
    }

    /// A client of the same store. A job may push its own key through it, for after itself.
    pub fn client(&self) -> Client {
        self.shared.client.for_job(self.jid().clone(), self.performance.trace.clone())
    }

    /// The job's id. A job that another program pushed without one runs under the id `none`.
    pub fn jid(&self) -> &Jid {
        static NONE: LazyLock<Jid> = LazyLock::new(|| Jid::new("none").expect("a short word is a jid"));
        self.performance.jid.as_ref().unwrap_or(&NONE)
    }

    /// The class, as it stands in the payload.
    pub fn class(&self) -> &str {
        &self.performance.class
    }

    /// The queue that the job was taken from.
    pub fn queue(&self) -> &QueueName {
        &self.performance.claim.queue
    }

    /// The job as the store keeps it, to the byte.
    pub fn payload(&self) -> &Payload {
        &self.performance.claim.payload
    }

    /// The job's tags; read from the payload at each call.
    pub fn tags(&self) -> Vec<String> {
        self.payload().envelope().map(|envelope| envelope.tags()).unwrap_or_default()
    }

    /// The payload's member of this name, such as one that [`Push::member`](crate::Push::member) added; `None` when
    /// there is none, or it is of another type. Read from the payload at each call.
    ///
    /// ```
    /// # fn example(cx: &sancho::Context<()>) {
    /// let tenant: Option<String> = cx.member("tenant");
    /// # }
    /// ```
    pub fn member<'a, T: Deserialize<'a>>(&'a self, name: &str) -> Option<T> {
        let members: HashMap<String, &'a RawValue> = serde_json::from_slice(self.payload().as_bytes()).ok()?;
        serde_json::from_str(members.get(name)?.get()).ok()
    }

    /// The trace that the job belongs to, if whoever pushed it belonged to one.
    ///
    /// While the job's code runs, [`trace::current`](crate::trace::current) answers it too; what the job pushes carries
    /// it on.
    pub fn trace(&self) -> Option<&TraceContext> {
        self.performance.trace.as_deref()
    }

    /// [`Context::trace`] as the text of W3C's header `traceparent`.
    pub fn traceparent(&self) -> Option<String> {
        self.trace().map(TraceContext::traceparent)
    }

    /// Which try this is: one for the first. Tries that a stop or a crash cut short do not count.
    pub fn attempt(&self) -> u32 {
        self.performance.attempt
    }

    /// Whether the server is stopping: a long job may then come to an end early.
    pub fn is_stopping(&self) -> bool {
        *self.shared.stopping.borrow()
    }

    /// How long the job may go on once the server begins to stop. It may be cut short before, by a second INT.
    pub fn stop_timeout(&self) -> Duration {
        self.shared.stop_timeout
    }

    /// Resolves when the server begins to stop.
    ///
    /// The job may go on until the stop's timeout; then it is dropped, and returns to the front of its queue.
    pub async fn stopping(&self) {
        let mut stopping = self.shared.stopping.clone();
        // An error means that the server is gone, which is as good as stopping.
        _ = stopping.wait_for(|stopping| *stopping).await;
    }

    /// Whether the job is to come to an end: it was canceled, it has run for as long as it may, or its process lost it.
    ///
    /// A job that was canceled may go on for [`limits::CANCEL_GRACE`](sancho_core::limits::CANCEL_GRACE). One that is
    /// done by then is done; one that answers an error is canceled, and so is one that goes on: its code is dropped
    /// where it awaits next. Code that does not await cannot be dropped, and should look here now and then.
    pub fn is_cancelled(&self) -> bool {
        self.performance.canceled.is_raised()
    }

    /// Resolves when [`Context::is_cancelled`] becomes true.
    pub async fn cancelled(&self) {
        self.performance.canceled.wait().await;
    }

    /// How long the job may run, if that is limited. It is dropped then, and has failed as `Timeout`.
    pub fn timeout(&self) -> Option<Duration> {
        self.performance.timeout
    }

    /// Names what the job does now, for whoever asks what runs: at most
    /// [`limits::STEP_CHARS_MAX`](sancho_core::limits::STEP_CHARS_MAX) characters of it. Cheap: it stays in memory, and
    /// what was named last is kept with the job about once a second.
    pub fn step(&self, name: &str) {
        self.performance.kept.say_step(name);
    }

    /// Tells how far the job is, in units of its own; a total of zero means that nobody knows it. Cheap, as
    /// [`Context::step`].
    ///
    /// ```
    /// # async fn resize(page: u64) {}
    /// # async fn example(cx: &sancho::Context<()>) {
    /// let pages = 50;
    /// let first = cx.last_progress().map_or(0, |progress| progress.done);
    /// for page in first..pages {
    ///     resize(page).await;
    ///     cx.progress(page + 1, pages);
    /// }
    /// # }
    /// ```
    pub fn progress(&self, done: u64, total: u64) {
        self.performance.kept.say_progress(Progress { done, total });
    }

    /// How far an earlier run of the job came that was cut short: by a stop, or with its process. What was told in the
    /// last second before a crash may be missing. A run that failed leaves its progress too.
    pub fn last_progress(&self) -> Option<Progress> {
        self.earlier()?.progress()
    }

    /// The step that an earlier run of the job named last, as for [`Context::last_progress`].
    pub fn last_step(&self) -> Option<String> {
        self.earlier()?.step()
    }

    fn earlier(&self) -> Option<Checkpointed> {
        self.performance.claim.checkpoint.as_deref().map(Checkpointed::read)
    }
}
