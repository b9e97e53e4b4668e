//! How each fault is made.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use tokio::task::block_in_place;
use tokio::time::{Instant, sleep};

use super::Torment;
use super::fates::Cause;
use super::house::{House, Made, RedisHouse, SqliteHouse};
use super::outsider::Act;
use super::schedule::{Kind, Lane, Plan};
use super::troupe::{Actor, Part, SERVERS, SLEEPER, Troupe};
use crate::ledger::now_us;

/// How often something that has to come about is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(10);

/// How long a process may take until it does what it is there for, while the store suffers.
const UP_MAX: Duration = Duration::from_secs(120);

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

/// How often the room that a store frees is taken again while the disk is to be full.
const FILL_EVERY: Duration = Duration::from_millis(50);

/// Whether the power can be cut again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum After {
    OnAgain,
    /// Nothing is watched any more, and this program may look at the store itself.
    Off,
}

impl Torment {
    /// Makes one fault.
    pub(super) async fn make(&self, plan: &Plan) -> Result<Made> {
        // Who is on the way out, or works on the file by itself, is nobody's whom a power cut could kill.
        let _in_peace = if plan.kind.lane() == Lane::Processes { Some(self.peace.read().await) } else { None };
        // The server that is for suspensions alone takes no part in the others.
        let slot = (plan.dice % SLEEPER as u64) as usize;
        match plan.kind {
            Kind::Kill => self.kill(Part::Server(slot)).await,
            Kind::KillPusher => self.kill_pusher((plan.dice % super::troupe::PUSHERS as u64) as usize).await,
            Kind::KillInStop => self.kill_in_stop(slot, plan.span).await,
            Kind::Rolling => self.roll().await,
            Kind::Suspend => self.suspend(plan.span, plan.dice.is_multiple_of(IN_COMMIT_EVERY)).await,
            Kind::DiskFull => self.fill_disk(plan.span).await,
            Kind::PowerCut => self.cut_power(plan.dice, After::OnAgain).await,
            Kind::KillInTransaction | Kind::Lock | Kind::LockLong | Kind::LongReader | Kind::Backup => {
                self.harm_sqlite(plan).await
            }
            _ => self.harm_redis(plan).await,
        }
    }

    async fn kill(&self, part: Part) -> Result<Made> {
        let mut troupe = self.troupe.lock().await;
        let actor = troupe.take(part)?;
        troupe.kill(actor, Cause::Killed).await?;
        troupe.enter(part)?;
        Ok(Made::Yes)
    }

    async fn kill_pusher(&self, slot: usize) -> Result<Made> {
        let part = Part::Pusher(slot);
        let deadline = Instant::now() + BUSY_MAX;
        loop {
            {
                let mut troupe = self.troupe.lock().await;
                troupe.look().await?;
                let no = troupe.get(part).context("nobody pushes")?.no;
                if !troupe.account.book(no).unanswered.is_empty() {
                    let actor = troupe.take(part)?;
                    troupe.kill(actor, Cause::Killed).await?;
                    troupe.enter(part)?;
                    // What was under way may have been answered before the signal came.
                    if !troupe.account.book(no).unanswered.is_empty() {
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

    async fn kill_in_stop(&self, slot: usize, after: Duration) -> Result<Made> {
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

    async fn roll(&self) -> Result<Made> {
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

    /// Waits until a process that was told to stop has ended.
    pub(super) async fn see_off(&self, actor: &mut Actor) -> Result<()> {
        let deadline = Instant::now() + Troupe::LEAVE_MAX;
        while !actor.process.has_ended()? {
            if Instant::now() > deadline {
                bail!("{} did not come to its end within {:?}", actor.process.name(), Troupe::LEAVE_MAX);
            }
            sleep(LOOK_EVERY).await;
        }
        Ok(())
    }

    /// Suspends a server past its lease; `in_commit` at any moment, else at one that does not hold up everybody.
    async fn suspend(&self, span: Duration, in_commit: bool) -> Result<Made> {
        let part = Part::Server(SLEEPER);
        let has_jobs = |troupe: &Troupe| {
            let no = troupe.get(part).map(|actor| actor.no);
            no.is_some_and(|no| troupe.is_up(part) && !troupe.account.book(no).open.is_empty())
        };
        if !self.until(BUSY_MAX, has_jobs).await? {
            return Ok(Made::No("the server had no job in hand".to_owned()));
        }
        let mut moment = 1;
        let (from_us, no) = loop {
            let (from_us, no) = self.stop_sleeper().await?;
            if self.is_redis || in_commit || moment == MOMENTS || self.others_go_on().await? {
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

    /// Cuts the power: everybody is gone at once, and the disk has lost some of what was not synced. Everybody begins
    /// again on what is left.
    pub(super) async fn cut_power(&self, seed: u64, after: After) -> Result<Made> {
        let _nobody_acts = self.peace.write().await;
        let (mut house, mut troupe) = (self.house.lock().await, self.troupe.lock().await);
        let from_us = now_us();
        troupe.mains.cut()?;
        troupe.kill_all().await?;
        block_in_place(|| {
            house.end();
            troupe.mains.restore(seed, house.survival())?;
            if after == After::OnAgain {
                troupe.mains.on_again(self.ground.store())?;
            }
            house.begin(&troupe.mains.environment()?)
        })?;
        troupe.enter_all()?;
        let until_us = now_us();
        troupe.fates.store_was_away(from_us, until_us);
        troupe.account.recovery.was_away(from_us, until_us);
        Ok(Made::Yes)
    }

    async fn fill_disk(&self, span: Duration) -> Result<Made> {
        let ground = &self.ground;
        let from_us = now_us();
        let until = Instant::now() + span;
        while Instant::now() < until {
            block_in_place(|| ground.fill())?;
            sleep(FILL_EVERY).await;
        }
        let mut house = self.house.lock().await;
        block_in_place(|| {
            ground.free()?;
            house.recover()
        })?;
        self.was_away(from_us).await;
        Ok(Made::Yes)
    }

    async fn harm_redis(&self, plan: &Plan) -> Result<Made> {
        let mut house = self.house.lock().await;
        let House::Redis(house) = &mut *house else { bail!("{} is a fault of Redis", plan.kind) };
        let from_us = now_us();
        let made = self.harm(house, plan).await?;
        self.was_away(from_us).await;
        Ok(made)
    }

    async fn harm(&self, house: &mut RedisHouse, plan: &Plan) -> Result<Made> {
        match plan.kind {
            Kind::RedisKill => {
                block_in_place(|| house.kill());
                sleep(plan.span).await;
                block_in_place(|| house.start_again());
            }
            Kind::RedisPause | Kind::RedisPauseLong => {
                house.freeze();
                sleep(plan.span).await;
                house.thaw();
            }
            Kind::RedisMemory => {
                block_in_place(|| house.limit_memory("1mb"))?;
                sleep(plan.span).await;
                block_in_place(|| house.limit_memory("0"))?;
            }
            Kind::Failover => return block_in_place(|| house.fail_over()),
            Kind::Cut => return block_in_place(|| house.cut(plan.span.as_millis() as u64, plan.dice)),
            Kind::ClientKill => return block_in_place(|| house.kill_clients()),
            Kind::ScriptFlush => block_in_place(|| house.flush_scripts())?,
            other => bail!("{other} is no fault of Redis"),
        }
        Ok(Made::Yes)
    }

    async fn harm_sqlite(&self, plan: &Plan) -> Result<Made> {
        let house = self.house.lock().await;
        let House::Sqlite(house) = &*house else { bail!("{} is a fault of SQLite", plan.kind) };
        let from_us = now_us();
        match plan.kind {
            Kind::KillInTransaction => {
                let actor = self.outsider(house, Act::Transaction).await?;
                actor.process.kill().await?;
            }
            Kind::Lock | Kind::LockLong => self.hold(house, Act::Lock, plan.span).await?,
            Kind::LongReader => self.hold(house, Act::Read, plan.span).await?,
            Kind::Backup => {
                std::fs::create_dir(house.copies()).context("failed to make a directory for the copy")?;
                let mut actor = self.outsider(house, Act::Backup).await?;
                self.see_off(&mut actor).await?;
                std::fs::remove_dir_all(house.copies()).context("failed to remove the copy")?;
            }
            other => bail!("{other} is no fault of SQLite"),
        }
        self.was_away(from_us).await;
        Ok(Made::Yes)
    }

    async fn hold(&self, house: &SqliteHouse, act: Act, span: Duration) -> Result<()> {
        let mut actor = self.outsider(house, act).await?;
        sleep(span).await;
        actor.process.end_input();
        self.see_off(&mut actor).await
    }

    /// Another program that has what it came for.
    async fn outsider(&self, house: &SqliteHouse, act: Act) -> Result<Actor> {
        let mut actor = self.troupe.lock().await.outsider(act, house.file(), &house.copies().join("copy.db"))?;
        let no = actor.no;
        let deadline = Instant::now() + UP_MAX;
        loop {
            // Asked before the ledger is read: one that has done its work says so before it ends.
            let has_ended = actor.process.has_ended()?;
            let mut troupe = self.troupe.lock().await;
            troupe.look().await?;
            if troupe.account.book(no).is_up {
                return Ok(actor);
            }
            drop(troupe);
            if has_ended || Instant::now() > deadline {
                bail!("{} did not do what it was started for", actor.process.name());
            }
            sleep(LOOK_EVERY).await;
        }
    }

    /// A fault of the store is over.
    async fn was_away(&self, from_us: u64) {
        let mut troupe = self.troupe.lock().await;
        let until_us = now_us();
        troupe.fates.store_was_away(from_us, until_us);
        troupe.account.recovery.was_away(from_us, until_us);
    }

    /// Waits until something is so; `false` when it does not come about in time.
    async fn until(&self, bound: Duration, is_so: impl Fn(&Troupe) -> bool) -> Result<bool> {
        let deadline = Instant::now() + bound;
        loop {
            {
                let mut troupe = self.troupe.lock().await;
                troupe.look().await?;
                if is_so(&troupe) {
                    return Ok(true);
                }
            }
            if Instant::now() > deadline {
                return Ok(false);
            }
            sleep(LOOK_EVERY).await;
        }
    }
}
