//! What every process of a torment has: its ledger, its numbers, and the way in which it pushes.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result};
use sancho::{Client, Draft, ErrorKind, PushError, Pushed, PushedJob};
use tokio::time::{Instant, sleep};

use super::job::TormentJob;
use super::number::{Number, Numbers};
use crate::ledger::{Ledger, Verb};

/// A push whose outcome is an error is tried again so soon, and for so long: well within the time for which a store
/// remembers a batch, so that the last try, which may wait for half a minute, still adds nothing twice.
const AGAIN_AFTER: Duration = Duration::from_millis(50);
const AGAIN_MAX: Duration = Duration::from_secs(25);

/// Writes what one process does.
#[derive(Debug)]
pub(super) struct Scribe {
    ledger: Ledger,
    numbers: Numbers,
    seed: u64,
}

impl Scribe {
    pub(super) fn open(ledger: &Path, name: &str, actor: u32, seed: u64) -> Result<Self> {
        Ok(Scribe { ledger: Ledger::open(ledger, name)?, numbers: Numbers::new(actor), seed })
    }

    pub(super) fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// Pushes so many new jobs in one batch until that is acknowledged, with the same ids each time; gives up, and
    /// leaves it open whether they are there, when that takes too long.
    pub(super) async fn push(&self, client: &Client, jobs: usize) -> Result<()> {
        let numbers = (0..jobs).map(|_| self.numbers.next()).collect::<Result<Vec<Number>>>()?;
        let draft = |&number: &Number| TormentJob::draft(client, self.seed, number, false);
        let drafts = numbers.iter().map(draft).collect::<Result<Vec<Draft>>>()?;
        self.note(Verb::Try, &numbers)?;
        let started = Instant::now();
        loop {
            match client.push_drafts(drafts.clone()).await {
                Ok(answers) => return self.answered(&numbers, &answers),
                Err(error) if may_pass_later(&error) => eprintln!("pushing {} jobs: {error}", numbers.len()),
                Err(error) => return Err(error).context("failed to push"),
            }
            if started.elapsed() > AGAIN_MAX {
                eprintln!("gave up a push of {} jobs", numbers.len());
                return Ok(());
            }
            sleep(AGAIN_AFTER).await;
        }
    }

    /// Pushes one new job from a running one, once: a job does not wait for a store that is away, and the follow-up
    /// then was never acknowledged.
    pub(super) async fn push_one(&self, client: &Client) -> Result<()> {
        let number = self.numbers.next()?;
        let draft = TormentJob::draft(client, self.seed, number, true)?;
        self.note(Verb::Try, &[number])?;
        match client.push_drafts(vec![draft]).await {
            Ok(answers) => self.answered(&[number], &answers),
            Err(error) if may_pass_later(&error) => Ok(()),
            Err(error) => Err(error).context("failed to push"),
        }
    }

    fn answered(&self, numbers: &[Number], answers: &[PushedJob]) -> Result<()> {
        for (number, PushedJob { answer, .. }) in numbers.iter().zip(answers) {
            match answer {
                Pushed::Added => self.note(Verb::Pushed, &[*number])?,
                Pushed::Replaced { holder } => {
                    let holder = Number::of(holder).context("the job that was replaced is none of this run")?;
                    self.note(Verb::Replaced, &[holder])?;
                    self.note(Verb::Pushed, &[*number])?;
                }
                Pushed::Kept { .. } | Pushed::Refused { .. } => self.note(Verb::Declined, &[*number])?,
                // The first answer is lost. Without a key the job was added; with one nobody knows.
                Pushed::Repeated => {
                    if super::job::Terms::new(self.seed, *number).key.is_none() {
                        self.note(Verb::Pushed, &[*number])?;
                    }
                }
                other => anyhow::bail!("a push was answered with {other:?}, which this program does not know"),
            }
        }
        Ok(())
    }

    fn note(&self, verb: Verb, numbers: &[Number]) -> Result<()> {
        let numbers = numbers.iter().map(|number| number.get());
        self.ledger.write_all(verb, numbers, 0).context("failed to write the ledger")
    }
}

/// Whether the same push may be acknowledged later.
fn may_pass_later(error: &PushError) -> bool {
    let later = [ErrorKind::Unavailable, ErrorKind::OutcomeUnknown, ErrorKind::Full];
    matches!(error, PushError::Store(error) if later.contains(&error.kind))
}
