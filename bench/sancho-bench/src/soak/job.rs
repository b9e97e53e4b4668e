//! The job of every soak: its number alone says how it is pushed and what becomes of it.

use std::time::Duration;

use anyhow::{Result, anyhow};
use sancho::core::lifecycle::Failure;
use sancho::{Backoff, Client, Context, Draft, Job, JobResult, Key, Perform, Timestamp};
use serde::{Deserialize, Serialize};

use super::server::Hoard;

/// How far ahead a scheduled job is pushed, and how long a failed one waits.
const AHEAD: Duration = Duration::from_secs(2);
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// Bytes of the text that a job brings, and of a long one.
const TEXT_BYTES: usize = 40;
const LONG_TEXT_BYTES: usize = 8 * 1024;

/// A job that does next to nothing.
#[derive(Debug, Job, Serialize, Deserialize)]
#[job(class = "SoakJob", retry = 3)]
pub struct SoakJob {
    number: u64,
    text: String,
}

/// What is special about a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Plain,
    /// Its first try fails.
    FailsOnce,
    /// Its only try fails: it goes to the dead set.
    Dies,
    Scheduled,
    Keyed,
    Long,
}

impl Kind {
    fn of(number: u64) -> Self {
        match number {
            _ if number % 200 == 199 => Kind::Dies,
            _ if number % 50 == 7 => Kind::FailsOnce,
            _ if number % 20 == 3 => Kind::Scheduled,
            _ if number % 10 == 1 => Kind::Keyed,
            _ if number % 100 == 5 => Kind::Long,
            _ => Kind::Plain,
        }
    }
}

/// The job of a number, ready to be pushed.
pub fn draft(client: &Client, number: u64, now: Timestamp) -> Result<Draft> {
    let kind = Kind::of(number);
    let bytes = if kind == Kind::Long { LONG_TEXT_BYTES } else { TEXT_BYTES };
    let job = SoakJob { number, text: "x".repeat(bytes) };
    let mut draft = client.draft(SoakJob::CLASS, job.to_args()?);
    draft.retry = SoakJob::options().retry;
    match kind {
        Kind::Dies => draft.retry = sancho::core::job::Retry::Limit(0),
        Kind::Scheduled => draft.at = Some(now + AHEAD),
        Kind::Keyed => draft.key = Some(Key::new(format!("soak:{number}"))?),
        Kind::Plain | Kind::FailsOnce | Kind::Long => {}
    }
    Ok(draft)
}

/// What the store has to count once so many jobs are performed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Expected {
    pub processed: u64,
    pub failed: u64,
    /// Jobs that died, of which the dead set keeps the newest.
    pub died: u64,
}

impl Expected {
    pub fn of(jobs: u64) -> Self {
        let of = |kind: Kind| (0..jobs).filter(|&number| Kind::of(number) == kind).count() as u64;
        let (again, died) = (of(Kind::FailsOnce), of(Kind::Dies));
        Expected { processed: jobs + again, failed: again + died, died }
    }
}

impl Perform<Hoard> for SoakJob {
    async fn perform(self, cx: &Context<Hoard>) -> JobResult {
        cx.state().keep_if_leaking();
        match Kind::of(self.number) {
            Kind::FailsOnce if cx.attempt() == 1 => Err(anyhow!("this try was to fail").into()),
            Kind::Dies => Err(anyhow!("this job was to die").into()),
            _ => Ok(()),
        }
    }

    fn backoff(_: u32, _: &Failure) -> Backoff {
        Backoff::After(RETRY_AFTER)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_soak_has_jobs_of_every_kind() {
        let expected = Expected::of(1_000);
        assert_eq!(expected, Expected { processed: 1_020, failed: 25, died: 5 });
        for kind in [Kind::Plain, Kind::Scheduled, Kind::Keyed, Kind::Long] {
            assert!((0..100).any(|number| Kind::of(number) == kind), "{kind:?}");
        }
    }
}
