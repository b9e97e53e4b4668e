//! Runs a job's code so that its panic is a failure, with place and backtrace, and not the process's end.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::{Arc, Once};
use std::task::{Context, Poll};

use sancho_core::Outcome;
use sancho_core::lifecycle::Failure;

use crate::JobError;
use crate::registry::Run;
use crate::server::line;
use crate::server::performance::Performance;

thread_local! {
    /// Whether the code that this thread polls now is a job's that wants backtraces.
    static WANTS_BACKTRACE: Cell<bool> = const { Cell::new(false) };
    /// Whether this thread polls a job's code now.
    static IN_JOB: Cell<bool> = const { Cell::new(false) };
    /// Where the last panic in a job's code was, for whoever catches it.
    static PANICKED: RefCell<Option<Panicked>> = const { RefCell::new(None) };
}

struct Panicked {
    location: String,
    backtrace: Vec<String>,
}

/// Whether an error that is made now should keep a backtrace: a job asked for it.
pub(crate) fn wants_backtrace() -> bool {
    WANTS_BACKTRACE.get()
}

/// The backtrace of the caller, one frame an entry.
pub(crate) fn backtrace() -> Vec<String> {
    let text = std::backtrace::Backtrace::force_capture().to_string();
    // Two lines a frame: what, and where.
    let mut frames: Vec<String> = Vec::new();
    for line in text.lines().map(str::trim) {
        match (line.strip_prefix("at "), frames.last_mut()) {
            (Some(place), Some(frame)) => {
                frame.push_str(" at ");
                frame.push_str(place);
            }
            _ => frames.push(line.to_owned()),
        }
    }
    frames
}

/// Notes where jobs panic, before the hook that the application has. Done once in a process.
pub(crate) fn note_panics() {
    static NOTED: Once = Once::new();
    NOTED.call_once(|| {
        let previous = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            if IN_JOB.get() {
                let location = info.location().map(ToString::to_string).unwrap_or_default();
                let backtrace = if wants_backtrace() { backtrace() } else { Vec::new() };
                PANICKED.set(Some(Panicked { location, backtrace }));
            }
            previous(info);
        }));
    });
}

/// A job's future, whose panics are failures, also when it is dropped.
pub(crate) struct Guarded {
    run: Option<Run>,
    wants_backtrace: bool,
    performance: Arc<Performance>,
    span: tracing::Span,
}

impl Guarded {
    pub(crate) fn new(run: Run, wants_backtrace: bool, performance: Arc<Performance>) -> Self {
        let Performance { telling, class, jid, claim, .. } = &*performance;
        let span = line::span(*telling, class, jid.as_ref(), &claim.queue);
        Guarded { run: Some(run), wants_backtrace, performance, span }
    }
}

impl Future for Guarded {
    type Output = Outcome;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Outcome> {
        let this = &mut *self;
        let Some(run) = &mut this.run else { return Poll::Pending };
        this.performance.polls.enter();
        // What an error says of itself is the job's code too.
        let polled = guarded(this.wants_backtrace, || {
            let _span = this.span.enter();
            run.as_mut().poll(cx).map(|result| result.map_or_else(JobError::into_outcome, |()| Outcome::Done))
        });
        this.performance.polls.leave();
        polled.unwrap_or_else(|failure| Poll::Ready(Outcome::Failed(failure)))
    }
}

impl Drop for Guarded {
    fn drop(&mut self) {
        let run = self.run.take();
        // What is left of a job may panic as it is dropped.
        _ = guarded(false, || {
            let _span = self.span.enter();
            drop(run);
        });
    }
}

/// Calls a job's code; a panic is a failure.
pub(crate) fn guarded<T>(wants_backtrace: bool, code: impl FnOnce() -> T) -> Result<T, Failure> {
    IN_JOB.set(true);
    WANTS_BACKTRACE.set(wants_backtrace);
    let result = catch_unwind(AssertUnwindSafe(code));
    WANTS_BACKTRACE.set(false);
    IN_JOB.set(false);
    result.map_err(|panic| {
        let failure = failure(&*panic);
        // What a panic leaves behind may panic once more as it is dropped; what that one leaves is not looked at.
        if let Err(again) = catch_unwind(AssertUnwindSafe(|| drop(panic))) {
            std::mem::forget(again);
        }
        failure
    })
}

fn failure(panic: &(dyn Any + Send)) -> Failure {
    let said = panic
        .downcast_ref::<&str>()
        .map(|said| (*said).to_owned())
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "a value that is no text".to_owned());
    let noted = PANICKED.take();
    let (location, backtrace) = noted.map_or_else(Default::default, |noted| (noted.location, noted.backtrace));
    let message = if location.is_empty() { said } else { format!("{said} (panicked at {location})") };
    Failure { class: "Sancho::Panic".to_owned(), message, backtrace, ..Failure::default() }
}
