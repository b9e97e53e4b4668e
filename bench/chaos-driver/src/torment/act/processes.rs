//! What befalls processes.

use std::time::Duration;

use anyhow::{Context, Result};
use tokio::time::{Instant, sleep};

use super::super::Torment;
use super::super::fates::Cause;
use super::super::house::Made;
use super::super::troupe::{Actor, Part, SERVERS, SLEEPER, Troupe};
use super::{LOOK_EVERY, UP_MAX};
use crate::ledger::now_us;

/// How long a pusher may take until it awaits an answer, and a server until it has a job in hand.
const BUSY_MAX: Duration = Duration::from_secs(60);

/// How long a signal may take to arrive.
const STOP_TAKES: Duration = Duration::from_millis(40);

/// How long a server is suspended before it is asked whether the others go on, and at how many moments it is tried.
const OTHERS_GO_ON: Duration = Duration::from_millis(500);
const MOMENTS: u32 = 20;

/// One suspension in so many may come in the middle of a commit to an SQLite file, which holds up everybody until it is
/// over: that is SQLite's way, and if all did nothing else would be tried.
const IN_COMMIT_EVERY: u64 = 4;

/// A push that began longer ago than this is given up rather than under way.
const PUSH_MAX: Duration = Duration::from_secs(20);

impl Torment {
    pub(super) async fn kill(&self, part: Part) -> Result<Made> {
        let mut troupe = self.troupe.lock().await;
        let actor = troupe.take(part)?;
        troupe.kill(actor, Cause::Killed).await?;
        troupe.enter(part)?;
        Ok(Made::Yes)
    }

    pub(super) async fn kill_pusher(&self, slot: usize) -> Result<Made> {
        let part = Part::Pusher(slot);
        let deadline = Instant::now() + BUSY_MAX;
        loop {
            {
                let mut troupe = self.troupe.lock().await;
                troupe.look().await?;
                let no = troupe.get(part).context("nobody pushes")?.no;
                let since_us = now_us().saturating_sub(PUSH_MAX.as_micros() as u64);
                if troupe.account.book(no).awaits_answer(since_us) {
                    let actor = troupe.take(part)?;
                    troupe.kill(actor, Cause::Killed).await?;
                    troupe.enter(part)?;
                    // What was under way may have been answered before the signal came.
                    if troupe.account.book(no).awaits_answer(since_us) {
                        return Ok(Made::Yes);
                    }
                }
            }
            if Instant::now() > deadline {
                return Ok(Made::No("no pusher was killed in the middle of a push".to_owned()));
            }
            sleep(LOOK_EVERY).await;
        }
    }

    pub(super) async fn kill_in_stop(&self, slot: usize, after: Duration) -> Result<Made> {
        let part = Part::Server(slot);
        // It stops when its last job is done: one has to last beyond the kill.
        let lasts = |troupe: &Troupe| {
            let no = troupe.get(part).filter(|_| troupe.is_up(part)).map(|actor| actor.no);
            no.is_some_and(|no| troupe.lasts_for(no) > after + STOP_TAKES)
        };
        if !self.until(BUSY_MAX, lasts).await? {
            return Ok(Made::No("the server had no job in hand that lasts".to_owned()));
        }
        let Some((mut actor, told_us)) = self.tell_to_stop(part).await? else {
            return Ok(Made::No("the server was not up in time".to_owned()));
        };
        sleep(after).await;
        let mut troupe = self.troupe.lock().await;
        let made = if actor.process.has_ended()? {
            troupe.left(&actor, told_us)?;
            Made::No(format!("the server had stopped within {after:?}"))
        } else {
            troupe.kill(actor, Cause::Killed).await?;
            Made::Yes
        };
        troupe.enter(part)?;
        Ok(made)
    }

    pub(super) async fn roll(&self) -> Result<Made> {
        for slot in (0..SERVERS).filter(|&slot| slot != SLEEPER) {
            let part = Part::Server(slot);
            let Some((mut actor, told_us)) = self.tell_to_stop(part).await? else {
                return Ok(Made::No("a server was not up in time".to_owned()));
            };
            self.see_off(&mut actor).await?;
            let mut troupe = self.troupe.lock().await;
            troupe.left(&actor, told_us)?;
            troupe.enter(part)?;
        }
        Ok(Made::Yes)
    }

    /// Tells a server to stop, once it performs; `None` when it takes too long to.
    async fn tell_to_stop(&self, part: Part) -> Result<Option<(Actor, u64)>> {
        if !self.until(UP_MAX, |troupe| troupe.is_up(part)).await? {
            return Ok(None);
        }
        let actor = self.troupe.lock().await.take(part)?;
        actor.process.terminate()?;
        Ok(Some((actor, now_us())))
    }

    /// Suspends a server past its lease: now and then at any moment, else at one that does not hold up everybody.
    pub(super) async fn suspend(&self, span: Duration, dice: u64) -> Result<Made> {
        let part = Part::Server(SLEEPER);
        let has_jobs = |troupe: &Troupe| {
            let no = troupe.get(part).map(|actor| actor.no);
            no.is_some_and(|no| troupe.is_up(part) && !troupe.account.book(no).open.is_empty())
        };
        if !self.until(BUSY_MAX, has_jobs).await? {
            return Ok(Made::No("the server had no job in hand".to_owned()));
        }
        let (any_moment, mut moment) = (dice.is_multiple_of(IN_COMMIT_EVERY), 1);
        let (from_us, no) = loop {
            let (from_us, no) = self.stop_sleeper().await?;
            if self.is_redis || any_moment || moment == MOMENTS || self.others_go_on().await? {
                break (from_us, no);
            }
            self.wake_sleeper(from_us, no).await?;
            moment += 1;
            sleep(OTHERS_GO_ON).await;
        };
        sleep(span).await;
        self.wake_sleeper(from_us, no).await?;
        Ok(Made::Yes)
    }

    /// Suspends the server that is there for it; answers when, and which process it is.
    async fn stop_sleeper(&self) -> Result<(u64, u32)> {
        let troupe = self.troupe.lock().await;
        let actor = troupe.get(Part::Server(SLEEPER)).context("nobody is there to suspend")?;
        actor.process.suspend()?;
        Ok((now_us(), actor.no))
    }

    async fn wake_sleeper(&self, from_us: u64, no: u32) -> Result<()> {
        let mut troupe = self.troupe.lock().await;
        // A power cut may have ended it meanwhile.
        if let Some(actor) = troupe.get(Part::Server(SLEEPER)).filter(|actor| actor.no == no) {
            actor.process.resume()?;
        }
        let until_us = now_us();
        troupe.fates.was_suspended(no, from_us, until_us);
        if !self.is_redis {
            // It may have had the file's lock all the while.
            troupe.fates.store_was_away(from_us, until_us);
        }
        Ok(())
    }

    /// Whether anything is performed while one server is suspended: one that is in the middle of a commit keeps the
    /// file's lock, and then nobody goes on.
    async fn others_go_on(&self) -> Result<bool> {
        sleep(OTHERS_GO_ON / 2).await;
        let before = self.performed().await?;
        sleep(OTHERS_GO_ON / 2).await;
        Ok(self.performed().await? > before)
    }

    async fn performed(&self) -> Result<u64> {
        let mut troupe = self.troupe.lock().await;
        troupe.look().await?;
        Ok(troupe.account.performed)
    }
}
