//! One job: which program it is, when the program has to end, and what its end means.

use std::ffi::OsString;
use std::io;
use std::process::ExitStatus;
use std::time::Duration;

use sancho::core::limits;
use sancho::{BoxFuture, Context, Fallback, JobError, JobResult};

use super::line::line;
use super::report::{GRACE, Report};
use super::run::{Ended, Run, Runs};
use super::{Program, span};

/// Exit codes that are no failures, beside zero; 75 is `EX_TEMPFAIL` of sysexits.h, 65 its `EX_DATAERR`.
const DISCARD: i32 = 65;
const SNOOZE: i32 = 75;

/// How long a job is put off when its program does not say.
const SNOOZE_FOR: Duration = Duration::from_secs(60);

/// How long after a program was ended by a signal a stop may begin that explains it: a service manager tells all
/// processes of a service at once, and the program may hear it first.
const STOP_FOLLOWS_WITHIN: Duration = Duration::from_secs(1);

/// Performs every class by a program.
#[derive(Debug)]
pub(crate) struct Exec {
    pub(crate) program: Program,
    /// How long a program may run.
    pub(crate) job_timeout: Option<Duration>,
    pub(crate) runs: Runs,
}

impl<S: Send + Sync + 'static> Fallback<S> for Exec {
    fn perform<'a>(&'a self, cx: &'a Context<S>) -> BoxFuture<'a, JobResult> {
        Box::pin(self.run(cx))
    }
}

impl Exec {
    async fn run<S: Send + Sync + 'static>(&self, cx: &Context<S>) -> JobResult {
        let (jid, class) = (cx.jid().as_str().to_owned(), cx.class().to_owned());
        let printed = move |stream: &'static str, text: &str| {
            tracing::debug!(target: "sancho::exec", jid, class, stream, "{text}");
        };
        let input = line(cx.payload().as_bytes());
        let mut run = Run::start(&self.program, &environment(cx), input, &self.runs, printed).map_err(unstarted)?;
        tokio::select! {
            biased;
            ended = run.ended() => self.meaning(cx, ended).await,
            () = cx.cancelled() => {
                // The rest is for killing what does not end, before the job is dropped.
                let ended = run.end(limits::CANCEL_GRACE * 2 / 3).await;
                // Whatever is an error now means that it was canceled.
                meaning(ended)
            }
            limit = over(self.job_timeout) => {
                let ended = run.end(GRACE).await;
                Err(timeout(limit, &ended))
            }
            grace = stop_comes_near(cx) => {
                let ended = run.end(grace).await;
                // It had its time to come to an end, and what it says by one holds.
                meaning(ended).map_err(|error| if is_failure(&error) { JobError::interrupted() } else { error })
            }
        }
    }

    /// What the end of a program means that nobody asked to end.
    async fn meaning<S>(&self, cx: &Context<S>, ended: Ended) -> JobResult {
        if is_told_to_end(&ended) && tokio::time::timeout(STOP_FOLLOWS_WITHIN, cx.stopping()).await.is_ok() {
            return Err(JobError::interrupted());
        }
        meaning(ended)
    }
}

/// Resolves when a program has to be told that the server's stop will not wait for it much longer; answers how long
/// it has to end by itself. The stop then finds nothing that it would have to cut short.
async fn stop_comes_near<S>(cx: &Context<S>) -> Duration {
    cx.stopping().await;
    let ahead = GRACE.min(cx.stop_timeout() / 4);
    tokio::time::sleep(cx.stop_timeout() - ahead).await;
    // The rest is for killing what does not end, and for the way of the news.
    ahead * 3 / 4
}

fn environment<S>(cx: &Context<S>) -> [(&'static str, OsString); 4] {
    // A variable cannot hold a zero byte, and names may have any character.
    let value = |text: &str| text.replace('\0', "\u{fffd}").into();
    [
        ("SANCHO_JID", value(cx.jid().as_str())),
        ("SANCHO_CLASS", value(cx.class())),
        ("SANCHO_QUEUE", value(cx.queue().as_str())),
        ("SANCHO_ATTEMPT", cx.attempt().to_string().into()),
    ]
}

/// Resolves when so much time is over; never without a limit.
async fn over(limit: Option<Duration>) -> Duration {
    match limit {
        Some(limit) => {
            tokio::time::sleep(limit).await;
            limit
        }
        None => std::future::pending().await,
    }
}

/// What the end of a program means.
fn meaning(ended: Ended) -> JobResult {
    match ended.end {
        Ok(Report::Exited(0)) => Ok(()),
        Ok(Report::Exited(DISCARD)) => Err(JobError::discard()),
        Ok(Report::Exited(SNOOZE)) => {
            let said = ended.last_line.as_deref().and_then(span);
            Err(JobError::snooze(said.unwrap_or(SNOOZE_FOR)))
        }
        Ok(Report::Exited(code)) => {
            Err(failure(format!("Exec::Exit{code}"), &ended.stderr, || format!("exited with code {code}")))
        }
        Ok(Report::Signaled(number)) => {
            let name = signal_name(number);
            Err(failure(format!("Exec::{name}"), &ended.stderr, || format!("was ended by {name}")))
        }
        Ok(Report::Unstarted(reason)) => {
            Err(JobError::failure("Exec::NotStarted", format!("the program could not be started: {reason}")))
        }
        // The job is others' by now, or comes back to this server: no news of it counts.
        Ok(Report::Abandoned) => Err(JobError::interrupted()),
        Ok(Report::Started(_)) | Err(None) => Err(lost("nothing is known of it")),
        Err(Some(status)) => Err(lost(&status_text(status))),
    }
}

/// A failure whose message is what the program said last, else what became of it.
fn failure(class: String, stderr: &str, otherwise: impl FnOnce() -> String) -> JobError {
    let message = if stderr.is_empty() {
        format!("the program {}, and wrote nothing to standard error", otherwise())
    } else {
        stderr.to_owned()
    };
    JobError::failure(class, message)
}

fn timeout(limit: Duration, ended: &Ended) -> JobError {
    let mut message = format!("the program ran longer than its timeout of {limit:?}");
    if !ended.stderr.is_empty() {
        message = format!("{message}\n{}", ended.stderr);
    }
    JobError::failure("Timeout", message)
}

fn unstarted(error: io::Error) -> JobError {
    JobError::failure("Exec::NotStarted", format!("the system gives no process for the program: {error}"))
}

fn lost(how: &str) -> JobError {
    let message = format!("the process that keeps the program ended before it ({how}), and the program was killed");
    JobError::failure("Exec::Lost", message)
}

fn status_text(status: ExitStatus) -> String {
    use std::os::unix::process::ExitStatusExt;
    status.signal().map_or_else(|| status.to_string(), signal_name)
}

/// Whether a program ended by a signal that asks to end, rather than by one that tells of a defect.
fn is_told_to_end(ended: &Ended) -> bool {
    use rustix::process::Signal;
    let asks = [Signal::TERM, Signal::INT, Signal::HUP, Signal::QUIT].map(Signal::as_raw);
    matches!(ended.end, Ok(Report::Signaled(number)) if asks.contains(&number))
}

/// Whether a wish is a failure, and no discard or snooze.
fn is_failure(error: &JobError) -> bool {
    error.error().is_some()
}

/// The name of a signal, such as `SIGKILL`.
fn signal_name(number: i32) -> String {
    use rustix::process::Signal;
    let names = [
        (Signal::HUP, "SIGHUP"),
        (Signal::INT, "SIGINT"),
        (Signal::QUIT, "SIGQUIT"),
        (Signal::ILL, "SIGILL"),
        (Signal::TRAP, "SIGTRAP"),
        (Signal::ABORT, "SIGABRT"),
        (Signal::BUS, "SIGBUS"),
        (Signal::FPE, "SIGFPE"),
        (Signal::KILL, "SIGKILL"),
        (Signal::USR1, "SIGUSR1"),
        (Signal::SEGV, "SIGSEGV"),
        (Signal::USR2, "SIGUSR2"),
        (Signal::PIPE, "SIGPIPE"),
        (Signal::ALARM, "SIGALRM"),
        (Signal::TERM, "SIGTERM"),
        (Signal::XCPU, "SIGXCPU"),
        (Signal::XFSZ, "SIGXFSZ"),
        (Signal::SYS, "SIGSYS"),
    ];
    let name = names.into_iter().find(|(signal, _)| signal.as_raw() == number).map(|(_, name)| name.to_owned());
    name.unwrap_or_else(|| format!("Signal{number}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ended(end: Report, stderr: &str, last_line: &str) -> Ended {
        let last_line = (!last_line.is_empty()).then(|| last_line.to_owned());
        Ended { end: Ok(end), stderr: stderr.to_owned(), last_line }
    }

    #[test]
    fn each_end_has_its_meaning() {
        let said = |end, stderr, out| match meaning(ended(end, stderr, out)) {
            Ok(()) => "done".to_owned(),
            Err(error) => format!("{error:?}"),
        };
        assert_eq!(said(Report::Exited(0), "noise", ""), "done");
        for (end, stderr, out, parts) in [
            (Report::Exited(65), "", "", vec!["Discard"]),
            (Report::Exited(75), "", "", vec!["Snooze(60s)"]),
            (Report::Exited(75), "", "90", vec!["Snooze(90s)"]),
            (Report::Exited(75), "", "10m", vec!["Snooze(600s)"]),
            (Report::Exited(75), "", "not yet", vec!["Snooze(60s)"]),
            (Report::Exited(1), "no such user", "", vec!["Exec::Exit1", "no such user"]),
            (Report::Exited(3), "", "", vec!["Exec::Exit3", "exited with code 3"]),
            (Report::Signaled(9), "", "", vec!["Exec::SIGKILL", "was ended by SIGKILL"]),
            (Report::Signaled(63), "", "", vec!["Exec::Signal63"]),
            (Report::Unstarted("x: No such file".into()), "", "", vec!["Exec::NotStarted", "x: No such file"]),
        ] {
            let said = said(end, stderr, out);
            for part in parts {
                assert!(said.contains(part), "{part} in {said}");
            }
        }
    }
}
