//! What befalls the store.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use tokio::task::block_in_place;
use tokio::time::{Instant, sleep};

use super::super::Torment;
use super::super::house::{House, Made, RedisHouse, SqliteHouse};
use super::super::outsider::Act;
use super::super::schedule::{Kind, Plan};
use super::super::troupe::Actor;
use super::{LOOK_EVERY, UP_MAX};
use crate::ledger::now_us;

/// How often the room that a store frees is taken again while the disk is to be full.
const FILL_EVERY: Duration = Duration::from_millis(50);

/// How long a store may take to end that cannot go on.
const LAST_MOMENT: Duration = Duration::from_millis(500);

impl Torment {
    pub(super) async fn fill_disk(&self, span: Duration) -> Result<Made> {
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
        // What met the brim in its last moment may just be on its way to its end.
        sleep(LAST_MOMENT).await;
        block_in_place(|| house.recover())?;
        self.was_away(from_us).await;
        Ok(Made::Yes)
    }

    pub(super) async fn harm_redis(&self, plan: &Plan) -> Result<Made> {
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

    pub(super) async fn harm_sqlite(&self, plan: &Plan) -> Result<Made> {
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
}
