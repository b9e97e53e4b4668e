//! A run: cycles that each end with a cut, and a last one that ends when all is performed.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result};
use driven::Process;
use power::{Fuse, Restored, Supply};
use sancho::{Client, Jid};
use tempfile::TempDir;
use tokio::process::Command;
use tokio::time::{Instant, sleep};

use crate::ledger::Account;
use crate::options::Options;
use crate::roles::connect;
use crate::store::Store;
use crate::verdict::{Counts, Verdict};

/// Server and pusher processes of each cycle.
const SERVERS: usize = 2;
const PUSHERS: usize = 2;

/// Jobs that a pusher has for one cycle, and for the last one.
const JOBS: u64 = 600;
const LAST_JOBS: u64 = 20;

/// A fuse burns for two to the power of so many changes at most: most cuts come early, while files are opened,
/// recovered and made, and the rest in the middle of work.
const FUSE_BITS: u64 = 11;

/// A cycle whose fuse has not burned down by then is cut by the clock.
const CYCLE_MAX: Duration = Duration::from_secs(4);

/// How often the driver looks.
const LOOK_EVERY: Duration = Duration::from_millis(2);

/// What the last jobs may take: leases of the dead end first.
const SETTLE_MAX: Duration = Duration::from_secs(120);

/// A run that has begun.
pub(crate) struct Run {
    seed: u64,
    files: TempDir,
    store: Store,
    verdict: Verdict,
}

impl Run {
    pub(crate) async fn begin(options: &Options) -> Result<Self> {
        let files = tempfile::Builder::new().prefix("power-cut.").tempdir_in(&options.scratch)?;
        let directory = files.path().join("watched");
        std::fs::create_dir(&directory)?;
        let store = Store::make(options.store, options.durability, &directory, files.path()).await?;
        Ok(Run { seed: options.seed, files, store, verdict: Verdict::new(options) })
    }

    /// Cuts so often, lets everything be performed, and answers what it comes to.
    pub(crate) async fn play(&mut self, cuts: u64) -> Result<()> {
        for cut in 0..cuts {
            let said = self.cycle(cut).await.with_context(|| format!("in cycle {cut}"))?;
            eprintln!("cut {}: {said}", cut + 1);
        }
        self.settle().await
    }

    /// One cycle: starts everything, cuts, and leaves what a disk would.
    async fn cycle(&mut self, cut: u64) -> Result<String> {
        let supply = Supply::on(&self.directory(), &self.files.path().join("cycle"))?;
        let dice = roll(self.seed, cut);
        let bits = dice % (FUSE_BITS + 1);
        let fuse = 1 + (dice >> 8) % (1 << bits);
        supply.set_fuse(Fuse::After(fuse))?;
        let mut processes = Vec::from_iter(self.store.start(Some(&supply)).await?);
        processes.extend(self.start(JOBS, Some(&supply))?);
        let deadline = Instant::now() + CYCLE_MAX;
        while !supply.is_off()? && Instant::now() < deadline {
            for process in &mut processes {
                // A cut in between is no excuse for an end: whoever hangs on the supply waits for its own.
                process.has_ended()?;
            }
            sleep(LOOK_EVERY).await;
        }
        let by_clock = !supply.is_off()?;
        supply.cut()?;
        // The store's own server last: those who ask it would see it vanish, and say so.
        for process in processes.into_iter().rev() {
            process.kill().await?;
        }
        let restored = supply.restore(roll(self.seed, u64::MAX - cut), self.store.survival())?;
        let Restored { changes, unsynced_files, unsynced_names, strays } = restored;
        self.verdict.cut(changes);
        if !by_clock && !strays.is_empty() {
            self.verdict.complain(format!("cut {}: the journal does not explain {strays:?}", cut + 1));
        }
        if let Some(said) = self.store.check()? {
            self.verdict.file_is_broken(format!("cut {}: {said}", cut + 1));
        }
        let when = if by_clock { "by the clock, " } else { "" };
        Ok(format!("{when}after {changes} changes, {unsynced_files} files and {unsynced_names} names not synced"))
    }

    /// Starts servers, and pushers with so many jobs each.
    fn start(&self, jobs: u64, supply: Option<&Supply>) -> Result<Vec<Process>> {
        let program = std::env::current_exe().context("failed to find this program")?;
        let role = |role: &str| {
            let mut command = Command::new(&program);
            command.arg(role).arg(self.store.url()).arg(self.ledger());
            if let Some(supply) = supply {
                command.envs(supply.environment()?);
            }
            anyhow::Ok(command)
        };
        let mut processes = Vec::new();
        for server in 0..SERVERS {
            processes.push(Process::start(&format!("server-{server}"), role("server")?, self.files.path())?);
        }
        for pusher in 0..PUSHERS {
            let mut command = role("pusher")?;
            command.arg(jobs.to_string());
            processes.push(Process::start(&format!("pusher-{pusher}"), command, self.files.path())?);
        }
        Ok(processes)
    }

    /// The last cycle: nobody cuts it.
    async fn settle(&mut self) -> Result<()> {
        let mut store = Vec::from_iter(self.store.start(None).await?);
        let mut processes = self.start(LAST_JOBS, None)?;
        let client = connect(&self.store.url()).await?;
        let deadline = Instant::now() + SETTLE_MAX;
        loop {
            for process in processes.iter_mut().chain(&mut store) {
                process.has_ended().context("in the last cycle")?;
            }
            if waiting(&client).await? == 0 || Instant::now() > deadline {
                break;
            }
            sleep(100 * LOOK_EVERY).await;
        }
        for process in processes.into_iter().rev() {
            process.stop().await?;
        }
        let account = Account::read(&self.ledger())?;
        let mut lost = Vec::new();
        for jid in account.not_performed() {
            if client.inspect().find(&Jid::new(jid)?).await?.is_none() {
                lost.push(jid.to_owned());
            }
        }
        let waiting = waiting(&client).await?;
        self.verdict.count(Counts {
            pushed: account.pushed(),
            performed: account.performed(),
            lost,
            twice: account.twice(),
            again: account.again(),
            waiting,
        });
        for process in store {
            process.kill().await?;
        }
        Ok(())
    }

    pub(crate) fn verdict(&self) -> &Verdict {
        &self.verdict
    }

    /// Ends the run: the files stay if it went wrong.
    pub(crate) fn end(self, good: bool) {
        if !good {
            eprintln!("ledger, logs and files of the run: {}", self.files.keep().display());
        }
    }

    fn directory(&self) -> PathBuf {
        self.files.path().join("watched")
    }

    fn ledger(&self) -> PathBuf {
        self.files.path().join("ledger")
    }
}

/// Jobs in the store that should still be performed.
async fn waiting(client: &Client) -> Result<u64> {
    let stats = client.inspect().stats(client.clock().now()).await.context("failed to look at the store")?;
    Ok(stats.enqueued + stats.busy + stats.scheduled + stats.retries + stats.held)
}

/// A number that looks random, the same for the same seed and place: SplitMix64's finalizer (Steele, Lea, Flood, 2014).
fn roll(seed: u64, place: u64) -> u64 {
    let mut mixed = seed.wrapping_add(place.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}
