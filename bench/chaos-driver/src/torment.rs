//! A torment: processes push and perform all the time, while faults of every kind befall them and the store.
//!
//! `schedule` draws the faults from a seed, `act` makes them, `troupe` has the processes, `house` the store and `ground`
//! the directory of its files, which hang on the power of `mains`. What is believed in the end is what processes wrote into ledgers of their own, which
//! outlive them and know nothing of the store: `account` reads them, `fates` remembers what befell whom, and `verdict`
//! compares.

mod account;
mod act;
mod book;
mod fates;
mod ground;
mod house;
mod job;
mod mains;
mod number;
mod outsider;
mod pusher;
mod recovery;
mod roles;
mod schedule;
mod scribe;
mod server;
mod troupe;
mod verdict;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use sancho::Client;
use sancho::core::limits;
use tempfile::TempDir;
use tokio::sync::{Mutex, RwLock};
use tokio::task::{JoinSet, block_in_place};
use tokio::time::{Instant, sleep, sleep_until};

use crate::server::connect;
use act::After;
use ground::Ground;
use house::House;
use mains::Mains;
use schedule::{Kind, Lane, Plan};
use troupe::{Base, Troupe};
use verdict::Found;

pub(crate) use roles::{TormentRole, play as play_role};

/// How long the processes have to begin.
const BEGIN_MAX: Duration = Duration::from_secs(60);

/// How often the driver looks, and says what it sees.
const LOOK_EVERY: Duration = Duration::from_millis(100);
const SAY_EVERY: Duration = Duration::from_secs(10);

/// How often a fault is tried that did not come about.
const TRIES: u32 = 3;

/// How much longer than asked the faults may take, on a machine that has something else to do: so many times, and so
/// many seconds.
const OVERTIME_TIMES: u32 = 3;
const OVERTIME: Duration = Duration::from_secs(180);

/// What jobs may take beside two leases, once all faults are over: so long, and a second for so many jobs. Jobs that
/// were orphaned twice wait for their turn alone.
const DRAIN_MAX: Duration = Duration::from_secs(120);
const DRAIN_JOBS_PER_SECOND: u64 = 100;

/// How long a store that looks empty is looked at again: it is looked at part by part, while jobs move.
const EMPTY_FOR: Duration = Duration::from_millis(500);

/// What was asked for.
#[derive(Debug)]
pub(crate) struct Ask {
    pub(crate) store: String,
    pub(crate) scratch: PathBuf,
    pub(crate) total: Duration,
    pub(crate) seed: u64,
    /// Names of faults; empty for all of the store's.
    pub(crate) faults: Vec<String>,
    pub(crate) rate: u32,
    /// Whether this program runs where it may mount what nobody else sees.
    pub(crate) has_mounts: bool,
}

/// The argument with which this program starts itself again where it may mount.
pub(crate) const MOUNTS_ARGUMENT: &str = "--private-mounts";

/// Everything that a fault may touch.
struct Torment {
    // Processes go before the store under them, and the store before its ground.
    troupe: Mutex<Troupe>,
    house: Mutex<House>,
    ground: Ground,
    /// Held for reading by whoever has processes of its own in hand, and for writing by a power cut, which ends all.
    peace: RwLock<()>,
    is_redis: bool,
}

/// Faults that are not made, by the reason.
type NotRun = BTreeMap<String, Vec<Kind>>;

/// What came of the faults.
#[derive(Debug, Default)]
struct Tally {
    made: BTreeMap<Kind, u64>,
    missed: Vec<String>,
}

/// Runs it; answers whether everything held. Whatever was started is gone then, also when it is told to stop.
pub(crate) async fn run(ask: Ask, told_to_stop: impl Future<Output = ()>) -> Result<bool> {
    ensure!(
        ["redis", "sqlite"].contains(&ask.store.as_str()),
        "a torment has a store of its own: --store redis or sqlite"
    );
    let is_redis = ask.store == "redis";
    let (kinds, not_run) = kinds(&ask, is_redis)?;
    let plans = Lane::ALL.map(|lane| schedule::draw(ask.seed, ask.total, &kinds, lane));
    let files = tempfile::Builder::new().prefix("torment.").tempdir_in(&ask.scratch)?;
    let ground = files.path().join("store");
    let ground = if kinds.contains(&Kind::DiskFull) { Ground::mounted(ground)? } else { Ground::plain(ground)? };
    let mut house = block_in_place(|| House::open(&ask.store, &ground, files.path()))?;
    let url = house.url();
    // A file's tables are made once, before many open it.
    drop(connect(&url).await?);
    let mains = if kinds.contains(&Kind::PowerCut) {
        block_in_place(|| {
            // What the store made of its directory at its first start is on the disk for good.
            house.close()?;
            let mains = Mains::on(ground.store(), files.path())?;
            house.begin(&mains.environment()?)?;
            Ok::<_, anyhow::Error>(mains)
        })?
    } else {
        Mains::default()
    };
    let base = Base { url, seed: ask.seed, rate: ask.rate, files: files.path().to_owned() };
    let troupe = Mutex::new(Troupe::start(base, mains)?);
    let torment = Arc::new(Torment { troupe, house: Mutex::new(house), ground, peace: RwLock::default(), is_redis });
    let mut lanes = JoinSet::new();
    let played = tokio::select! {
        played = play(&torment, &mut lanes, plans, ask.total) => played,
        () = told_to_stop => Err(anyhow::anyhow!("told to stop: everything that was started is killed")),
    };
    lanes.shutdown().await;
    let judged = match played {
        Ok(tally) => judge(&torment, &ask, tally, (&kinds, not_run)).await,
        Err(error) => Err(error),
    };
    strike(torment, files, matches!(judged, Ok(true)));
    judged
}

/// The faults that can be made, and those that were asked for and cannot.
fn kinds(ask: &Ask, is_redis: bool) -> Result<(Vec<Kind>, NotRun)> {
    let asked = ask.faults.iter().map(|name| name.parse()).collect::<Result<Vec<Kind>>>()?;
    if let Some(kind) = asked.iter().find(|kind| !kind.is_for(is_redis)) {
        bail!("{kind} is no fault of {}", ask.store);
    }
    let wanted = |kind: &Kind| kind.is_for(is_redis) && (asked.is_empty() || asked.contains(kind));
    let mut kinds: Vec<Kind> = Kind::ALL.into_iter().filter(wanted).collect();
    let mut not_run = NotRun::new();
    if kinds.contains(&Kind::DiskFull) && !ask.has_mounts {
        let reason = ground::start_again_with_mounts(MOUNTS_ARGUMENT);
        eprintln!("chaos: the disk cannot be filled: {reason}");
        kinds.retain(|kind| *kind != Kind::DiskFull);
        not_run.insert(reason, vec![Kind::DiskFull]);
    }
    Ok((kinds, not_run))
}

/// Makes all faults, and waits until everything that was pushed is settled and everybody has left.
async fn play(
    torment: &Arc<Torment>,
    lanes: &mut JoinSet<Result<Tally>>,
    plans: [Vec<Plan>; 3],
    total: Duration,
) -> Result<Tally> {
    torment.begin().await?;
    let began = Instant::now();
    for plans in plans {
        let torment = Arc::clone(torment);
        lanes.spawn(async move { torment.walk(&plans, began).await });
    }
    let deadline = began + total * OVERTIME_TIMES + OVERTIME;
    let (mut tally, mut said) = (Tally::default(), Instant::now());
    while !lanes.is_empty() || began.elapsed() < total {
        while let Some(walked) = lanes.try_join_next() {
            let Tally { made, missed } = walked.context("a lane of faults panicked")??;
            tally.made.extend(made);
            tally.missed.extend(missed);
        }
        {
            let mut troupe = torment.troupe.lock().await;
            troupe.look().await?;
            if said.elapsed() > SAY_EVERY {
                troupe.say();
                said = Instant::now();
            }
        }
        ensure!(Instant::now() < deadline, "the faults took far longer than {total:?}");
        sleep(LOOK_EVERY).await;
    }
    let has_mains = torment.troupe.lock().await.mains.is_on();
    if has_mains {
        // What hangs on the supply is nobody else's to look at: one more cut ends it.
        torment.cut_power(total.as_secs(), After::Off).await?;
        *tally.made.entry(Kind::PowerCut).or_default() += 1;
    }
    torment.drain().await?;
    Ok(tally)
}

impl Torment {
    /// Waits until every process does what it is there for.
    async fn begin(&self) -> Result<()> {
        let deadline = Instant::now() + BEGIN_MAX;
        loop {
            let mut troupe = self.troupe.lock().await;
            troupe.look().await?;
            if troupe.account.books().iter().all(|book| book.is_up) && troupe.account.performed > 0 {
                return Ok(());
            }
            drop(troupe);
            ensure!(Instant::now() < deadline, "the processes did not begin within {BEGIN_MAX:?}");
            sleep(LOOK_EVERY).await;
        }
    }

    /// Makes the faults of one lane, none before its time.
    async fn walk(&self, plans: &[Plan], began: Instant) -> Result<Tally> {
        let mut tally = Tally::default();
        for plan in plans {
            sleep_until(began + plan.at).await;
            let Plan { kind, span, .. } = plan;
            let mut reason = String::new();
            for _ in 0..TRIES {
                eprintln!("{:6.1} s {kind} {:.1} s", began.elapsed().as_secs_f64(), span.as_secs_f64());
                match self.make(plan).await.with_context(|| format!("failed to make the fault {kind}"))? {
                    house::Made::Yes => {
                        *tally.made.entry(*kind).or_default() += 1;
                        reason.clear();
                        break;
                    }
                    house::Made::No(why) => reason = why,
                }
                eprintln!("{kind} did not come about: {reason}");
            }
            if !reason.is_empty() {
                tally.missed.push(format!("{kind} could not be made: {reason}"));
            }
        }
        Ok(tally)
    }

    /// Stops the pushers, waits until the store is empty or time is up, and stops the servers.
    async fn drain(&self) -> Result<()> {
        eprintln!("the faults are over; waiting until everything is settled");
        self.leave(false).await?;
        let url = self.house.lock().await.url();
        let client = connect(&url).await?;
        let waiting = self.troupe.lock().await.backlog();
        let patience = DRAIN_MAX + 2 * limits::LEASE + Duration::from_secs(waiting / DRAIN_JOBS_PER_SECOND);
        let deadline = Instant::now() + patience;
        let (mut empty_since, mut said) = (None, Instant::now());
        loop {
            let mut troupe = self.troupe.lock().await;
            troupe.look().await?;
            let waiting = waiting_in(&client).await;
            if !matches!(waiting, Ok(0)) {
                empty_since = None;
            } else if empty_since.get_or_insert_with(Instant::now).elapsed() > EMPTY_FOR {
                break;
            }
            if said.elapsed() > SAY_EVERY {
                troupe.say();
                eprintln!("in the store: {waiting:?}");
                said = Instant::now();
            }
            drop(troupe);
            if Instant::now() > deadline {
                // The verdict counts what is left.
                eprintln!("not everything was settled within {patience:?}");
                break;
            }
            sleep(LOOK_EVERY).await;
        }
        self.leave(true).await
    }

    /// Has the servers, or the pushers, come to their end.
    async fn leave(&self, servers: bool) -> Result<()> {
        let told_us = crate::ledger::now_us();
        let leaving = self.troupe.lock().await.dismiss(servers)?;
        for mut actor in leaving {
            self.see_off(&mut actor).await?;
            self.troupe.lock().await.left(&actor, told_us)?;
        }
        Ok(())
    }
}

async fn waiting_in(client: &Client) -> Result<u64> {
    let stats = client.inspect().stats(client.clock().now()).await?;
    Ok(Found::waiting(&stats))
}

async fn judge(torment: &Torment, ask: &Ask, tally: Tally, (kinds, mut not_run): (&[Kind], NotRun)) -> Result<bool> {
    let missing: Vec<Kind> = kinds.iter().copied().filter(|kind| !tally.made.contains_key(kind)).collect();
    if !missing.is_empty() {
        not_run.insert(format!("for lack of time in {} s", ask.total.as_secs()), missing);
    }
    let url = torment.house.lock().await.url();
    let client = connect(&url).await?;
    let complaints = torment.house.lock().await.complaints(&client).await?;
    let mut found = Found::look(&client, complaints).await?;
    found.complaints.extend(tally.missed);
    let troupe = torment.troupe.lock().await;
    let made = verdict::Made { store: ask.store.clone(), seed: ask.seed, took: ask.total, faults: tally.made, not_run };
    let (line, complaints) = verdict::judge(&troupe, &made, &found);
    for complaint in &complaints {
        println!("{complaint}");
    }
    println!("{line}");
    Ok(complaints.is_empty())
}

/// Ends everything; the files stay if something is wrong.
fn strike(torment: Arc<Torment>, files: TempDir, good: bool) {
    // The lanes are over, so nobody else has it.
    let torment = Arc::into_inner(torment);
    if !good {
        if let Some(Torment { ground, .. }) = &torment
            && let Err(error) = ground.rescue(&files.path().join("store-at-the-end"))
        {
            eprintln!("{error:#}");
        }
        drop(torment);
        let kept = files.keep();
        let kept = kept.canonicalize().unwrap_or(kept);
        eprintln!("logs, ledgers and files of the run: {}", kept.display());
    }
}
