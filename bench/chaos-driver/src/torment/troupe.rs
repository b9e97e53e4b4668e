//! The processes of a torment, and the account of what they did.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use driven::Process;
use tokio::process::Command;

use super::account::Account;
use super::fates::{Cause, Fates};
use super::job::TormentJob;
use super::mains::Mains;
use super::outsider::Act;
use super::pusher::{GO, HOLD};
use crate::ledger::now_us;

/// Servers: the last of them is for suspensions alone, and the others are for everything else.
pub(super) const SERVERS: usize = 4;
pub(super) const SLEEPER: usize = SERVERS - 1;

/// Pushers, which share the rate.
pub(super) const PUSHERS: usize = 2;

/// Jobs that wait to be performed, from which on pushers are held back, and below which they go on: the run must come
/// to its end soon after its faults do.
const BACKLOG_MAX: u64 = 10_000;
const BACKLOG_LOW: u64 = 5_000;

/// How long a process has to come to its end: longer than a server gives its running jobs and a pusher its push.
pub(super) const LEAVE_MAX: Duration = Duration::from_secs(75);

/// A process, and the number under which it is in the account.
#[derive(Debug)]
pub(super) struct Actor {
    pub(super) no: u32,
    pub(super) process: Process,
}

/// What all processes are started with.
#[derive(Debug)]
pub(super) struct Base {
    pub(super) url: String,
    pub(super) seed: u64,
    /// Jobs a second, of all pushers together.
    pub(super) rate: u32,
    /// Where ledgers and logs are, apart from the store's own files.
    pub(super) files: PathBuf,
}

/// All processes that run.
#[derive(Debug)]
pub(super) struct Troupe {
    base: Base,
    pub(super) mains: Mains,
    servers: Vec<Option<Actor>>,
    pushers: Vec<Option<Actor>>,
    held: bool,
    /// What the pushers were told last; `None` while one of them has been told nothing.
    told: Option<bool>,
    pub(super) account: Account,
    pub(super) fates: Fates,
}

/// Which process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Server(usize),
    Pusher(usize),
}

impl Troupe {
    pub(super) fn start(base: Base, mains: Mains) -> Result<Self> {
        let (account, fates) = (Account::new(base.seed), Fates::default());
        let (servers, pushers) = (Vec::new(), Vec::new());
        let mut troupe = Troupe { base, mains, servers, pushers, held: false, told: Some(false), account, fates };
        troupe.servers.resize_with(SERVERS, || None);
        troupe.pushers.resize_with(PUSHERS, || None);
        troupe.enter_all()?;
        Ok(troupe)
    }

    /// Starts a process for every part.
    pub(super) fn enter_all(&mut self) -> Result<()> {
        (0..SERVERS).try_for_each(|slot| self.enter(Part::Server(slot)))?;
        (0..PUSHERS).try_for_each(|slot| self.enter(Part::Pusher(slot)))
    }

    /// Kills everybody, as a power cut does.
    pub(super) async fn kill_all(&mut self) -> Result<()> {
        let all: Vec<Actor> = self.servers.iter_mut().chain(&mut self.pushers).filter_map(Option::take).collect();
        for actor in all {
            self.kill(actor, Cause::PowerCut).await?;
        }
        Ok(())
    }

    fn slot(&mut self, part: Part) -> &mut Option<Actor> {
        match part {
            Part::Server(slot) => &mut self.servers[slot],
            Part::Pusher(slot) => &mut self.pushers[slot],
        }
    }

    /// Starts a process for a part that nobody has.
    pub(super) fn enter(&mut self, part: Part) -> Result<()> {
        let actor = match part {
            Part::Server(_) => self.spawn("torment-server", "server", &[])?,
            Part::Pusher(_) => {
                self.told = None;
                let rate = (self.base.rate / PUSHERS as u32).max(1).to_string();
                self.spawn("torment-pusher", "pusher", &["--rate".into(), rate])?
            }
        };
        *self.slot(part) = Some(actor);
        Ok(())
    }

    /// Starts a program that works on the SQLite file by itself.
    pub(super) fn outsider(&mut self, act: Act, file: &std::path::Path, copy: &std::path::Path) -> Result<Actor> {
        let act = match act {
            Act::Lock => "lock",
            Act::Transaction => "transaction",
            Act::Read => "read",
            Act::Backup => "backup",
        };
        let (file, copy) = (file.display().to_string(), copy.display().to_string());
        self.spawn("outsider", "outsider", &["--act".into(), act.into(), "--file".into(), file, "--copy".into(), copy])
    }

    fn spawn(&mut self, role: &str, word: &str, arguments: &[String]) -> Result<Actor> {
        let (seed, url) = (self.base.seed.to_string(), &self.base.url);
        let no = self.account.next_actor();
        let name = format!("{word}-{no}");
        let ledger = self.base.files.join(format!("{name}.ledger"));
        let mut command = Command::new(std::env::current_exe().context("failed to find this program")?);
        command.arg(role).args(["--url", url, "--name", &name]).arg("--ledger").arg(&ledger);
        if role != "outsider" {
            command.args(["--actor", &no.to_string(), "--seed", &seed]);
        }
        command.args(arguments).envs(self.mains.environment()?);
        self.account.add(&ledger)?;
        Ok(Actor { no, process: Process::start(&name, command, &self.base.files)? })
    }

    /// Takes a process out of its part, so that nobody else does anything to it.
    pub(super) fn take(&mut self, part: Part) -> Result<Actor> {
        self.slot(part).take().with_context(|| format!("nobody has the part {part:?}"))
    }

    pub(super) fn get(&self, part: Part) -> Option<&Actor> {
        match part {
            Part::Server(slot) => self.servers[slot].as_ref(),
            Part::Pusher(slot) => self.pushers[slot].as_ref(),
        }
    }

    /// Whether the process of a part does what it is there for.
    pub(super) fn is_up(&self, part: Part) -> bool {
        self.get(part).is_some_and(|actor| self.account.book(actor.no).is_up)
    }

    /// For how long the jobs that a process has in hand will last, by what they are.
    pub(super) fn lasts_for(&self, no: u32) -> Duration {
        let now_us = now_us();
        let open = self.account.book(no).open.iter();
        let left_ms = open.map(|(&number, &began_us)| {
            let lasts_ms = TormentJob::new(self.base.seed, number, false).lasts_ms;
            lasts_ms.saturating_sub(now_us.saturating_sub(began_us) / 1_000)
        });
        Duration::from_millis(left_ms.max().unwrap_or(0))
    }

    /// Kills a process, and reads what it wrote to the end.
    pub(super) async fn kill(&mut self, actor: Actor, cause: Cause) -> Result<()> {
        let at_us = now_us();
        actor.process.kill().await?;
        self.fates.was_killed(actor.no, at_us, cause);
        self.account.close(actor.no, Some(at_us))
    }

    /// A process that was told to stop is gone.
    pub(super) fn left(&mut self, actor: &Actor, told_us: u64) -> Result<()> {
        self.fates.was_stopped(actor.no, told_us, now_us());
        self.account.close(actor.no, None)
    }

    /// Reads on, checks that nobody has ended who should not, and holds pushers back when too much waits.
    pub(super) async fn look(&mut self) -> Result<()> {
        self.account.read_on()?;
        for actor in self.servers.iter_mut().chain(&mut self.pushers).flatten() {
            actor.process.check_running()?;
        }
        let backlog = self.backlog();
        self.held = if self.held { backlog > BACKLOG_LOW } else { backlog > BACKLOG_MAX };
        if self.told != Some(self.held) {
            if self.told.is_some() {
                eprintln!("{backlog} jobs wait: pushers {}", if self.held { "are held back" } else { "go on" });
            }
            self.told = Some(self.held);
            for actor in self.pushers.iter_mut().flatten() {
                actor.process.tell(if self.held { HOLD } else { GO }).await?;
            }
        }
        Ok(())
    }

    /// Jobs that wait to be performed, by the ledgers.
    pub(super) fn backlog(&self) -> u64 {
        self.account.pushed.saturating_sub(self.account.performed)
    }

    /// Tells pushers, or servers, to come to their end; answers them.
    pub(super) fn dismiss(&mut self, servers: bool) -> Result<Vec<Actor>> {
        let parts = if servers { &mut self.servers } else { &mut self.pushers };
        let mut leaving: Vec<Actor> = parts.iter_mut().filter_map(Option::take).collect();
        for actor in &mut leaving {
            if servers { actor.process.terminate()? } else { actor.process.end_input() }
        }
        ensure!(!leaving.is_empty(), "nobody is there any more");
        Ok(leaving)
    }

    /// Says how far it is.
    pub(super) fn say(&self) {
        let Account { pushed, performed, .. } = &self.account;
        eprintln!("pushed {pushed}, performed {performed}");
    }
}
