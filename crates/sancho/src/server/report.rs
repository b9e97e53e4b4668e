//! What each slot is doing: for the log, for pages and for probes.

use std::sync::Arc;
use std::time::Duration;

use sancho_core::checkpointed::Progress;
use sancho_core::{Jid, QueueName, Timestamp};

use crate::Runs;
use crate::server::capsule::live::LiveCapsule;
use crate::server::capsules::Capsules;
use crate::server::lease::Lease;
use crate::server::performance::Performance;
use crate::server::roster::{Roster, Rosters};

/// A job that runs in this process.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct RunningJobReport {
    /// The job's id; `None` when its payload has none.
    pub jid: Option<Jid>,
    /// The class that people know it by.
    pub class: String,
    /// The queue that it was taken from.
    pub queue: QueueName,
    /// The capsule in whose slots it runs.
    pub capsule: String,
    /// Which try this is: one for the first.
    pub attempt: u32,
    /// When it began, in the store's time.
    pub since: Timestamp,
    /// How long it runs.
    pub elapsed: Duration,
    /// The trace that it belongs to, as W3C's header of this name.
    pub traceparent: Option<String>,
    /// The step that it named last.
    pub step: Option<String>,
    /// The progress that it told last.
    pub progress: Option<Progress>,
    /// Whether it was told to come to an end.
    pub is_cancelled: bool,
    /// What its code is doing.
    pub doing: Doing,
}

/// What a job's code is doing.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Doing {
    /// It waits for something, and holds up nobody.
    Waits,
    /// It runs on a thread of the runtime, and has not yielded for so long at the least.
    Runs {
        /// How long nobody has seen it yield.
        not_yielded: Duration,
    },
    /// It is a blocking job, and no thread is free for it yet.
    WaitsForThread,
    /// It has a thread of its own.
    HasThread(ThreadReport),
}

/// A thread that runs a blocking job.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct ThreadReport {
    /// Its name, such as `sancho-block-3`.
    pub name: String,
    /// What the system says of it, in the letters of `ps`: `R` it runs, `S` it waits, `D` it waits for a disk. `None`
    /// where the system does not tell; only Linux does.
    pub state: Option<char>,
    /// The CPU time that it has taken since it started, which may be for earlier jobs too. `None` where the system does
    /// not tell.
    pub cpu: Option<Duration>,
}

/// Makes reports, and knows nothing of the application's state.
#[derive(Clone)]
pub(crate) struct Overview {
    make: Arc<dyn Fn() -> Vec<RunningJobReport> + Send + Sync>,
}

impl Overview {
    pub(crate) fn of<S: Send + Sync + 'static>(
        rosters: Arc<Rosters<S>>,
        capsules: Arc<Capsules>,
        lease: Arc<Lease>,
    ) -> Self {
        let make = move || {
            let uptime = lease.uptime();
            let of_capsule = |(capsule, roster): (&Arc<LiveCapsule>, &Arc<Roster<S>>)| {
                let report = |performance: Arc<Performance>| report(&performance, capsule, uptime);
                roster.performances().into_iter().map(report).collect::<Vec<_>>()
            };
            capsules.all().iter().zip(&rosters.0).flat_map(of_capsule).collect()
        };
        Overview { make: Arc::new(make) }
    }

    pub(crate) fn make(&self) -> Vec<RunningJobReport> {
        (self.make)()
    }

    /// Says in the log what each slot is doing.
    pub(crate) fn dump(&self) {
        let jobs = self.make();
        tracing::info!(target: "sancho::dump", running = jobs.len(), "what each slot is doing");
        for job in jobs {
            job.log();
        }
    }
}

impl std::fmt::Debug for Overview {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Overview")
    }
}

impl RunningJobReport {
    fn log(&self) {
        let jid = self.jid.as_ref().map(Jid::as_str);
        let progress = self.progress.map(|Progress { done, total }| format!("{done}/{total}"));
        let (doing, not_yielded_ms, thread) = match &self.doing {
            Doing::Waits => ("waits", None, None),
            Doing::Runs { not_yielded } => ("runs", Some(millis(*not_yielded)), None),
            Doing::WaitsForThread => ("waits for a thread", None, None),
            Doing::HasThread(thread) => ("has a thread", None, Some(thread)),
        };
        tracing::info!(
            target: "sancho::dump",
            class = self.class,
            jid,
            queue = %self.queue,
            capsule = self.capsule,
            attempt = self.attempt,
            since = self.since.as_unix_secs_f64(),
            elapsed_ms = millis(self.elapsed),
            traceparent = self.traceparent,
            step = self.step,
            progress,
            is_cancelled = self.is_cancelled,
            doing,
            not_yielded_ms,
            thread = thread.map(|thread| thread.name.as_str()),
            thread_state = thread.and_then(|thread| thread.state).map(String::from),
            thread_cpu_ms = thread.and_then(|thread| thread.cpu).map(millis),
            "a job runs"
        );
    }
}

fn report(performance: &Performance, capsule: &LiveCapsule, uptime: Duration) -> RunningJobReport {
    let said = performance.kept.some();
    RunningJobReport {
        jid: performance.jid.clone(),
        class: performance.shown_class().to_owned(),
        queue: performance.claim.queue.clone(),
        capsule: capsule.name.clone(),
        attempt: performance.attempt,
        since: performance.since,
        elapsed: uptime.saturating_sub(performance.began),
        traceparent: performance.trace.as_ref().map(|trace| trace.traceparent()),
        step: said.step.map(|step| step.to_string()),
        progress: said.progress,
        is_cancelled: performance.canceled.is_raised(),
        doing: doing(performance, uptime),
    }
}

fn doing(performance: &Performance, uptime: Duration) -> Doing {
    match (performance.runs, performance.seat.get()) {
        (Runs::Blocking, None) => Doing::WaitsForThread,
        (Runs::Blocking, Some(seat)) => {
            let told = seat.thread().and_then(crate::server::host::thread);
            let (state, cpu) = told.map_or((None, None), |(state, cpu)| (Some(state), cpu));
            Doing::HasThread(ThreadReport { name: seat.name().to_owned(), state, cpu })
        }
        _ => match performance.polls.look(uptime) {
            Some(not_yielded) => Doing::Runs { not_yielded },
            None => Doing::Waits,
        },
    }
}

fn millis(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}
