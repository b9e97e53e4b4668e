//! How each fault is made: what befalls processes stands in `processes`, what befalls the store in `store`.

mod processes;
mod store;

use std::time::Duration;

use anyhow::{Result, bail};
use tokio::task::block_in_place;
use tokio::time::{Instant, sleep};

use super::Torment;
use super::house::Made;
use super::schedule::{Kind, Lane, Plan};
use super::troupe::{Actor, LEAVE_MAX, Part, SLEEPER, Troupe};
use crate::ledger::now_us;

/// How often something that has to come about is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(10);

/// How long a process may take until it does what it is there for, while the store suffers.
const UP_MAX: Duration = Duration::from_secs(120);

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
            Kind::Suspend => self.suspend(plan.span, plan.dice).await,
            Kind::DiskFull => self.fill_disk(plan.span).await,
            Kind::PowerCut => self.cut_power(plan.dice, After::OnAgain).await,
            Kind::KillInTransaction | Kind::Lock | Kind::LockLong | Kind::LongReader | Kind::Backup => {
                self.harm_sqlite(plan).await
            }
            _ => self.harm_redis(plan).await,
        }
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

    /// Waits until a process that was told to stop has ended.
    pub(super) async fn see_off(&self, actor: &mut Actor) -> Result<()> {
        let deadline = Instant::now() + LEAVE_MAX;
        while !actor.process.has_ended()? {
            if Instant::now() > deadline {
                bail!("{} did not come to its end within {:?}", actor.process.name(), LEAVE_MAX);
            }
            sleep(LOOK_EVERY).await;
        }
        Ok(())
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
