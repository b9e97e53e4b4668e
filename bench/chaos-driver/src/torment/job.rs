//! The job of a torment: what it does, and how it is pushed, follows from the seed and its number alone.

use std::time::Duration;

use anyhow::{Result, anyhow};
use sancho::core::lifecycle::Failure;
use sancho::{Backoff, Client, Context, Draft, Job, JobResult, Key, OnConflict, Perform, QueueName};
use serde::{Deserialize, Serialize};

use super::number::Number;
use super::scribe::Scribe;
use crate::dice::roll;
use crate::job::{OWN_QUEUE, Page, RETRY_AFTER, SHARED_QUEUE};
use crate::ledger::Verb;

/// Names that keyed jobs share: few enough that pushes meet.
pub(super) const KEYS: u64 = 50;

/// A job whose arguments say what becomes of it.
#[derive(Clone, Debug, PartialEq, Eq, Job, Serialize, Deserialize)]
#[job(class = "TormentJob", retry = 25)]
pub(super) struct TormentJob {
    /// Its number.
    pub(super) number: u64,
    /// How long each try takes.
    pub(super) lasts_ms: u64,
    /// How many tries fail before one succeeds.
    pub(super) failures: u32,
    /// Whether it pushes another job while it runs.
    pub(super) follows: bool,
}

/// How a job is pushed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Terms {
    /// How long after its push it is due.
    pub(super) after: Option<Duration>,
    /// Its key, by number, and what is to happen when that is taken.
    pub(super) key: Option<(u64, OnConflict)>,
}

impl TormentJob {
    /// The job of this number: one in three sleeps, some of those up to 200 ms; one in twenty fails at first, one in
    /// twenty pushes another. One that was pushed by a job pushes none.
    pub(super) fn new(seed: u64, number: Number, by_job: bool) -> Self {
        let dice = roll(seed, number.get());
        let lasts_ms = match dice % 100 {
            0..50 => 0,
            50..85 => 1 + (dice >> 8) % 8,
            _ => 1 + (dice >> 8) % 200,
        };
        // A job with a key may be replaced while it waits for its next try, and then nobody could count its tries.
        let failures = match (dice >> 32) % 40 {
            _ if Terms::new(seed, number).key.is_some() => 0,
            0 => 1,
            1 => 2,
            _ => 0,
        };
        let follows = !by_job && (dice >> 40).is_multiple_of(20);
        TormentJob { number: number.get(), lasts_ms, failures, follows }
    }

    /// What to push for this number, under an id that ends with it.
    pub(super) fn draft(client: &Client, seed: u64, number: Number, by_job: bool) -> Result<Draft> {
        let job = TormentJob::new(seed, number, by_job);
        let mut draft = client.draft(TormentJob::CLASS, job.to_args()?);
        draft.jid = number.into_jid(&draft.jid)?;
        draft.queue = QueueName::new(if job.number.is_multiple_of(5) { SHARED_QUEUE } else { OWN_QUEUE })?;
        draft.retry = TormentJob::options().retry;
        let Terms { after, key } = Terms::new(seed, number);
        draft.at = after.map(|after| client.clock().now() + after);
        if let Some((key, on_conflict)) = key {
            draft.key = Some(key_of(key)?);
            draft.on_conflict = on_conflict;
        }
        Ok(draft)
    }
}

impl Terms {
    /// The terms of this number: one in ten is due one to ten seconds later, one in twenty has a key.
    pub(super) fn new(seed: u64, number: Number) -> Self {
        let dice = roll(seed ^ u64::MAX, number.get());
        let after = dice.is_multiple_of(10).then(|| Duration::from_millis(1_000 + (dice >> 8) % 9_000));
        let on_conflict = match (dice >> 16) % 3 {
            0 => OnConflict::Keep,
            1 => OnConflict::Replace,
            _ => OnConflict::Refuse,
        };
        let key = (dice >> 32).is_multiple_of(20).then_some(((dice >> 40) % KEYS, on_conflict));
        Terms { after, key }
    }
}

/// The key of this number.
pub(super) fn key_of(key: u64) -> Result<Key> {
    Ok(Key::new(format!("torment:{key}"))?)
}

impl Perform<Scribe> for TormentJob {
    async fn perform(self, cx: &Context<Scribe>) -> JobResult {
        let scribe = cx.state();
        let page = Page::open(scribe.ledger(), self.number, cx.attempt())?;
        if self.lasts_ms > 0 {
            tokio::time::sleep(Duration::from_millis(self.lasts_ms)).await;
        }
        if cx.attempt() <= self.failures {
            page.close(Verb::Failed)?;
            return Err(anyhow!("this try was to fail").into());
        }
        if self.follows {
            scribe.push_one(&cx.client()).await?;
        }
        page.close(Verb::Done)?;
        Ok(())
    }

    fn backoff(_: u32, _: &Failure) -> Backoff {
        Backoff::After(RETRY_AFTER)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_torment_has_every_kind_of_job() {
        let numbers = super::super::number::Numbers::new(1);
        let jobs: Vec<_> = (0..2_000)
            .map(|_| {
                let number = numbers.next().expect("a number");
                (TormentJob::new(7, number, false), Terms::new(7, number))
            })
            .collect();
        let count = |is: fn(&(TormentJob, Terms)) -> bool| jobs.iter().filter(|&job| is(job)).count();
        assert!(count(|(job, _)| job.lasts_ms == 0) > 500);
        assert!(count(|(job, _)| job.lasts_ms > 100) > 50);
        assert!(count(|(job, _)| job.failures > 0) > 50);
        assert!(count(|(job, _)| job.follows) > 50);
        assert!(count(|(_, terms)| terms.after.is_some()) > 100);
        for wanted in [OnConflict::Keep, OnConflict::Replace, OnConflict::Refuse] {
            let has = |terms: &Terms| matches!(terms.key, Some((_, on_conflict)) if on_conflict == wanted);
            assert!(jobs.iter().any(|(_, terms)| has(terms)), "{wanted:?}");
        }
        assert!(jobs.iter().all(|(job, terms)| terms.key.is_none() || job.failures == 0));
    }
}
